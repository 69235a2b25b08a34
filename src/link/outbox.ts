/**
 * What goes out in one session, and waits: first for its turn, then to be confirmed.
 *
 * Decides the backpressure of the way out: while the window is full, `send` waits in line, and whoever waits too long is
 * refused. What a probe is, and how text reaches the wire, is its owner's part; how long one is waited for is decided in
 * `pulse.ts`. A session is confirmed in one of two ways: `answered` says that a probe came back, which confirms all before it;
 * `acknowledged` brings a count (XEP-0198). A session that can be resumed keeps what is not confirmed: `suspend` and `resend`
 * carry it over to the next stream.
 */
import { RestanzaError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { Counting, repeatsFor } from './counting.ts';
import type { Until } from './link.ts';
import { Pulse } from './pulse.ts';
import { Window, type WindowLimits } from './window.ts';

/** What the outbox asks of its owner. */
export interface OutboxEvents {
  /** Puts text on the stream. */
  write(text: string): void;
  /** Sends a probe: a new one, or the same `again`. Its return is told by `answered` or `acknowledged`. */
  probe(again: boolean): void;
  /** No probe came back for `PROBE_WAIT`. */
  dead(): void;
}

/** Bounds of an outbox. */
export interface OutboxLimits {
  readonly window: WindowLimits;
  /** What may stand in line while the window is full. */
  readonly line: { readonly stanzas: number; readonly bytes: number };
}

const MIB = 1024 * 1024;

/** Prosody handles these 1,024 stanzas in a tenth of a second; a probe per 64 costs it next to nothing. */
export const OUTBOX_LIMITS: OutboxLimits = {
  window: { stanzas: 1_024, bytes: 4 * MIB, probeEvery: 64 },
  line: { stanzas: 8_192, bytes: 16 * MIB },
};

/** Milliseconds that a stanza may stand in line. */
const LINE_WAIT = 10_000;
/** Seconds after which a refused stanza may be tried again. */
const CONGESTED_RETRY = 10;

interface Sending {
  readonly text: string;
  readonly bytes: number;
  readonly until: Until;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (reason: RestanzaError) => void;
}

/** A stanza that went out and whose sender waits for the confirmation, or that is kept until it is confirmed. */
interface Unconfirmed {
  readonly position: number;
  readonly sending: Sending;
}

/** The outgoing half of one session. */
export class Outbox {
  readonly #events: OutboxEvents;
  readonly #clock: Clock;
  readonly #limits: OutboxLimits;
  readonly #window: Window;
  /** In line, first come first served. */
  readonly #line = new Set<Sending>();
  #lineBytes = 0;
  #lineTimer: Disposable | undefined;
  #unconfirmed: Unconfirmed[] = [];
  readonly #pulse: Pulse;
  #suspended = false;
  #closed = false;
  readonly #counting: Counting | undefined;

  /**
   * The stream stands: the first probe leaves after a quiet minute.
   *
   * @param keeps whether the session is confirmed by counts: everything is then kept until it is confirmed
   */
  constructor(events: OutboxEvents, clock: Clock, limits: OutboxLimits = OUTBOX_LIMITS, keeps = false) {
    this.#events = events;
    this.#clock = clock;
    this.#limits = limits;
    this.#counting = keeps ? new Counting() : undefined;
    this.#window = new Window(limits.window);
    this.#pulse = new Pulse(clock, {
      due: () => this.#probe(),
      probe: again => events.probe(again),
      patience: () => (keeps ? repeatsFor(this.#unconfirmed[0]?.sending.bytes ?? 0) : 0),
      dead: () => events.dead(),
    });
    this.#pulse.set('idle');
  }

  /** How many stanzas went out and are not confirmed. */
  get unconfirmed(): number {
    return this.#window.unconfirmed.stanzas;
  }

  /**
   * Sends a text of so many bytes, now or when it is its turn.
   *
   * @throws RestanzaError `link-congested`, or what `close` was given
   */
  send(text: string, bytes: number, until: Until): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sending = { text, bytes, until, deadline: this.#clock.now() + LINE_WAIT, resolve, reject };
    if (this.#flows(bytes)) {
      this.#put(sending);
      this.#advance();
    } else this.#queue(sending);
    return promise;
  }

  /** Whether a stanza of so many bytes can go out at once. */
  #flows(bytes: number): boolean {
    return !this.#suspended && this.#line.size === 0 && this.#window.fits(bytes);
  }

  /** Sends a text that nobody waits for, if there is room; returns whether there was. */
  offer(text: string, bytes: number): boolean {
    if (this.#closed || !this.#flows(bytes)) return false;
    this.#put({ text, bytes, until: 'sent', deadline: 0, resolve: () => {}, reject: () => {} });
    this.#advance();
    return true;
  }

  #put(sending: Sending): void {
    this.#write(sending);
    const position = this.#window.add(sending.bytes);
    if (sending.until === 'sent') sending.resolve();
    else this.#window.hurry();
    if (this.#counting !== undefined || sending.until === 'acked') this.#unconfirmed.push({ position, sending });
  }

  #write({ text, bytes }: Sending): void {
    this.#events.write(text);
    if (this.#counting?.add(bytes)) this.#events.probe(true);
  }

  #queue(sending: Sending): void {
    const { stanzas, bytes } = this.#limits.line;
    if (this.#line.size >= stanzas || this.#lineBytes + sending.bytes > bytes) {
      sending.reject(congested());
      return;
    }
    this.#line.add(sending);
    this.#lineBytes += sending.bytes;
    this.#window.hurry();
    this.#advance();
    if (this.#lineTimer === undefined) this.#armLine();
  }

  #leave(sending: Sending): void {
    this.#line.delete(sending);
    this.#lineBytes -= sending.bytes;
  }

  /** Refuses who has stood in line for too long; since all wait equally long, they stand at its head. */
  #armLine(): void {
    this.#lineTimer?.[Symbol.dispose]();
    this.#lineTimer = undefined;
    for (const head of this.#line) {
      const left = head.deadline - this.#clock.now();
      if (left > 0) {
        this.#lineTimer = this.#clock.after(left, () => this.#armLine());
        return;
      }
      this.#leave(head);
      head.reject(congested());
    }
  }

  /** Lets out who fits, in the order of the line. */
  #release(): void {
    if (this.#suspended) return;
    for (const head of this.#line) {
      if (!this.#window.fits(head.bytes)) {
        this.#window.hurry();
        return;
      }
      this.#leave(head);
      this.#put(head);
    }
  }

  /** The awaited probe came back. */
  answered(): void {
    if (this.#closed || this.#pulse.phase !== 'probing') return;
    const position = this.#window.confirm();
    const open = this.#unconfirmed.findIndex(entry => entry.position > position);
    this.#confirm(open === -1 ? this.#unconfirmed.length : open);
    this.#proceed();
  }

  /** The other side has counted so many more stanzas, at most those that are kept. That it answers at all is a sign of life. */
  acknowledged(count: number): void {
    if (this.#closed) return;
    this.#count(count);
    this.#proceed();
  }

  #count(count: number): void {
    this.#window.acknowledge({ stanzas: count, bytes: this.#confirm(count) });
  }

  /** Tells the first so many that they are confirmed; returns their bytes. */
  #confirm(count: number): number {
    let bytes = 0;
    for (const { sending } of this.#unconfirmed.splice(0, count)) {
      sending.resolve();
      bytes += sending.bytes;
    }
    return bytes;
  }

  /** Goes on after a confirmation. */
  #proceed(): void {
    this.#release();
    if (this.#line.size === 0) this.#armLine();
    if (this.#window.probeDue) this.#probe();
    else this.#pulse.hear(this.#window.phase);
  }

  /** The stream is gone, and the session waits to be resumed: what is sent stands in line, what is kept stays. */
  suspend(): void {
    this.#suspended = true;
    this.#pulse[Symbol.dispose]();
  }

  /**
   * The session is resumed on another stream: what is kept and not counted goes out again, before anything new.
   *
   * @param count how many of those that are kept the other side has counted
   */
  resend(count: number): void {
    if (this.#closed) return;
    this.#suspended = false;
    this.#count(count);
    this.#window.unprobe();
    for (const { sending } of this.#unconfirmed) {
      this.#write(sending);
      if (sending.until === 'acked') this.#window.hurry();
    }
    this.#proceed();
  }

  /** Does what the window asks for after something was added to it. */
  #advance(): void {
    if (this.#suspended) return;
    if (this.#window.probeDue) this.#probe();
    else if (this.#window.phase !== this.#pulse.phase) this.#pulse.set(this.#window.phase);
  }

  #probe(): void {
    this.#window.probe();
    this.#pulse.probe();
  }

  /** The stream is not read for now. */
  pause(): void {
    if (!this.#closed) this.#pulse.pause();
  }

  /** The stream is read again. */
  resume(): void {
    if (!this.#closed) this.#pulse.resume();
  }

  /**
   * The stream is over: nothing goes out any more, and no timer is left.
   *
   * @param unsent what those in line are told
   * @param lost what those are told whose stanza went out and is not confirmed
   */
  close(unsent: RestanzaError, lost: RestanzaError): void {
    this.#closed = true;
    this.#pulse[Symbol.dispose]();
    this.#lineTimer?.[Symbol.dispose]();
    for (const sending of this.#line) sending.reject(unsent);
    for (const { sending } of this.#unconfirmed) sending.reject(lost);
    this.#line.clear();
    this.#unconfirmed = [];
  }
}

const congested = () => new RestanzaError('link-congested', undefined, { retryAfter: CONGESTED_RETRY });

/**
 * What those are told whose stanza may or may not have arrived.
 *
 * @param unsent what those are told whose stanza was not sent
 */
export function lostOf({ retryAfter }: RestanzaError): RestanzaError {
  return new RestanzaError('link-lost', undefined, retryAfter === undefined ? {} : { retryAfter });
}

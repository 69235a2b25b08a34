/**
 * What goes out on one stream, and waits: first for its turn, then to be confirmed.
 *
 * Decides the backpressure of the way out: while the window is full, `send` waits in line, and whoever waits too long is
 * refused. Decides when a probe leaves, when it is repeated, and when the stream counts as dead. What a probe is, and
 * how text reaches the wire, is its owner's part.
 */
import { RestanzaError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Until } from './link.ts';
import { Window, type WindowLimits, type WindowPhase } from './window.ts';

/** What the outbox asks of its owner. */
export interface OutboxEvents {
  /** Puts text on the stream. */
  write(text: string): void;
  /** Sends a probe: a new one, or the same `again`. Its return is told by `answered`. */
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

/** Milliseconds in each phase until a probe leaves: after the last one when all is quiet, after the first stanza, again. */
const PROBE_AFTER: Readonly<Record<WindowPhase, number>> = { idle: 60_000, gathering: 200, probing: 10_000 };
/** How often a probe is sent. A repeat is for a server that handed the first to a connection that is no more. */
const PROBE_TRIES = 3;
/** Milliseconds without an answer after which a stream is dead. */
export const PROBE_WAIT = PROBE_AFTER.probing * PROBE_TRIES;

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

/** A stanza that went out and whose sender waits for the confirmation. */
interface Unconfirmed {
  readonly position: number;
  readonly sending: Sending;
}

/** The outgoing half of one stream. */
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
  #phase: WindowPhase = 'idle';
  #tries = 0;
  #probeTimer: Disposable | undefined;
  #paused = false;
  #closed = false;

  /** The stream stands: the first probe leaves after a quiet minute. */
  constructor(events: OutboxEvents, clock: Clock, limits: OutboxLimits = OUTBOX_LIMITS) {
    this.#events = events;
    this.#clock = clock;
    this.#limits = limits;
    this.#window = new Window(limits.window);
    this.#armProbe();
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
    if (this.#line.size === 0 && this.#window.fits(bytes)) {
      this.#put(sending);
      this.#advance();
    } else this.#queue(sending);
    return promise;
  }

  /** Sends a text that nobody waits for, if there is room; returns whether there was. */
  offer(text: string, bytes: number): boolean {
    if (this.#closed || this.#line.size > 0 || !this.#window.fits(bytes)) return false;
    this.#events.write(text);
    this.#window.add(bytes);
    this.#advance();
    return true;
  }

  #put(sending: Sending): void {
    this.#events.write(sending.text);
    const position = this.#window.add(sending.bytes);
    if (sending.until === 'sent') {
      sending.resolve();
    } else {
      this.#unconfirmed.push({ position, sending });
      this.#window.hurry();
    }
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
    if (this.#closed || this.#phase !== 'probing') return;
    const position = this.#window.confirm();
    const open = this.#unconfirmed.findIndex(entry => entry.position > position);
    const confirmed = this.#unconfirmed.splice(0, open === -1 ? this.#unconfirmed.length : open);
    for (const { sending } of confirmed) sending.resolve();
    this.#release();
    if (this.#line.size === 0) this.#armLine();
    this.#phase = 'idle';
    if (this.#window.probeDue) this.#probe();
    else this.#armProbe();
  }

  /** Does what the window asks for after something was added to it. */
  #advance(): void {
    if (this.#window.probeDue) this.#probe();
    else if (this.#window.phase !== this.#phase) this.#armProbe();
  }

  #probe(): void {
    this.#window.probe();
    this.#tries = 0;
    this.#ask();
  }

  #ask(): void {
    this.#tries += 1;
    this.#events.probe(this.#tries > 1);
    this.#armProbe();
  }

  #armProbe(): void {
    this.#probeTimer?.[Symbol.dispose]();
    this.#phase = this.#window.phase;
    // While we do not read, an answer cannot be seen; not reading is our doing and says nothing about the server.
    const deaf = this.#paused && this.#phase === 'probing';
    this.#probeTimer = deaf ? undefined : this.#clock.after(PROBE_AFTER[this.#phase], () => this.#ring());
  }

  #ring(): void {
    if (this.#phase !== 'probing') this.#probe();
    else if (this.#tries < PROBE_TRIES) this.#ask();
    else this.#events.dead();
  }

  /** The stream is not read for now. */
  pause(): void {
    this.#paused = true;
    if (!this.#closed && this.#phase === 'probing') this.#armProbe();
  }

  /** The stream is read again: an answer has all of its time once more. */
  resume(): void {
    this.#paused = false;
    if (this.#closed || this.#phase !== 'probing') return;
    this.#tries = 1;
    this.#armProbe();
  }

  /**
   * The stream is over: nothing goes out any more, and no timer is left.
   *
   * @param unsent what those in line are told
   * @param lost what those are told whose stanza went out and is not confirmed
   */
  close(unsent: RestanzaError, lost: RestanzaError): void {
    this.#closed = true;
    this.#probeTimer?.[Symbol.dispose]();
    this.#lineTimer?.[Symbol.dispose]();
    for (const sending of this.#line) sending.reject(unsent);
    for (const { sending } of this.#unconfirmed) sending.reject(lost);
    this.#line.clear();
    this.#unconfirmed = [];
  }
}

function congested(): RestanzaError {
  return new RestanzaError('link-congested', undefined, { retryAfter: CONGESTED_RETRY });
}

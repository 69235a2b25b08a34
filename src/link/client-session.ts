/**
 * One session of a user, over all the connections that it lasts.
 *
 * Decides how what is sent gets confirmed, and what the server is told about what has come: by counts where the server has
 * XEP-0198, else by pings to it. A session that can be resumed keeps what is not confirmed, and knows what comes twice. When
 * to connect, and what is let in, is decided elsewhere.
 */
import type { RestanzaError } from '../errors.ts';
import { domainOf, type Jid } from '../xmpp/jid.ts';
import type { Managed } from '../xmpp/negotiate/words.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import {
  Acknowledged,
  acknowledge,
  Handled,
  type Management,
  REQUEST,
  type Resumption,
} from '../xmpp/stream-management.ts';
import { serialise } from './client-text.ts';
import type { Clock } from './clock.ts';
import type { Until } from './link.ts';
import { lostOf, Outbox, type OutboxLimits } from './outbox.ts';
import { Probes } from './probes.ts';

const MIB = 1024 * 1024;
/** A user sends less than a domain: so much may be unconfirmed and in line. */
const CLIENT_OUTBOX: OutboxLimits = {
  window: { stanzas: 256, bytes: MIB, probeEvery: 64 },
  line: { stanzas: 1_024, bytes: 2 * MIB },
};

/** Seconds that a session is gone back to when the server does not say how long it keeps it, and at most. */
const RESUMABLE = { unless: 300, most: 600 } as const;

/** What a session needs of the connection that it runs on. */
export interface Carrier {
  write(text: string): void;
  /** The server does not answer. */
  silent(): void;
}

/** The counts of a session with stream management. */
interface Counts {
  readonly handled: Handled;
  readonly acknowledged: Acknowledged;
}

/** A session. */
export class ClientSession {
  /** The full address. */
  readonly address: Jid;
  readonly #resumption: Resumption | undefined;
  readonly #counts: Counts | undefined;
  readonly #outbox: Outbox;
  readonly #probes: Probes;
  #carrier: Carrier | undefined;

  /** Begins on a connection whose login is done. */
  constructor(address: Jid, management: Managed | undefined, carrier: Carrier, clock: Clock, limits = CLIENT_OUTBOX) {
    this.address = address;
    this.#resumption = management?.resumption;
    this.#counts = management === undefined ? undefined : { handled: new Handled(), acknowledged: new Acknowledged() };
    this.#probes = new Probes(domainOf(address), address);
    this.#carrier = carrier;
    const events = {
      write: (text: string) => this.#carrier?.write(text),
      probe: (again: boolean) => this.#carrier?.write(this.#probe(again)),
      dead: () => this.#carrier?.silent(),
    };
    this.#outbox = new Outbox(events, clock, limits, management !== undefined);
  }

  #probe(again: boolean): string {
    if (this.#counts !== undefined) return REQUEST;
    return serialise(again ? this.#probes.current() : this.#probes.next());
  }

  /** Whether the server counts what it has handled. */
  get confirms(): boolean {
    return this.#counts !== undefined;
  }

  /** Milliseconds for which the server keeps the session when the connection is gone; absent when it does not. */
  get resumable(): number | undefined {
    if (this.#resumption === undefined) return undefined;
    return Math.min(this.#resumption.max ?? RESUMABLE.unless, RESUMABLE.most) * 1_000;
  }

  /** Where the server would rather resume it, as it came. */
  get location(): string | undefined {
    return this.#resumption?.location;
  }

  /** How many stanzas went out and are not confirmed. */
  get unconfirmed(): number {
    return this.#outbox.unconfirmed;
  }

  /** Sends a text of so many bytes; see `Outbox.send`. */
  send(text: string, bytes: number, until: Until): Promise<void> {
    return this.#outbox.send(text, bytes, until);
  }

  /** Sends a text that nobody waits for, if there is room. */
  offer(text: string): void {
    this.#outbox.offer(text, Buffer.byteLength(text));
  }

  /**
   * Counts a stanza that has come, before anything else is done with it.
   *
   * @returns whether it is a new one
   */
  receive(): boolean {
    return this.#counts === undefined || this.#counts.handled.receive();
  }

  /** The next of the stanzas that have come is handled. */
  handle(): void {
    if (this.#counts?.handled.handle()) this.#tell(this.#counts.handled.tell());
  }

  #tell(handled: number): void {
    this.#carrier?.write(acknowledge(handled));
  }

  /** Whether a stanza is the answer to a probe, which is for nobody else. */
  recognise(stanza: Stanza): boolean {
    const probe = this.#probes.recognise(stanza);
    if (probe === 'awaited') this.#outbox.answered();
    return probe === 'awaited' || probe === 'past';
  }

  /**
   * Takes an element of stream management.
   *
   * @throws CountTooHigh when the server confirms what was never sent
   */
  manage(said: Management): void {
    if (this.#counts === undefined) return;
    const { handled, acknowledged } = this.#counts;
    if (said.name === 'r') this.#tell(handled.answer());
    if (said.name === 'a') this.#outbox.acknowledged(acknowledged.take(said.h, this.unconfirmed));
  }

  /** The connection is not read for now. */
  pause(): void {
    this.#outbox.pause();
  }

  /** The connection is read again. */
  resume(): void {
    this.#outbox.resume();
  }

  /** The connection is gone: what is sent waits. */
  suspend(): void {
    this.#carrier = undefined;
    this.#outbox.suspend();
  }

  /** What to ask for on the next connection, when the session can be resumed. */
  resuming(): { readonly id: string; readonly handled: number } | undefined {
    if (this.#resumption === undefined || this.#counts === undefined) return undefined;
    return { id: this.#resumption.id, handled: this.#counts.handled.resume() };
  }

  /**
   * Goes on on another connection: what the server has not handled is sent again.
   *
   * @param handled the server's count, as on the wire
   * @throws CountTooHigh when the server confirms what was never sent
   */
  continue(carrier: Carrier, handled: number): void {
    this.#carrier = carrier;
    this.#outbox.resend(this.#counts?.acknowledged.take(handled, this.unconfirmed) ?? 0);
  }

  /**
   * The server has forgotten the session, but not how much of it it had handled.
   *
   * @param handled the server's count, as on the wire
   * @throws CountTooHigh when the server confirms what was never sent
   */
  settle(handled: number): void {
    if (this.#counts !== undefined) {
      this.#outbox.acknowledged(this.#counts.acknowledged.take(handled, this.unconfirmed));
    }
  }

  /** What to say before the stream is closed, so that nothing that was handled is sent to somebody else (XEP-0198 §4). */
  farewell(): string {
    const handled = this.#counts?.handled;
    return handled?.news ? acknowledge(handled.tell()) : '';
  }

  /**
   * The session is over.
   *
   * @param unsent what those are told whose stanza was not sent
   */
  end(unsent: RestanzaError): void {
    this.#carrier = undefined;
    this.#outbox.close(unsent, lostOf(unsent));
  }
}

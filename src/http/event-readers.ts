/**
 * Everyone who waits for events: streams and lists that are empty so far.
 *
 * Decides how many there may be, for one principal and together, and who calls them: one loop follows the journal for all,
 * and one timer gives the sign of life. It lets the event loop turn between readers, so that many of them hold nobody else
 * up. Another timer looks at tokens: who reads with one is sent away within a second after it has ended, and before he is
 * given anything new. All of these run only while somebody reads.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Principal } from '../auth/principal.ts';
import { RestanzaError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import { bareOf } from '../xmpp/jid.ts';

/** Someone who waits for events. None of these may throw. */
export interface EventReader {
  /** There is something new in the journal. */
  advance(): void;
  /** 15 seconds have passed. */
  beat(): void;
  /** The gateway stops, or cannot read its journal. */
  end(): void;
}

/** How many readers there may be. */
export interface ReaderLimits {
  readonly perPrincipal: number;
  readonly total: number;
}

/** The limits of a gateway. */
export const READER_LIMITS: ReaderLimits = { perPrincipal: 5, total: 5_000 };

/** Milliseconds between signs of life. */
export const HEARTBEAT_INTERVAL = 15_000;
/** Milliseconds between two looks at whether tokens still hold. */
export const TOKEN_INTERVAL = 1_000;
/** Readers that are called in one turn of the event loop. */
const BATCH = 64;

/** What the readers need of the house. */
export interface ReadersOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ReaderLimits;
  /** Whether the token that a principal came with still holds; all do when absent. */
  readonly holds?: ((principal: Principal) => boolean) | undefined;
}

/** The readers of one journal. Whoever makes it ends it. */
export class EventReaders implements Disposable {
  readonly #options: ReadersOptions;
  readonly #readers = new Set<EventReader>();
  readonly #byPrincipal = new Map<string, number>();
  /** Those who came with a token. */
  readonly #bearers = new Map<EventReader, Principal>();
  /** There while there are bearers. */
  #look: Disposable | undefined;
  /** Ends the loop and the timer; there while there are readers. */
  #running: DisposableStack | undefined;
  #closed = false;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#readers.size;
  }

  /**
   * Adds a reader.
   *
   * @returns what takes it out again; it may be disposed more than once
   * @throws RestanzaError `too-many-streams`, `too-many-waiting`, `stopping`
   */
  add(principal: Principal, reader: EventReader): Disposable {
    const name = bareOf(principal.address);
    this.#requireRoom(name);
    this.#readers.add(reader);
    if (principal.token !== undefined) this.#watch(reader, principal);
    this.#byPrincipal.set(name, (this.#byPrincipal.get(name) ?? 0) + 1);
    this.#running ??= this.#start();
    return {
      [Symbol.dispose]: () => {
        this.#unwatch(reader);
        if (this.#readers.delete(reader)) this.#leave(name);
      },
    };
  }

  /** Ends all readers, and takes no more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#endAll();
  }

  #requireRoom(name: string): void {
    const { perPrincipal, total } = this.#options.limits;
    if (this.#closed) throw new RestanzaError('stopping');
    if ((this.#byPrincipal.get(name) ?? 0) >= perPrincipal) {
      throw new RestanzaError('too-many-streams', `you have ${perPrincipal} already; close one`, { retryAfter: 5 });
    }
    if (this.#readers.size >= total) {
      throw new RestanzaError('too-many-waiting', `there are ${total} readers of events already`);
    }
  }

  #leave(name: string): void {
    const left = (this.#byPrincipal.get(name) ?? 1) - 1;
    if (left === 0) this.#byPrincipal.delete(name);
    else this.#byPrincipal.set(name, left);
    if (this.#readers.size === 0) this.#stop();
  }

  #start(): DisposableStack {
    const running = new DisposableStack();
    const aborter = running.adopt(new AbortController(), controller => controller.abort());
    let timer = this.#options.clock.after(HEARTBEAT_INTERVAL, () => beat());
    const beat = () => {
      timer = this.#options.clock.after(HEARTBEAT_INTERVAL, beat);
      for (const reader of this.#readers) reader.beat();
    };
    running.defer(() => timer[Symbol.dispose]());
    void this.#follow(aborter.signal);
    return running;
  }

  #stop(): void {
    this.#running?.dispose();
    this.#running = undefined;
  }

  /** Calls the readers each time that there is something new. A turn that takes long finds all the more at its end. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { journal, log } = this.#options;
    try {
      for (let seen = journal.last; ; ) {
        await journal.appended(seen, signal);
        seen = journal.last;
        await this.#callAll(signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, 'the journal cannot be followed; readers of events are sent away');
      this.#endAll();
    }
  }

  async #callAll(signal: AbortSignal): Promise<void> {
    let called = 0;
    for (const reader of [...this.#readers]) {
      if (this.#readers.has(reader) && this.#isWelcome(reader)) reader.advance();
      called += 1;
      if (called % BATCH === 0) await nextTurn(undefined, { signal });
    }
  }

  #watch(reader: EventReader, principal: Principal): void {
    this.#bearers.set(reader, principal);
    this.#look ??= this.#options.clock.after(TOKEN_INTERVAL, () => this.#lookAgain());
  }

  #unwatch(reader: EventReader): void {
    this.#bearers.delete(reader);
    if (this.#bearers.size > 0) return;
    this.#look?.[Symbol.dispose]();
    this.#look = undefined;
  }

  #lookAgain(): void {
    this.#look = this.#options.clock.after(TOKEN_INTERVAL, () => this.#lookAgain());
    for (const reader of [...this.#bearers.keys()]) this.#isWelcome(reader);
  }

  /** Sends a reader away whose token has ended. */
  #isWelcome(reader: EventReader): boolean {
    const principal = this.#bearers.get(reader);
    if (principal === undefined || this.#holds(principal)) return true;
    this.#unwatch(reader);
    reader.end();
    return false;
  }

  #holds(principal: Principal): boolean {
    const { holds, log } = this.#options;
    try {
      return holds?.(principal) ?? true;
    } catch (error) {
      log.error({ err: error }, 'a token cannot be looked at; who reads events with it is sent away');
      return false;
    }
  }

  #endAll(): void {
    for (const reader of [...this.#readers]) {
      this.#unwatch(reader);
      reader.end();
    }
    this.#readers.clear();
    this.#byPrincipal.clear();
    this.#stop();
  }
}

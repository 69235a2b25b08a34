/**
 * What comes in for the owner of the embedded host, and waits to be pulled.
 *
 * Decides when it is handled: once the batch that it stood in was pulled past. Whoever sent it can ask to be told then, so
 * that a client's stanza is acknowledged no sooner (XEP-0198 §4). Decides also the backpressure: while too much waits,
 * those who send more are not read.
 */
import type { Stanza } from '../../xmpp/stanza.ts';
import { stanzaElement } from '../../xmpp/stanza.ts';
import { Inbox } from '../inbox.ts';
import type { Outlet } from './directory.ts';
import { writtenLength } from './weight.ts';

const KIB = 1024;
/** What may wait for the owner before the sessions that send more are not read any more. */
const LIMITS = { stanzas: 1_000, bytes: 8 * KIB * KIB } as const;

/** Who is told when all that came before is handled. */
interface Mark {
  readonly place: number;
  readonly then: () => void;
}

/** The way in of one embedded host. */
export class Intake implements AsyncIterable<readonly Stanza[]> {
  readonly #inbox: Inbox<Stanza>;
  /** Sessions that are not read, because what they sent waits for the owner. */
  readonly #held = new Set<Outlet>();
  #full = false;
  #received = 0;
  #handled = 0;
  #marks: Mark[] = [];

  constructor() {
    const events = { full: () => this.#hold(), space: () => this.#release() };
    this.#inbox = new Inbox(LIMITS.stanzas, events, LIMITS.bytes);
  }

  /** Whether as much waits as may. */
  get full(): boolean {
    return this.#full;
  }

  /** How many stanzas have come so far. */
  get received(): number {
    return this.#received;
  }

  /** Takes a stanza; its sender, when it is a session, is held when too much waits. */
  take(stanza: Stanza, sender: Outlet | undefined): void {
    this.#received += 1;
    this.#inbox.push(stanza, writtenLength(stanzaElement(stanza)));
    if (!this.#full || sender === undefined) return;
    sender.pause();
    this.#held.add(sender);
  }

  /** Calls `then` once all that has come so far is handled; never, when the owner stops pulling before. */
  afterwards(then: () => void): void {
    this.#marks.push({ place: this.#received, then });
  }

  /** A session is over. */
  forget(session: Outlet): void {
    this.#held.delete(session);
  }

  /** Ends the iteration once what waits has been pulled. */
  close(): void {
    this.#inbox.close();
  }

  #hold(): void {
    this.#full = true;
  }

  #release(): void {
    this.#full = false;
    for (const held of this.#held) held.resume();
    this.#held.clear();
  }

  #pass(count: number): void {
    this.#handled += count;
    const ahead = this.#marks.findIndex(({ place }) => place > this.#handled);
    const reached = this.#marks.splice(0, ahead === -1 ? this.#marks.length : ahead);
    for (const { then } of reached) then();
  }

  /** Iterates what comes in; once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Stanza[], void> {
    for await (const batch of this.#inbox) {
      yield batch;
      this.#pass(batch.length);
    }
  }
}

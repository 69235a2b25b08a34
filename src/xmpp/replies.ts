/**
 * Stanzas that wait for their answer: the result or error of an iq, the bounce of a message or presence.
 *
 * Decides which incoming stanza answers which one: that from the peer that was asked, with the same id, of the same
 * kind (RFC 6120 §8.1.3, §8.3). Matching by id alone lets anybody who guesses or sees an id answer in the peer's name
 * (CVE-2024-46957), so all three must agree. Holds no clock: when to give up is the caller's business.
 */
import type { Jid } from './jid.ts';
import type { Kind, Stanza } from './stanza.ts';

/** Who may answer, and to which stanza. */
export interface Awaited {
  readonly kind: Kind;
  /** The address that sent the stanza; the answer comes to it. */
  readonly own: Jid;
  /** The address that was asked. */
  readonly peer: Jid;
  readonly id: string;
}

/** A request that is already waiting under the same addresses and id, or too many that wait. */
export class ReplyConflict extends Error {
  override readonly name = 'ReplyConflict';
  readonly reason: 'id-in-use' | 'too-many';

  constructor(reason: 'id-in-use' | 'too-many') {
    super(reason === 'id-in-use' ? 'a request with this id is waiting' : 'too many requests are waiting');
    this.reason = reason;
  }
}

/** A request that waits. */
export interface Expectation {
  /** Rejects with the reason for which it was given up. */
  readonly answer: Promise<Stanza>;
  /** Waits no longer. Once the answer is there, it changes nothing. */
  giveUp(reason: unknown): void;
}

interface Waiting {
  readonly resolve: (answer: Stanza) => void;
  readonly reject: (reason: unknown) => void;
}

/** The requests of one link that wait. */
export class Replies {
  readonly #waiting = new Map<string, Waiting>();
  readonly #limit: number;

  /** @param limit how many may wait at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many requests wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for the answer to a request that the caller sends next.
   *
   * @throws ReplyConflict at once, before anything was sent
   */
  expect(awaited: Awaited): Expectation {
    const key = keyOf(awaited);
    if (this.#waiting.has(key)) throw new ReplyConflict('id-in-use');
    if (this.#waiting.size >= this.#limit) throw new ReplyConflict('too-many');
    const { promise: answer, resolve, reject } = Promise.withResolvers<Stanza>();
    const waiting = { resolve, reject };
    this.#waiting.set(key, waiting);
    const giveUp = (reason: unknown) => {
      // After the answer, somebody else may wait under the same key.
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      reject(reason);
    };
    return { answer, giveUp };
  }

  /**
   * Hands an incoming stanza to the request that it answers.
   *
   * @returns whether there was one; if not, the stanza is somebody else's business
   */
  settle(stanza: Stanza): boolean {
    const { kind, type, id, to: own, from: peer } = stanza;
    if (type !== 'error' && type !== 'result') return false;
    if (id === undefined || own === undefined || peer === undefined) return false;
    const key = keyOf({ kind, own, peer, id });
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    this.#waiting.delete(key);
    waiting.resolve(stanza);
    return true;
  }

  /** Gives up all requests, each with this reason: the link is gone. */
  rejectAll(reason: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** U+0000 can stand in no part, so the key is unambiguous. */
function keyOf({ kind, own, peer, id }: Awaited): string {
  return `${kind}\0${own}\0${peer}\0${id}`;
}

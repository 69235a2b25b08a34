/**
 * A client's stanzas, as far as they are handled (XEP-0198 §4).
 *
 * Decides the count that a client is told when some of its stanzas are handled at once and others wait for the owner of the
 * host: stanzas count in the order in which they came, so one that waits keeps those behind it waiting too.
 */
import { Handled } from '../../xmpp/stream-management.ts';

/** The stanzas of one session. */
export class Incoming {
  readonly #handled: Handled;
  /** For each stanza that waits, in order, how many came behind it that do not wait themselves. */
  readonly #waiting: number[] = [];
  #count: number;

  /** @param count how many were handled before; other than 0 in tests only */
  constructor(count = 0) {
    this.#count = count;
    this.#handled = new Handled(count);
  }

  /** How many are handled. */
  get handled(): number {
    return this.#count;
  }

  /** A stanza comes; returns whether it is a new one, which `settle` or `wait` has to follow. */
  receive(): boolean {
    return this.#handled.receive();
  }

  /** The newest is handled; returns whether the client should be told. */
  settle(): boolean {
    const last = this.#waiting.length - 1;
    if (last === -1) return this.#advance(1);
    this.#waiting[last] = (this.#waiting[last] ?? 0) + 1;
    return false;
  }

  /** The newest is not handled yet. */
  wait(): void {
    this.#waiting.push(0);
  }

  /** The oldest of those that wait is handled; returns whether the client should be told. */
  pass(): boolean {
    return this.#advance(1 + (this.#waiting.shift() ?? 0));
  }

  #advance(count: number): boolean {
    let due = false;
    for (let left = count; left > 0; left -= 1) due = this.#handled.handle();
    this.#count += count;
    return due;
  }

  /** The client is told unasked; returns the count. */
  tell(): number {
    return this.#handled.tell();
  }

  /** The client has asked; returns the count. It is told again once all is handled that had come when it asked. */
  answer(): number {
    return this.#handled.answer();
  }

  /** The session is gone back to; returns the count. What came and is not handled comes once more. */
  resume(): number {
    return this.#handled.resume();
  }
}

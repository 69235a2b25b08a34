/**
 * Attempts of the last minute, by whatever one counts them by.
 *
 * Decides what is kept to hold a bound exactly: the attempts of a key that lie within a sliding window, never more than
 * the bound, and of a fixed number of keys. A key that was not used for the longest time makes room for a new one. Has no
 * clock and no timer: what has left the window goes when its key is looked at.
 */

/** One attempt to log in. It counts as failed from its begin until it is known to have been right. */
export interface Attempt {
  /** When it began, in milliseconds. */
  readonly at: number;
  /** Whether it still may turn out to be right. */
  undecided: boolean;
}

/** What a key may do. */
export interface Bound {
  /** Attempts within a window. */
  readonly attempts: number;
  /** Milliseconds of the window. */
  readonly time: number;
  /** Keys that are kept. */
  readonly keys: number;
}

/** Milliseconds to wait for an attempt that is undecided: it takes a password check, not a window. */
const SOON = 1_000;

/** The attempts of many keys. */
export class Windows {
  readonly #bound: Bound;
  /** Oldest use first; the attempts of a key in the order in which they began. */
  readonly #keys = new Map<string, Attempt[]>();

  constructor(bound: Bound) {
    this.#bound = bound;
  }

  /** How many keys are kept now. */
  get size(): number {
    return this.#keys.size;
  }

  /** Milliseconds until a key may make another attempt; 0 when it may now. */
  wait(key: string, now: number): number {
    const attempts = this.#recent(key, now);
    const [oldest] = attempts;
    if (oldest === undefined || attempts.length < this.#bound.attempts) return 0;
    const end = oldest.at + this.#bound.time - now;
    return attempts.some(({ undecided }) => undecided) ? Math.min(SOON, end) : end;
  }

  /** Counts an attempt, which `wait` must have allowed. */
  add(key: string, attempt: Attempt): void {
    const attempts = this.#recent(key, attempt.at);
    this.#keys.delete(key);
    this.#keys.set(key, [...attempts, attempt]);
    if (this.#keys.size <= this.#bound.keys) return;
    const [idle] = this.#keys.keys();
    if (idle !== undefined) this.#keys.delete(idle);
  }

  /** Takes an attempt back. */
  remove(key: string, attempt: Attempt): void {
    const attempts = this.#keys.get(key)?.filter(other => other !== attempt) ?? [];
    if (attempts.length === 0) this.#keys.delete(key);
    else this.#keys.set(key, attempts);
  }

  #recent(key: string, now: number): readonly Attempt[] {
    const attempts = this.#keys.get(key) ?? [];
    const first = attempts.findIndex(({ at }) => at + this.#bound.time > now);
    return first === -1 ? [] : attempts.slice(first);
  }
}

/**
 * Requests per second, for each principal.
 *
 * Decides by the virtual scheduling of GCRA (ITU-T I.371): each key has one number, the moment at which it will have used
 * up what it was given. A burst may run ahead of it, and no further. Has no timer; a key that was not used for the longest
 * time makes room for a new one, and then starts afresh.
 */

/** How much a key may do. */
export interface Rate {
  /** Requests per second in the long run; above 0. */
  readonly perSecond: number;
  /** Requests at once after a rest; at least 1. */
  readonly burst: number;
  /** Keys that are kept. */
  readonly keys: number;
}

/** Bounds requests by key, say the address of a principal. */
export class RateLimit {
  /** Milliseconds that one request uses up. */
  readonly #cost: number;
  /** Milliseconds that a key may run ahead before a request. */
  readonly #ahead: number;
  readonly #keys: number;
  readonly #used = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor({ perSecond, burst, keys }: Rate, now: () => number = () => performance.now()) {
    this.#cost = 1000 / perSecond;
    this.#ahead = (burst - 1) * this.#cost;
    this.#keys = keys;
    this.#now = now;
  }

  /** How many keys are kept now. */
  get size(): number {
    return this.#used.size;
  }

  /**
   * Asks for one request. One that is refused uses nothing up.
   *
   * @returns seconds until it may be made; 0 when it may be made now
   */
  take(key: string): number {
    const now = this.#now();
    const used = Math.max(this.#used.get(key) ?? now, now);
    const wait = used - now - this.#ahead;
    if (wait > 0) return wait / 1000;
    this.#used.delete(key);
    this.#used.set(key, used + this.#cost);
    const [idle] = this.#used.keys();
    if (this.#used.size > this.#keys && idle !== undefined) this.#used.delete(idle);
    return 0;
  }
}

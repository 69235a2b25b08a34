/**
 * The next attempt to connect.
 *
 * Decides that there is one at most, and knows when it will be. How long to wait is decided in `backoff.ts`.
 */
import { Backoff, type Pace } from './backoff.ts';
import type { Clock } from './clock.ts';

/** The attempts of one link. */
export class Retry implements Disposable {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #timer: Disposable | undefined;
  #at = 0;

  /** @param random gives numbers from 0 up to, but not including, 1 */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#backoff = new Backoff(random);
  }

  /**
   * Plans the next attempt; see `Backoff.next`.
   *
   * @returns whole seconds until then, rounded up
   */
  plan(pace: Pace, onlineFor: number, attempt: () => void): number {
    this[Symbol.dispose]();
    const wait = this.#backoff.next(pace, onlineFor);
    this.#at = this.#clock.now() + wait;
    this.#timer = this.#clock.after(wait, attempt);
    return Math.ceil(wait / 1_000);
  }

  /** Whole seconds until the next attempt, or 1 when it is under way. */
  get left(): number {
    return Math.max(1, Math.ceil((this.#at - this.#clock.now()) / 1_000));
  }

  /** Nothing is attempted any more. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}

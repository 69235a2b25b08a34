/**
 * How long to wait before connecting again.
 *
 * Decides the pace: 1 to 2 seconds at first, twice as long after each failure, never more than 30. Half of each wait is
 * random, so that many gateways do not come back to a restarted server in one wave. A connection that did not last is a
 * failure as well; otherwise a server that accepts and drops would be asked once per second for ever.
 */
import type { Reconnect } from '../xmpp/conditions.ts';

/** The longest wait, in milliseconds. */
const SLOWEST = 30_000;

/** The most that the first wait can be, in milliseconds. Who yields to another connection leaves it time to work. */
const FIRST: Readonly<Record<Exclude<Reconnect, 'stop'>, number>> = { retry: 2_000, yield: 20_000 };

/** How long a connection must have been of use for its end to be the first failure again, in milliseconds. */
const LASTING = 10_000;

/** The failures in a row. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random gives numbers from 0 up to, but not including, 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Counts a failure.
   *
   * @param reconnect what it was about
   * @param onlineFor milliseconds that the connection was of use; 0 when it never was
   * @returns milliseconds to wait
   */
  next(reconnect: Exclude<Reconnect, 'stop'>, onlineFor: number): number {
    if (onlineFor >= LASTING) this.#failures = 0;
    const longest = Math.min(SLOWEST, FIRST[reconnect] * 2 ** this.#failures);
    this.#failures += 1;
    return (longest / 2) * (1 + this.#random());
  }
}

/**
 * How long to wait before connecting again.
 *
 * Decides the pace: 1 to 2 seconds at first, twice as long after each failure, never more than 30. Half of each wait is
 * random, so that many gateways do not come back to a restarted server in one wave. A connection that did not last is a
 * failure as well; otherwise a server that accepts and drops would be asked once per second for ever. A session that can
 * be resumed is gone back to sooner, because others see a user who is there and do not get through. Where somebody has to
 * do something first, as after a wrong password, there are minutes in between: the server counts attempts too.
 */
import type { Reconnect } from '../xmpp/conditions.ts';

/**
 * What a wait is for: to connect again, to leave another connection time to work, to resume a session, or until somebody has
 * done something.
 */
export type Pace = Exclude<Reconnect, 'stop'> | 'resume' | 'refused';

/** The longest wait, in milliseconds. */
const SLOWEST: Readonly<Record<Pace, number>> = { retry: 30_000, yield: 30_000, resume: 30_000, refused: 300_000 };

/** The most that the first wait can be, in milliseconds. */
const FIRST: Readonly<Record<Pace, number>> = {
  retry: 2_000,
  yield: 20_000,
  resume: 500,
  refused: 60_000,
};

/** How long a connection must have been of use for its end to be the first failure again, in milliseconds. */
const LASTING: Readonly<Record<Pace, number>> = {
  retry: 10_000,
  yield: 10_000,
  resume: 1_000,
  refused: 10_000,
};

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
   * @param pace what the wait is for
   * @param onlineFor milliseconds that the connection was of use; 0 when it never was
   * @returns milliseconds to wait
   */
  next(pace: Pace, onlineFor: number): number {
    if (onlineFor >= LASTING[pace]) this.#failures = 0;
    const longest = Math.min(SLOWEST[pace], FIRST[pace] * 2 ** this.#failures);
    this.#failures += 1;
    return (longest / 2) * (1 + this.#random());
  }
}

/**
 * Time as a link sees it.
 *
 * Decides nothing but the interface, so that whoever waits for seconds can be tested in milliseconds.
 */

/** A clock that never goes back, and a bell. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls `then` once, `ms` milliseconds from now, unless what it returns is disposed before. */
  after(ms: number, then: () => void): Disposable;
}

/** The time of the process. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/**
 * The time of day for what is planned: it goes on where the machine's clock is set back, so that what is due in a second is due
 * in a second.
 *
 * @param wall the machine's clock, in milliseconds since 1970
 * @returns whole milliseconds since 1970, or later by as much as the clock was set back
 */
export function steadyTime(clock: Clock = SYSTEM_CLOCK, wall: () => number = Date.now): () => number {
  let ahead = wall() - clock.now();
  return () => {
    ahead = Math.max(ahead, wall() - clock.now());
    return Math.floor(clock.now() + ahead);
  };
}

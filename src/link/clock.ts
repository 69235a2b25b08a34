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

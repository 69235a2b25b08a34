/**
 * A clock that moves when the test says so.
 *
 * Decides that timers ring in the order of their times, each at its own moment, and that a timer set by a ringing one is
 * part of the same advance. Tests of waiting code need no real seconds with it.
 */
import type { Clock } from '../../src/link/clock.ts';

interface Bell {
  readonly at: number;
  readonly then: () => void;
}

/** Starts at 0. */
export class ManualClock implements Clock {
  readonly #bells = new Set<Bell>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): Disposable {
    const bell = { at: this.#now + ms, then };
    this.#bells.add(bell);
    return { [Symbol.dispose]: () => void this.#bells.delete(bell) };
  }

  /** Milliseconds until each timer that is set, soonest first. */
  get waits(): readonly number[] {
    return [...this.#bells].map(bell => bell.at - this.#now).sort((a, b) => a - b);
  }

  /** Lets so many milliseconds pass. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let bell = this.#next(end); bell !== undefined; bell = this.#next(end)) {
      this.#bells.delete(bell);
      this.#now = bell.at;
      bell.then();
    }
    this.#now = end;
  }

  #next(end: number): Bell | undefined {
    let next: Bell | undefined;
    for (const bell of this.#bells) if (bell.at <= end && (next === undefined || bell.at < next.at)) next = bell;
    return next;
  }
}

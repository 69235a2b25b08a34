/**
 * A steady stream of requests, for tests in which something breaks under load.
 *
 * Decides when requests are made (at a fixed rate, whatever becomes of those before: a slow server does not slow it down)
 * and what is noted of each. What the numbers may be is for the test to say.
 */
import { SOON } from './arrivals.ts';

/** What became of one request; times are milliseconds of `performance.now()`. */
export interface Outcome<T> {
  readonly number: number;
  readonly started: number;
  readonly took: number;
  /** What the request resolved with, or the error that it failed with. */
  readonly result: T | Error;
}

/** How often requests are made: `BATCH` of them each `EVERY` milliseconds are 200 in a second. */
const EVERY = 50;
const BATCH = 10;

interface Waiting {
  readonly reached: () => boolean;
  readonly resolve: () => void;
}

/** Makes requests from its construction until `stop`. */
export class Load<T> implements AsyncDisposable {
  /** In the order in which the requests ended. */
  readonly outcomes: Outcome<T>[] = [];
  readonly #request: (number: number) => Promise<T>;
  readonly #open = new Set<Promise<void>>();
  readonly #waiting = new Set<Waiting>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  /** @param request makes the request of this number; must end within a bound of its own */
  constructor(request: (number: number) => Promise<T>) {
    this.#request = request;
    this.#timer = setInterval(() => this.#batch(), EVERY);
  }

  #batch(): void {
    for (let made = 0; made < BATCH; made += 1) {
      const one = this.#one(this.#count++);
      this.#open.add(one);
      void one.finally(() => this.#open.delete(one));
    }
  }

  async #one(number: number): Promise<void> {
    const started = performance.now();
    const result = await this.#request(number).catch((error: unknown) => toError(error));
    this.outcomes.push({ number, started, took: performance.now() - started, result });
    for (const waiting of this.#waiting) if (waiting.reached()) waiting.resolve();
  }

  /**
   * Waits until something holds of the outcomes; it is asked again after each.
   *
   * @param within milliseconds
   */
  async until(reached: () => boolean, what: string, within: number = SOON): Promise<void> {
    if (reached()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { reached, resolve };
    const deadline = setTimeout(() => reject(new Error(`${what}: not within ${within} ms`)), within);
    this.#waiting.add(waiting);
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiting.delete(waiting);
    }
  }

  /** Makes no more requests and waits for those that are under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The value below which the share `p` (0–1) of the numbers lies; 0 when there are none. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
}

/**
 * A bound on waiting: a signal that is aborted by another one, or when the time is up.
 *
 * Decides nothing but how the two are joined, so that neither the timer nor the listener outlives the waiting.
 */
import type { Clock } from './clock.ts';

/** The time was up. */
export class TimeUpError extends Error {
  override readonly name = 'TimeUpError';
  readonly code = 'ETIMEDOUT';
  /** Milliseconds that it would not have been up. */
  readonly ms: number;

  constructor(ms: number) {
    super(`there was no answer within ${ms / 1000} s`);
    this.ms = ms;
  }
}

/** The bound. It is lifted when it is disposed of; its signal is never aborted after that. */
export class TimeLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #bell: Disposable;
  readonly #abort = () => this.#controller.abort(this.#parent.reason);

  /** @param parent aborts the signal with its own reason; the time does with a TimeUpError */
  constructor(parent: AbortSignal, ms: number, clock: Clock) {
    this.#parent = parent;
    this.#bell = clock.after(ms, () => this.#controller.abort(new TimeUpError(ms)));
    if (parent.aborted) this.#abort();
    else parent.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#bell[Symbol.dispose]();
    this.#parent.removeEventListener('abort', this.#abort);
  }
}

/**
 * Waits for work that cannot be stopped, but no longer than until the signal.
 *
 * @throws what the signal was aborted with, or what the work failed with
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Waiting for the next entry.
 *
 * Decides that a wait ends by an entry, by its own signal or by the end of the journal, and leaves nothing behind.
 */

interface Wait {
  readonly after: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Those who wait for an entry. */
export class Bell {
  readonly #waits = new Set<Wait>();
  readonly #ended = new AbortController();

  /**
   * Resolves when there is an entry after `after`.
   *
   * @param last the last entry that there is
   * @throws the signal's reason, or that of `end`
   */
  async wait(after: number, last: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#ended.signal.throwIfAborted();
    if (after < last) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wait = { after, resolve, reject };
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    this.#waits.add(wait);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waits.delete(wait);
    }
  }

  /** Says up to where there are entries. */
  ring(last: number): void {
    for (const { after, resolve } of this.#waits) if (after < last) resolve();
  }

  /** Ends all waits, and those that would come. */
  end(reason: unknown): void {
    this.#ended.abort(reason);
    for (const { reject } of this.#waits) reject(reason);
  }
}

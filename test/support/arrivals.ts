/**
 * What has arrived and what is waited for: log lines of a process, stanzas of a client.
 *
 * Decides how a test waits without sleeping: each item is taken once, by the first wait that wants it, and each wait ends
 * by its item, by its deadline or by the end of the source. Says nothing about what the items are.
 */

/** Milliseconds that a test waits for something that should come at once; generous, for machines that are busy. */
export const SOON = 15_000;

interface Waiting<T> {
  readonly wanted: (item: T) => boolean;
  readonly resolve: (item: T) => void;
  readonly reject: (reason: string) => void;
}

/** Items in the order of their arrival, each to be taken once. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<Waiting<T>>();
  readonly #describe: () => string;
  #end: string | undefined;

  /** @param describe tells the state of the source; it ends the message of a wait that failed */
  constructor(describe: () => string) {
    this.#describe = describe;
  }

  /** Hands an item to the first wait that wants it, or keeps it. */
  push(item: T): void {
    for (const waiting of this.#waiting) {
      if (!waiting.wanted(item)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(item);
      return;
    }
    this.#items.push(item);
  }

  /** Nothing more will come: who waits is told why, and so is who asks later for what is not there. */
  end(reason: Error): void {
    this.#end ??= reason.message;
    for (const waiting of this.#waiting) waiting.reject(this.#end);
    this.#waiting.clear();
  }

  /** Takes all that has arrived and was not taken. */
  takeAll(): T[] {
    return this.#items.splice(0);
  }

  /**
   * Takes the first item that is wanted, waiting for it when it is not there yet.
   *
   * @param what the item in words, for the message of the error
   * @param within milliseconds
   * @throws Error when the deadline has passed or the source has ended
   */
  async take(wanted: (item: T) => boolean, what: string, within: number = SOON): Promise<T> {
    const index = this.#items.findIndex(wanted);
    const [there] = index === -1 ? [] : this.#items.splice(index, 1);
    if (there !== undefined) return there;
    const { promise, resolve, reject: fail } = Promise.withResolvers<T>();
    const reject = (reason: string) => fail(new Error(`${what} did not come: ${reason}\n${this.#describe()}`));
    const waiting = { wanted, resolve, reject };
    const deadline = setTimeout(() => reject(`${within} ms have passed`), within);
    if (this.#end === undefined) this.#waiting.add(waiting);
    else reject(this.#end);
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiting.delete(waiting);
    }
  }
}

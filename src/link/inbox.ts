/**
 * What came in and waits to be pulled.
 *
 * Decides the backpressure of the way in: the queue is bounded, and at the bound its owner is told to stop reading, which
 * TCP passes on to the server. All that waits is pulled as one batch, so that what must be written to a disk is written once
 * for many; pulling the next batch says that the one before is handled.
 */

/** What the owner does about its source. */
export interface InboxEvents {
  /** The queue is at its bound: stop the source. What still comes is kept nevertheless. */
  full(): void;
  /** What was at the bound has been handled: let the source go on. */
  space(): void;
}

/** A queue with one reader. */
export class Inbox<Item> implements AsyncIterable<readonly Item[]> {
  readonly #limit: number;
  readonly #byteLimit: number;
  readonly #events: InboxEvents;
  #items: Item[] = [];
  #bytes = 0;
  #full = false;
  #closed = false;
  #taken = false;
  #wake: (() => void) | undefined;

  /**
   * @param limit how many items may wait before the source is stopped
   * @param byteLimit how many bytes they may have together
   */
  constructor(limit: number, events: InboxEvents, byteLimit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#byteLimit = byteLimit;
    this.#events = events;
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Adds an item of so many bytes; after `close` it is dropped, since nobody will pull it. */
  push(item: Item, bytes: number = 0): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#bytes += bytes;
    this.#wake?.();
    if (!this.#full && (this.length >= this.#limit || this.#bytes >= this.#byteLimit)) {
      this.#full = true;
      this.#events.full();
    }
  }

  /** Ends the iteration once what waits has been pulled. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #take(): readonly Item[] {
    const batch = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return batch;
  }

  /** Lets a stopped source go on: called when a batch is handled, since until then it takes up memory as well. */
  #goOn(): void {
    if (!this.#full || this.length >= this.#limit || this.#bytes >= this.#byteLimit) return;
    this.#full = false;
    this.#events.space();
  }

  /** Iterates what comes in. A second iteration would steal items from the first, so it is refused. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Item[], void> {
    if (this.#taken) throw new Error('an inbox has one reader');
    this.#taken = true;
    for (;;) {
      while (this.length > 0) {
        yield this.#take();
        this.#goOn();
      }
      if (this.#closed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}

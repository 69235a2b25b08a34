/**
 * What came in and waits to be pulled.
 *
 * Decides the backpressure of the way in: the queue is bounded, and at the bound its owner is told to stop reading, which
 * TCP passes on to the server. Pulling the next item says that the one before is handled.
 */

/** What the owner does about its source. */
export interface InboxEvents {
  /** The queue is at its bound: stop the source. What still comes is kept nevertheless. */
  full(): void;
  /** Half of the queue is empty again: let the source go on. */
  space(): void;
}

interface Entry<Item> {
  readonly item: Item;
  readonly bytes: number;
}

/** A queue with one reader. */
export class Inbox<Item> implements AsyncIterable<Item> {
  readonly #limit: number;
  readonly #byteLimit: number;
  readonly #events: InboxEvents;
  #entries: (Entry<Item> | undefined)[] = [];
  #head = 0;
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
    return this.#entries.length - this.#head;
  }

  /** Adds an item of so many bytes; after `close` it is dropped, since nobody will pull it. */
  push(item: Item, bytes: number = 0): void {
    if (this.#closed) return;
    this.#entries.push({ item, bytes });
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

  #take(): Entry<Item> | undefined {
    const entry = this.#entries[this.#head];
    // What is handled must not be kept in memory; shifting the array for each item would cost a copy each time, so the
    // places themselves are dropped in one go.
    this.#entries[this.#head++] = undefined;
    if (this.#head === this.#entries.length || this.#head >= this.#limit) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    this.#bytes -= entry?.bytes ?? 0;
    if (this.#full && this.length * 2 <= this.#limit && this.#bytes * 2 <= this.#byteLimit) {
      this.#full = false;
      this.#events.space();
    }
    return entry;
  }

  /** Iterates what comes in. A second iteration would steal items from the first, so it is refused. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    if (this.#taken) throw new Error('an inbox has one reader');
    this.#taken = true;
    for (;;) {
      while (this.length > 0) {
        const entry = this.#take();
        if (entry !== undefined) yield entry.item;
      }
      if (this.#closed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}

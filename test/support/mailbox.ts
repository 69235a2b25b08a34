/**
 * Things that happen, for a test to take one by one and in order, whether they have happened yet or not.
 */

/** A queue whose reader may come first. */
export class Mailbox<Item> {
  readonly #items: Item[] = [];
  readonly #takers: ((item: Item) => void)[] = [];

  /** How many wait to be taken. */
  get length(): number {
    return this.#items.length;
  }

  put(item: Item): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  /** The next one; it waits until there is one. */
  take(): Promise<Item> {
    const { promise, resolve } = Promise.withResolvers<Item>();
    if (this.#items.length > 0) this.#items.splice(0, 1).forEach(resolve);
    else this.#takers.push(resolve);
    return promise;
  }
}

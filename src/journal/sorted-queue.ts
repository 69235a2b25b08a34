/**
 * A queue that is sorted: values come in order nearly always, and go from the front.
 *
 * Decides how that is kept cheap: both ends cost the same whatever the length, and only what comes out of order moves
 * others. Whoever makes one says what the order is.
 */

/** Taken places at the front that are worth moving the rest for. */
const SLACK = 512;

/** Values in ascending order. */
export class SortedQueue<Value> {
  readonly #compare: (one: Value, other: Value) => number;
  /** Places before `#head` are free. */
  #values: (Value | undefined)[] = [];
  #head = 0;

  /** @param compare below 0 when the first comes before the second, 0 when they are the same */
  constructor(compare: (one: Value, other: Value) => number) {
    this.#compare = compare;
  }

  get length(): number {
    return this.#values.length - this.#head;
  }

  /** The value at a place, 0 being the front. */
  at(index: number): Value | undefined {
    return this.#values[this.#head + index];
  }

  /**
   * The place of the first value that is not before something; the length when all are.
   *
   * @param isBefore true for some values at the front and false for all behind them
   */
  search(isBefore: (value: Value) => boolean): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.at(middle);
      if (found !== undefined && isBefore(found)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds a value at its place. */
  add(value: Value): void {
    const last = this.at(this.length - 1);
    const place = last === undefined || this.#compare(last, value) < 0 ? this.length : this.#placeOf(value);
    if (place === 0 && this.#head > 0) this.#values[--this.#head] = value;
    else if (place === this.length) this.#values.push(value);
    else this.#values.splice(this.#head + place, 0, value);
  }

  /** Adds many values, in any order. */
  addAll(values: readonly Value[]): void {
    const held: Value[] = [...values];
    for (const value of this) held.push(value);
    this.#values = held.sort(this.#compare);
    this.#head = 0;
  }

  /** Takes the value at the front. */
  shift(): Value | undefined {
    const value = this.#values[this.#head];
    if (value === undefined) return undefined;
    this.#values[this.#head++] = undefined;
    if (this.#head > SLACK && this.#head > this.length) {
      this.#values.splice(0, this.#head);
      this.#head = 0;
    }
    return value;
  }

  /** Takes out the value that is the same as this one; `undefined` when there is none. */
  take(value: Value): Value | undefined {
    const place = this.#placeOf(value);
    const found = this.at(place);
    if (found === undefined || this.#compare(found, value) !== 0) return undefined;
    if (place === 0) return this.shift();
    this.#values.splice(this.#head + place, 1);
    return found;
  }

  #placeOf(value: Value): number {
    return this.search(found => this.#compare(found, value) < 0);
  }

  *[Symbol.iterator](): Generator<Value, void, undefined> {
    for (let index = this.#head; index < this.#values.length; index += 1) {
      const value = this.#values[index];
      if (value !== undefined) yield value;
    }
  }
}

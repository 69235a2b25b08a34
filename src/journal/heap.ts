/**
 * A binary heap: of many values, the first is at hand.
 *
 * Decides nothing about the order; whoever makes one says what comes before what. Both changes cost the logarithm of the
 * size.
 */

/** Values of which the first can be looked at and taken. */
export class Heap<Value> {
  readonly #values: Value[] = [];
  readonly #isBefore: (one: Value, other: Value) => boolean;

  /** @param isBefore whether one value comes before another */
  constructor(isBefore: (one: Value, other: Value) => boolean) {
    this.#isBefore = isBefore;
  }

  /** The first value; `undefined` when there is none. */
  get first(): Value | undefined {
    return this.#values[0];
  }

  /** Adds a value. */
  push(value: Value): void {
    const values = this.#values;
    let at = values.push(value) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = values[above];
      if (parent === undefined || !this.#isBefore(value, parent)) break;
      values[at] = parent;
      at = above;
    }
    values[at] = value;
  }

  /** Takes the first value out. */
  pop(): Value | undefined {
    const first = this.#values[0];
    const last = this.#values.pop();
    if (last !== undefined && this.#values.length > 0) this.#sink(last);
    return first;
  }

  /** Puts a value where the first one was, and moves it down to its place. */
  #sink(value: Value): void {
    const values = this.#values;
    let at = 0;
    for (;;) {
      const below = this.#firstBelow(at);
      const child = values[below];
      if (child === undefined || !this.#isBefore(child, value)) break;
      values[at] = child;
      at = below;
    }
    values[at] = value;
  }

  /** The place of the first of the two values below a place; past the end when there is none. */
  #firstBelow(at: number): number {
    const left = 2 * at + 1;
    const [one, other] = [this.#values[left], this.#values[left + 1]];
    return one !== undefined && other !== undefined && this.#isBefore(other, one) ? left + 1 : left;
  }
}

/**
 * One stanza on its way to one session or several.
 *
 * Decides when it has missed everybody: it is lost only when no session that it was given to has taken it. What was
 * written to a session without stream management counts as taken, since nothing better will ever be known.
 */

/** The copies of a stanza. */
export class Copies {
  #left: number;

  /** @param count how many sessions it is given to */
  constructor(count: number) {
    this.#left = count;
  }

  /** One session has it: it will not be missed any more. */
  taken(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** One session will never take it; returns whether that was the last one that could. */
  missed(): boolean {
    this.#left -= 1;
    return this.#left === 0;
  }
}

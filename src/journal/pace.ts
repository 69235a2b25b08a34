/**
 * When the next group is committed.
 *
 * Decides that all that comes in one turn of the event loop goes together, and that commits are some time apart while one
 * follows the other: a commit costs much, and a job in it little. After a rest the next one is made at once.
 */

/** Milliseconds from the end of a commit to the next one. */
const PACE = 3;

/** The clock of a writer. */
export class Pace implements Disposable {
  readonly #commit: () => void;
  #turn: NodeJS.Immediate | undefined;
  #pause: NodeJS.Timeout | undefined;
  /** When the last commit ended, in milliseconds of `performance.now()`. */
  #last = Number.NEGATIVE_INFINITY;

  /** @param commit is called when it is time */
  constructor(commit: () => void) {
    this.#commit = commit;
  }

  /** Sees to it that the next commit is made in time. */
  schedule(): void {
    if (this.#turn !== undefined || this.#pause !== undefined) return;
    const rest = this.#last + PACE - performance.now();
    if (rest <= 0) this.#turn = setImmediate(this.#commit);
    else this.#pause = setTimeout(this.#commit, rest);
  }

  /** A commit begins, in time or earlier; what was scheduled is not needed any more. */
  begin(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#pause);
    this.#turn = undefined;
    this.#pause = undefined;
  }

  /** A commit is on the disk. */
  end(): void {
    this.#last = performance.now();
  }

  [Symbol.dispose](): void {
    this.begin();
  }
}

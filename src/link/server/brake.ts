/**
 * Senders that are not read because a client is behind with what they send it.
 *
 * Decides for how long: until the client has caught up, and no longer than some seconds, since a client that never does must
 * not keep others from what else they do. For one that took too long nobody waits again before it has caught up.
 */
import type { Outlet } from './directory.ts';

/** Milliseconds that a sender is not read at most. */
export const HELD = 10_000;

/** The brake of one client. To dispose of it lets all go on. */
export class Brake implements Disposable {
  readonly #after: (ms: number, then: () => void) => Disposable;
  readonly #held = new Set<Outlet>();
  #timer: Disposable | undefined;
  #tooLong = false;

  /** @param after calls something later, unless what it returns is disposed before */
  constructor(after: (ms: number, then: () => void) => Disposable) {
    this.#after = after;
  }

  /** The client is behind with what this one sends. Somebody else may have let that go on, so it is stopped each time. */
  hold(sender: Outlet): void {
    if (this.#tooLong) return;
    this.#held.add(sender);
    sender.pause();
    this.#timer ??= this.#after(HELD, () => {
      this[Symbol.dispose]();
      this.#tooLong = true;
    });
  }

  [Symbol.dispose](): void {
    this.#tooLong = false;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const sender of this.#held) sender.resume();
    this.#held.clear();
  }
}

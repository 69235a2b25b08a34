/**
 * The write-ahead log of the journal's file, on its way to the disk.
 *
 * Decides that the disk is waited for beside the event loop: SQLite writes a commit into the log (`synchronous = NORMAL`), and
 * what has come so far is synced here, so that nothing else stands still for it. A commit is acknowledged after its sync,
 * as ever. The descriptors are our own: the kernel tells each of them once that writing back has failed, and SQLite, which
 * syncs the log as well before it moves it into the file, keeps some failures to itself.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';

/** The log of an opened database. */
export class JournalLog implements Disposable {
  /** For syncs that are waited for beside the event loop, and for those that it stands still for. */
  readonly #beside: number;
  readonly #direct: number;
  #underWay = 0;
  #closed = false;

  private constructor(beside: number, direct: number) {
    this.#beside = beside;
    this.#direct = direct;
  }

  /**
   * Opens the log of a database that is open, and syncs what an earlier process may have left in it.
   *
   * @param path of the database
   * @throws Error of the system
   */
  static open(path: string): JournalLog {
    using opening = new DisposableStack();
    const beside = opening.adopt(openSync(`${path}-wal`, 'r+'), closeSync);
    const direct = opening.adopt(openSync(`${path}-wal`, 'r+'), closeSync);
    fdatasyncSync(direct);
    opening.move();
    return new JournalLog(beside, direct);
  }

  /**
   * Resolves when all that has been written is on the disk; what comes meanwhile may be or not.
   *
   * @throws Error of the system: nobody knows what is on the disk then
   */
  sync(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#underWay += 1;
    fdatasync(this.#beside, error => {
      this.#underWay -= 1;
      if (this.#closed) this.#close();
      if (error === null) resolve();
      else reject(error);
    });
    return promise;
  }

  /** The same, and everything waits for it. */
  syncNow(): void {
    fdatasyncSync(this.#direct);
  }

  /** Closes it, once a sync under way has ended: its number must not be given to another file before. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#direct);
    this.#close();
  }

  #close(): void {
    if (this.#underWay === 0) closeSync(this.#beside);
  }
}

/**
 * The mark beside the journal: how many commits were acknowledged.
 *
 * Decides how a loss is found that SQLite cannot see. Where its write-ahead log is damaged or cut off, SQLite takes what
 * stands before as all there ever was; that is right after a power failure in the middle of a commit, and wrong when
 * the commit had been acknowledged. So after each commit its number is written into a file of its own. It need not be on the
 * disk at once: a mark that lags behind finds less, and a mark that is ahead of the journal always means that
 * something is missing.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { DatabaseError } from '../sqlite.ts';
import { sumOf } from './stored.ts';

/** `number checksum`, padded: always the same bytes are overwritten. */
const FORM = /^(\d{16}) (\d{10})\n$/;
const LENGTH = 28;

/** The file with the number. */
export class JournalMark implements Disposable {
  /** The number that it had when it was opened; 0 when it had none. */
  readonly found: number;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(LENGTH);
  #open = true;

  private constructor(path: string, descriptor: number, found: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.found = found;
  }

  /** Opens the mark, and makes the file when there is none. */
  static open(path: string): JournalMark {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = Buffer.alloc(LENGTH + 1);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    return new JournalMark(path, descriptor, numberIn(bytes.toString('latin1', 0, length)));
  }

  /**
   * Compares the mark with the journal.
   *
   * @param commits how many commits the journal holds
   * @throws DatabaseError when there were more
   */
  require(commits: number): void {
    if (commits >= this.found) return;
    const advice = `restore the file from a backup that has them, or remove ${this.#path} to go on without them`;
    throw new DatabaseError(`${this.found - commits} commits that were acknowledged are missing from it; ${advice}`);
  }

  /** Notes a commit that is on the disk. Where that fails, the mark lags behind; the commit stands all the same. */
  write(commits: number): void {
    const digits = String(commits).padStart(16, '0');
    this.#bytes.write(`${digits} ${String(sumOf(digits)).padStart(10, '0')}\n`, 'latin1');
    try {
      writeSync(this.#descriptor, this.#bytes, 0, LENGTH, 0);
    } catch {
      // The next commit writes it again.
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** A mark that cannot be read, say because its file system was full when it was made, finds nothing. */
function numberIn(text: string): number {
  const [, digits, sum] = FORM.exec(text) ?? [];
  return digits !== undefined && Number(sum) === sumOf(digits) ? Number(digits) : 0;
}

/**
 * The journal's SQLite file: what is written, and that it really is.
 *
 * Decides what one commit is: all of its rows or none, its number in the file and, once it is on the disk, in the mark beside
 * it. A commit refuses to follow one that it does not know, so that two processes cannot both write. What is in a commit, when
 * it is brought to the disk (`journal-log.ts`), and what happens when that fails, is decided in `journal-writer.ts`.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { DatabaseError, inTransaction, openDatabase } from '../sqlite.ts';
import type { ArchivePosition, Attempt, DeliveryState, StanzaEvent } from './journal.ts';
import { JournalLog } from './journal-log.ts';
import { JournalMark } from './journal-mark.ts';
import { JournalQueries } from './journal-queries.ts';
import { MIGRATIONS } from './journal-schema.ts';
import { prepareAll, type Statements } from './journal-sql.ts';
import type { Queued } from './lanes.ts';
import { archivedOf, Damage, deliveryOf, secretOf, sumOf, sumOfDelivery, sumOfPosition } from './stored.ts';

/** An entry before it has its seq. */
export interface EntryDraft {
  readonly link: string;
  readonly owner: string;
  readonly event: StanzaEvent;
  readonly xml: string;
}

/** What the file holds of the past when it is opened. */
export interface Opened {
  readonly file: JournalFile;
  /** Oldest first. */
  readonly queued: readonly Queued[];
  /** By link, up to where its archive has been taken over. */
  readonly positions: ReadonlyMap<string, ArchivePosition>;
}

/** Attempts that are kept of each delivery. */
const ATTEMPTS = 20;
/** Characters that are kept of an answer. */
const EXCERPT = 1024;

/** Somebody else has written to the file since we did. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The opened file. */
export class JournalFile implements Disposable {
  readonly queries: JournalQueries;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #mark: JournalMark;
  readonly #log: JournalLog;
  #commits: number;
  #last: number;

  private constructor(database: DatabaseSync, mark: JournalMark, log: JournalLog) {
    this.#database = database;
    this.#mark = mark;
    this.#log = log;
    this.#statements = prepareAll(database);
    this.queries = new JournalQueries(this.#statements);
    if (this.#statements.progress.get() === undefined) this.#statements.start.run(sumOf(0, 0));
    const { commits, last } = this.#progress();
    this.#commits = commits;
    this.#last = last;
  }

  /**
   * Opens the file, and makes it and its folder when there are none yet.
   *
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(path: string): Opened {
    using opening = new DisposableStack();
    const database = openDatabase(path, MIGRATIONS);
    opening.defer(() => database.close());
    try {
      const mark = opening.use(JournalMark.open(`${path}-mark`));
      // A commit is in the log when it returns, and on the disk when the log is synced.
      database.exec('PRAGMA synchronous = NORMAL');
      const log = opening.use(JournalLog.open(path));
      const file = new JournalFile(database, mark, log);
      mark.require(file.commits);
      file.#requireWhole(path);
      const opened = { file, queued: file.#queued(), positions: file.#positions() };
      opening.move();
      return opened;
    } catch (error) {
      throw new DatabaseError(`the database ${path} cannot be used: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** How many commits there were. */
  get commits(): number {
    return this.#commits;
  }

  /** The seq of the last entry that there ever was. */
  get last(): number {
    return this.#last;
  }

  /** Bytes that are in use; what was freed stays in the file and is used again. */
  get bytes(): number {
    const row = this.#statements.pages.get();
    return (Number(row?.['count']) - Number(row?.['free'])) * Number(row?.['size']);
  }

  /**
   * Commits what `work` writes, all or nothing; it is on the disk when it has been synced.
   *
   * @throws Fenced, or the error of SQLite or of `work`; nothing is kept then, unless the disk failed in the last moment
   */
  commit(work: () => void): void {
    const before = this.#last;
    try {
      inTransaction(this.#database, () => {
        if (this.#progress().commits !== this.#commits) throw new Fenced('another process writes to the journal');
        work();
        const next = this.#commits + 1;
        this.#statements.advance.run(next, this.#last, sumOf(next, this.#last));
      });
    } catch (error) {
      this.#last = before;
      throw error;
    }
    this.#commits += 1;
  }

  /**
   * Brings what was committed to the disk.
   *
   * @throws Error of the system: nobody knows what is on the disk then
   */
  sync(): Promise<void> {
    return this.#log.sync();
  }

  /** The same, and everything waits for it. */
  syncNow(): void {
    this.#log.syncNow();
  }

  /** Notes in the mark that all commits are on the disk. */
  noteSynced(): void {
    this.#mark.write(this.#commits);
  }

  /** Inside a commit: keeps an entry, and gives it the next seq. */
  insertEntry({ link, owner, event, xml }: EntryDraft, at: number): number {
    const seq = this.#last + 1;
    this.#statements.insertEntry.run(seq, at, link, owner, event, xml, sumOf(seq, at, link, owner, event, xml));
    this.#last = seq;
    return seq;
  }

  /** Inside a commit: queues a delivery of an entry. */
  insertDelivery(item: Queued): void {
    const { seq, place, link, target, sender, size, id, tries, made, next } = item;
    const sum = sumOfDelivery(item, 'queued');
    const { insertDelivery } = this.#statements;
    insertDelivery.run(seq, place, link, target, sender, size, secretOf(id), 'queued', tries, made, next, sum);
  }

  /** Inside a commit: says where a delivery stands from now on, with its tries, its attempts and when it is due. */
  updateDelivery(item: Queued, state: DeliveryState): void {
    const { seq, place, tries, made, next } = item;
    this.#statements.updateDelivery.run(state, tries, made, next, sumOfDelivery(item, state), seq, place);
  }

  /** Inside a commit: keeps a delivery's last attempt; 20 of them stay. */
  insertAttempt({ seq, place, made }: Queued, { at, latency, status, excerpt }: Attempt): void {
    const kept = excerpt.slice(0, EXCERPT).toWellFormed();
    this.#statements.insertAttempt.run(seq, place, made, at, latency, status ?? null, kept);
    if (made > ATTEMPTS) this.#statements.dropAttempts.run(seq, place, made - ATTEMPTS);
  }

  /** Inside a commit: notes up to where the archive of a link's account has been taken over. */
  setPosition(link: string, position: ArchivePosition): void {
    const { archiveId, at } = position;
    this.#statements.setPosition.run(link, archiveId, at ?? null, sumOfPosition(link, position));
  }

  /** Inside a commit: drops an entry with its deliveries. */
  drop(seq: number): void {
    this.#statements.deleteEntry.run(seq);
    this.#statements.deleteDeliveries.run(seq);
    this.#statements.deleteAttempts.run(seq);
  }

  /**
   * Moves all of the write-ahead log into the file itself. A sync that failed may have left in memory alone what seems to
   * be in the log, and the next sync would not tell; this writes it once more.
   */
  checkpoint(): void {
    const row = this.#statements.checkpoint.get();
    if (row?.['busy'] !== 0) throw new DatabaseError('another process reads the journal');
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
    this.#mark[Symbol.dispose]();
    if (this.#database.isOpen) this.#database.close();
  }

  /** SQLite takes pages that are not there for empty ones; only once the log is in the file its size must be right. */
  #requireWhole(path: string): void {
    if (!this.#moveLog()) return;
    const row = this.#statements.pages.get();
    if (statSync(path).size < Number(row?.['count']) * Number(row?.['size'])) throw new Damage('the file is cut off');
  }

  /** Moves what is in the log into the file, as far as possible; whether that was all. */
  #moveLog(): boolean {
    try {
      const { log, checkpointed } = this.#statements.passive.get() ?? {};
      return log === checkpointed;
    } catch {
      // Say for want of room: the log stays, and is as good.
      return false;
    }
  }

  #progress(): { readonly commits: number; readonly last: number } {
    const row = this.#statements.progress.get();
    const [commits, last] = [Number(row?.['commits']), Number(row?.['last'])];
    if (row?.['sum'] !== sumOf(commits, last)) throw new Damage('the number of the last commit is damaged');
    return { commits, last };
  }

  #queued(): readonly Queued[] {
    return this.#statements.queued.all().map(row => deliveryOf(row).item);
  }

  #positions(): ReadonlyMap<string, ArchivePosition> {
    return new Map(this.#statements.positions.all().map(archivedOf));
  }
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof Damage ? `${reason}; restore it from a backup, or move it away` : reason;
}

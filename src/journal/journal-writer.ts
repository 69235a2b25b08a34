/**
 * Group commit, and what happens when one fails.
 *
 * Decides that all that is to be written in one turn of the event loop becomes one commit, under load that of some turns, and
 * that nobody hears of it before it is on the disk. A commit fails in one of four ways:
 * - `later`: the disk is full, or another process holds a lock. SQLite has undone it; the next commit tries by itself.
 * - `content`: one of the jobs cannot be written. Each is tried alone, so that it does not take the others with it.
 * - `fenced`: another process writes to the file. This one never writes again.
 * - `handle`: the disk failed. What a failed sync has written nobody knows, and a later sync would not tell (the kernel forgets
 *   the error). So the file is closed, opened and checked again, and written once more from the log; whether the
 *   commit is in it decides what its jobs are told. While that is not possible, everything is refused.
 *
 * A job that is patient is never told of a failure that may pass: it waits for the disk.
 */
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Fenced, type JournalFile } from './journal-file.ts';
import { Damage } from './stored.ts';

/** Something to write. */
export interface Job {
  /** Whether it waits until the disk is back, rather than fail. */
  readonly patient: boolean;
  /** Writes, inside a commit that may still fail: nothing else may change. */
  write(file: JournalFile): Written;
  fail(error: unknown): void;
}

/** What follows when a job is on the disk. */
export interface Written {
  /** Brings what is known in memory to what is in the file. */
  apply(): void;
  /** Tells whoever waits for it; not called where they have been told of a failure. */
  announce(): void;
}

/** What a change of the file gives back, and what follows in memory. */
export interface Change<Result> {
  readonly result: Result;
  readonly apply: () => void;
}

type Fault = 'later' | 'content' | 'fenced' | 'handle';

/** Primary result codes of SQLite that leave the file as it was; all others put the handle in doubt. */
const FAULTS: ReadonlyMap<number, Fault> = new Map([
  [5, 'later'],
  [6, 'later'],
  [13, 'later'],
  [18, 'content'],
  [19, 'content'],
  [20, 'content'],
  [25, 'content'],
]);

/** Milliseconds between two commits: a commit costs much and a job in it little. After a rest the next one is made at once. */
const PACE = 3;
/** Milliseconds until the next attempt when the last one failed. */
const RETRY = 1_000;
/** How many times as long as opening took until the file is opened again, so that checking it is not all that is done. */
const PATIENCE = 10;

/** Writes to the journal's file. */
export class JournalWriter {
  readonly #open: () => JournalFile;
  readonly #log: Log;
  /** Absent while the disk does not let us open it. */
  #file: JournalFile | undefined;
  /** How many commits there were, as far as we know. */
  #commits: number;
  #due: Job[] = [];
  #turn: NodeJS.Immediate | undefined;
  #pause: NodeJS.Timeout | undefined;
  /** When the last commit ended, in milliseconds of `performance.now()`. */
  #last = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** What a commit wrote of which nobody knows whether it is in the file. */
  #doubtful: readonly Written[] = [];
  #failing = false;
  /** When the file may be opened again, in milliseconds of `performance.now()`. */
  #notBefore = 0;
  /** Why nothing can ever be written again. */
  #ended: unknown;

  /** @param open opens the file again */
  constructor(file: JournalFile, open: () => JournalFile, log: Log) {
    this.#file = file;
    this.#commits = file.commits;
    this.#open = open;
    this.#log = log;
  }

  /**
   * The file, to read from.
   *
   * @throws RestanzaError `storage-unavailable` while it cannot be opened, or the reason of `close`
   */
  get file(): JournalFile {
    if (this.#file === undefined || this.#ended !== undefined) throw unavailable(this.#ended);
    return this.#file;
  }

  /** Writes a job with the others that are due. */
  add(job: Job): void {
    if (this.#ended === undefined) {
      this.#due.push(job);
      this.#schedule();
    } else job.fail(unavailable(this.#ended));
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.#pause !== undefined) return;
    const rest = this.#last + PACE - performance.now();
    if (rest <= 0) this.#turn = setImmediate(() => this.#flush());
    else this.#pause = setTimeout(() => this.#flush(), rest);
  }

  /**
   * Changes the file at once, after all that was to be written before.
   *
   * @param make writes, inside a commit that may still fail; nothing else may change
   * @throws RestanzaError `storage-unavailable`
   */
  change<Result>(make: (file: JournalFile) => Change<Result>): Result {
    this.#flush();
    const results: Result[] = [];
    let failure = this.#ended;
    const write = (file: JournalFile): Written => {
      const { result, apply } = make(file);
      return { apply, announce: () => results.push(result) };
    };
    const fail = (error: unknown) => {
      failure = error;
    };
    if (failure === undefined) this.#write([{ patient: false, write, fail }]);
    for (const result of results) return result;
    throw unavailable(failure);
  }

  /** Writes what can still be written, and closes the file. What could not be written fails with `reason`. */
  close(reason: RestanzaError): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#ended ??= reason;
    for (const job of this.#due.splice(0)) job.fail(reason);
    this.#letGo();
  }

  #flush(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#pause);
    this.#turn = undefined;
    this.#pause = undefined;
    const group = this.#due;
    this.#due = [];
    if (group.length > 0) this.#write(group);
  }

  #write(group: readonly Job[]): void {
    const file = this.#file;
    if (file === undefined || this.#ended !== undefined) {
      this.#refuse(group, this.#ended, true);
      return;
    }
    const written: Written[] = [];
    try {
      file.commit(() => {
        for (const job of group) written.push(job.write(file));
      });
    } catch (error) {
      this.#failed(group, written, error);
      return;
    }
    this.#commits += 1;
    this.#last = performance.now();
    this.#recovered();
    for (const { apply } of written) apply();
    for (const { announce } of written) announce();
  }

  #failed(group: readonly Job[], written: readonly Written[], error: unknown): void {
    const fault = faultOf(error);
    if (fault === 'content' && group.length > 1) {
      for (const job of group) this.#write([job]);
      return;
    }
    this.#report(error);
    if (fault === 'fenced') this.#ended = error;
    if (fault === 'handle') {
      this.#letGo();
      this.#doubtful = written.length === group.length ? written : [];
      if (performance.now() >= this.#notBefore && this.#resume()) {
        for (const { announce } of written) announce();
        return;
      }
    }
    this.#refuse(group, error, fault !== 'content');
  }

  /** Tells jobs of a failure; the patient ones stay when it may pass. */
  #refuse(group: readonly Job[], error: unknown, mayPass: boolean): void {
    const stays = (job: Job) => job.patient && mayPass && this.#ended === undefined;
    this.#due.push(...group.filter(stays));
    for (const job of group) if (!stays(job)) job.fail(unavailable(error));
    this.#tryLater();
  }

  /** Sees to it that what waits is tried again, also when nobody writes anything more. */
  #tryLater(): void {
    const idle = this.#due.length === 0 && this.#file !== undefined;
    if (idle || this.#timer !== undefined || this.#ended !== undefined) return;
    const delay = Math.max(RETRY, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => this.#tryAgain(), delay);
  }

  #tryAgain(): void {
    this.#timer = undefined;
    if (this.#file === undefined) this.#resume();
    if (this.#file !== undefined) this.#flush();
    this.#tryLater();
  }

  /**
   * Opens the file again. What was in doubt is applied when it turns out to be in it.
   *
   * @returns whether it was
   */
  #resume(): boolean {
    const began = performance.now();
    try {
      this.#file = this.#open();
      this.#file.checkpoint();
    } catch (error) {
      this.#report(error);
      this.#letGo();
      return false;
    } finally {
      this.#notBefore = performance.now() + PATIENCE * (performance.now() - began);
    }
    const more = this.#file.commits - this.#commits;
    const kept = more === 1 && this.#doubtful.length > 0;
    if (kept) for (const { apply } of this.#doubtful) apply();
    else if (more !== 0) this.#ended = new Fenced('another process has written to the journal');
    this.#commits = this.#file.commits;
    this.#doubtful = [];
    this.#recovered();
    return kept;
  }

  #letGo(): void {
    try {
      this.#file?.[Symbol.dispose]();
    } catch (error) {
      this.#report(error);
    }
    this.#file = undefined;
  }

  #report(error: unknown): void {
    if (!this.#failing) this.#log.error({ err: error }, 'the journal cannot be written');
    this.#failing = true;
  }

  #recovered(): void {
    if (this.#failing) this.#log.info({}, 'the journal can be written again');
    this.#failing = false;
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fenced) return 'fenced';
  if (error instanceof Damage) return 'handle';
  if (!(error instanceof Error && 'errcode' in error)) return 'content';
  return FAULTS.get(Number(error.errcode) & 0xff) ?? 'handle';
}

/** The error for whoever asked for something that the disk does not let us do; an error with a code stays what it is. */
export function unavailable(cause: unknown): RestanzaError {
  if (cause instanceof RestanzaError) return cause;
  return new RestanzaError('storage-unavailable', 'send it again later', { cause, retryAfter: 5 });
}

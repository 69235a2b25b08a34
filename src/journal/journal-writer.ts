/**
 * Group commit, and what happens when one fails.
 *
 * Decides that all that is to be written in one turn of the event loop becomes one commit, under load that of some turns
 * (`pace.ts`), and that nobody hears of it before it is on the disk. One group at a time is on its way there; the next one
 * gathers meanwhile, and everything else goes on. What a failure means is decided in `journal-fault.ts`. A job that is
 * patient is never told of a failure that may pass: it waits for the disk.
 */
import type { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Fault, faultOf, unavailable } from './journal-fault.ts';
import { Fenced, type JournalFile } from './journal-file.ts';
import { Pace } from './pace.ts';

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

/** A group that was committed: on its way to the disk, or in doubt. */
interface Flight {
  readonly group: readonly Job[];
  readonly written: readonly Written[];
}

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
  /** How many commits are on the disk, as far as we know. */
  #commits: number;
  #due: Job[] = [];
  /** What was committed and is not on the disk yet. */
  #flight: Flight | undefined;
  readonly #pace = new Pace(() => this.#flush());
  #timer: NodeJS.Timeout | undefined;
  /** A group of which nobody knows whether it is in the file. */
  #doubtful: Flight | undefined;
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
      if (this.#flight === undefined) this.#pace.schedule();
    } else job.fail(unavailable(this.#ended));
  }

  /**
   * Changes the file at once, after all that was to be written before.
   *
   * @param make writes, inside a commit that may still fail; nothing else may change
   * @throws RestanzaError `storage-unavailable`
   */
  change<Result>(make: (file: JournalFile) => Change<Result>): Result {
    this.#finish();
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
    this.#finish();
    this.#pace[Symbol.dispose]();
    clearTimeout(this.#timer);
    this.#ended ??= reason;
    for (const job of this.#due.splice(0)) job.fail(reason);
    this.#letGo();
  }

  /** Takes what is due. */
  #take(): readonly Job[] {
    this.#pace.begin();
    return this.#due.splice(0);
  }

  /** Commits what is due, and lets it go to the disk. What has started before is waited for: its end comes here again. */
  #flush(): void {
    if (this.#flight !== undefined) return;
    const [group, file] = [this.#take(), this.#file];
    const flight = group.length > 0 ? this.#commit(group) : undefined;
    if (flight === undefined || file === undefined) return;
    this.#flight = flight;
    file.sync().then(
      () => this.#landed(flight),
      (error: unknown) => this.#landed(flight, error),
    );
  }

  #landed(flight: Flight, error?: unknown): void {
    // Otherwise somebody could not wait, and has synced it himself.
    if (this.#flight !== flight) return;
    this.#flight = undefined;
    if (error === undefined) this.#kept(flight);
    else this.#failed(flight, error, 'handle');
    if (this.#due.length > 0) this.#pace.schedule();
  }

  /** Brings all to the disk that is on its way or due, at once. */
  #finish(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight !== undefined) this.#sync(flight);
    const group = this.#take();
    if (group.length > 0) this.#write(group);
  }

  /** Writes a group, on the disk when this returns; nothing is on its way. */
  #write(group: readonly Job[]): void {
    const flight = this.#commit(group);
    if (flight !== undefined) this.#sync(flight);
  }

  #sync(flight: Flight): void {
    try {
      this.#file?.syncNow();
    } catch (error) {
      this.#failed(flight, error, 'handle');
      return;
    }
    this.#kept(flight);
  }

  #commit(group: readonly Job[]): Flight | undefined {
    const file = this.#file;
    if (file === undefined || this.#ended !== undefined) {
      this.#refuse(group, this.#ended, true);
      return undefined;
    }
    const written: Written[] = [];
    try {
      file.commit(() => {
        for (const job of group) written.push(job.write(file));
      });
    } catch (error) {
      this.#failed({ group, written }, error, faultOf(error));
      return undefined;
    }
    return { group, written };
  }

  #kept({ written }: Flight): void {
    this.#file?.noteSynced();
    this.#commits += 1;
    this.#pace.end();
    this.#recovered();
    for (const { apply } of written) apply();
    for (const { announce } of written) announce();
  }

  #failed({ group, written }: Flight, error: unknown, fault: Fault): void {
    if (fault === 'content' && group.length > 1) {
      for (const job of group) this.#write([job]);
      return;
    }
    this.#report(error);
    if (fault === 'fenced') this.#ended = error;
    if (fault === 'handle') {
      this.#letGo();
      this.#doubtful = written.length === group.length ? { group, written } : undefined;
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

  /** Opens the file again. Returns whether what was in doubt is in it: it is applied then, and its jobs that wait are done. */
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
    const kept = more === 1 ? this.#doubtful : undefined;
    this.#commits = this.#file.commits;
    this.#doubtful = undefined;
    this.#recovered();
    if (kept !== undefined) this.#found(kept);
    else if (more !== 0) this.#ended = new Fenced('another process has written to the journal');
    return kept !== undefined;
  }

  #found({ group, written }: Flight): void {
    for (const { apply } of written) apply();
    const waiting = new Set(this.#due);
    this.#due = this.#due.filter(job => !group.includes(job));
    for (const [place, job] of group.entries()) if (waiting.has(job)) written[place]?.announce();
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

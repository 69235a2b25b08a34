/**
 * The journal in a SQLite file.
 *
 * Decides how memory and file go together: the file is the truth, and memory holds what every delivery needs of it: who
 * waits for what (`lanes.ts`) and the last entries (`recent.ts`). Memory changes when the commit is on the disk, never
 * before; the next delivery of a lane so waits until the outcome of the one before it is kept, and not even a crash makes
 * them change places. That a delivery is under way is known to memory alone: after a crash it is due again.
 *
 * What is dropped leaves free pages in the file, which are used again; the file does not shrink. A damaged entry is told to
 * the log and becomes a dead letter, and its lane goes on. One process may have the file open.
 */
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import { Bell } from './bell.ts';
import { checkedOutcome, draftOf, type New, writeNew, writeOutcome } from './changes.ts';
import type {
  ArchivePosition,
  Backlog,
  Delivery,
  DeliveryFilter,
  DeliveryRecord,
  Entry,
  EntryFilter,
  Journal,
  NewEntry,
  Outcome,
} from './journal.ts';
import { unavailable } from './journal-fault.ts';
import { JournalFile, type Opened } from './journal-file.ts';
import { JournalWriter, type Written } from './journal-writer.ts';
import { Lanes, type Queued } from './lanes.ts';
import { prune } from './prune.ts';
import { Recent } from './recent.ts';
import { Damage, positionOf, type Stored } from './stored.ts';

const DAMAGED = 'something in the journal is damaged';

/** Which deliveries are to be made again. */
type Which = { readonly id: string } | { readonly dead: true; readonly target?: string };

/** Keeps entries and deliveries. */
export class SqliteJournal implements Journal {
  onAppended: ((targets: ReadonlySet<string>) => void) | undefined;
  readonly #writer: JournalWriter;
  readonly #log: Log;
  readonly #now: () => number;
  /** By target, what it is owed. */
  readonly #lanes = new Map<string, Lanes>();
  /** By id, the deliveries that were claimed and whose outcome is not known yet. */
  readonly #underWay = new Map<string, Queued>();
  readonly #positions: Map<string, ArchivePosition>;
  readonly #recent: Recent;
  readonly #bell = new Bell();
  #last: number;
  #first: number;

  private constructor({ file, queued, positions }: Opened, path: string, log: Log, now: () => number) {
    this.#writer = new JournalWriter(file, () => JournalFile.open(path).file, log);
    this.#log = log;
    this.#now = now;
    this.#positions = new Map(positions);
    this.#last = file.last;
    this.#first = file.queries.first() ?? file.last + 1;
    this.#recent = new Recent(file.last);
    this.#queue(queued);
  }

  /**
   * Opens the journal, and makes the file and its folder when there are none yet. A small file of the same name with
   * `-mark` at its end stands beside it.
   *
   * @param path of the file
   * @param now milliseconds since 1970
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(path: string, log: Log, now: () => number = Date.now): SqliteJournal {
    return new SqliteJournal(JournalFile.open(path), path, log, now);
  }

  get last(): number {
    return this.#last;
  }

  get first(): number {
    return this.#first;
  }

  async append(entries: readonly NewEntry[]): Promise<readonly Entry[]> {
    const drafts = entries.map(draftOf);
    if (drafts.length === 0) return [];
    const { promise, resolve, reject } = Promise.withResolvers<readonly Entry[]>();
    const write = (file: JournalFile): Written => {
      const at = this.#now();
      const made = drafts.map(draft => writeNew(file, draft, at));
      return { apply: () => this.#arrived(made), announce: () => resolve(made.map(({ entry }) => entry)) };
    };
    this.#writer.add({ patient: false, write, fail: reject });
    return promise;
  }

  claim(target: string, now: number, limit: number): readonly Delivery[] {
    const { queries } = this.#writer.file;
    const lanes = this.#lanesOf(target);
    const items = lanes.claim(now, limit);
    try {
      const entries = items.map(({ seq }) => this.#recent.get(seq) ?? queries.entry(seq));
      return items.flatMap((item, index) => this.#begin(item, entries[index]));
    } catch (error) {
      for (const item of items) lanes.end(item, item);
      throw this.#unreadable(error);
    }
  }

  nextDue(target: string): number | undefined {
    return this.#lanes.get(target)?.nextDue;
  }

  async settle({ id }: Delivery, outcome: Outcome): Promise<void> {
    const item = this.#underWay.get(id);
    if (item === undefined) throw new Error(`the delivery ${id} is not under way`);
    return this.#settle(item, checkedOutcome(outcome));
  }

  get owed(): readonly string[] {
    return [...this.#lanes.keys()].filter(target => this.backlog(target).entries > 0);
  }

  backlog(target: string): Backlog {
    return this.#lanes.get(target)?.backlog ?? { entries: 0, bytes: 0 };
  }

  read(after: number, filter: EntryFilter, limit: number): readonly Entry[] {
    if (this.#recent.covers(after)) return this.#recent.read(after, filter, limit);
    const found = this.#reading(({ queries }) => queries.entries(after, filter, limit, this.#onDamage));
    // The file may hold what is not on the disk yet.
    return found.filter(({ seq }) => seq <= this.#last);
  }

  appended(after: number, signal: AbortSignal): Promise<void> {
    return this.#bell.wait(after, this.#last, signal);
  }

  position(link: Jid): ArchivePosition | undefined {
    return this.#positions.get(link);
  }

  async setPosition(link: Jid, archiveId: string, at: number = this.#now()): Promise<void> {
    const position = { archiveId, at };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const write = (file: JournalFile): Written => {
      file.setPosition(link, position);
      return { apply: () => this.#positions.set(link, position), announce: resolve };
    };
    this.#writer.add({ patient: false, write, fail: reject });
    return promise;
  }

  list(filter: DeliveryFilter): readonly DeliveryRecord[] {
    const after = filter.after === undefined ? undefined : positionOf(filter.after);
    if (filter.after !== undefined && after === undefined) {
      throw new RestanzaError('request-malformed', "'after' must be the id of a delivery");
    }
    return this.#reading(({ queries }) => queries.list(filter, after, this.#onDamage));
  }

  find(id: string, links: readonly Jid[]): DeliveryRecord | undefined {
    return this.#reading(({ queries }) => queries.find(id, links, this.#onDamage));
  }

  retry(which: Which, links: readonly Jid[]): number {
    return this.#writer.change(file => {
      const found = this.#retried(file, which, links);
      const dead = found.filter(({ state }) => state === 'dead').map(({ item }) => ({ ...item, tries: 0, next: 0 }));
      const queued = found.filter(({ state }) => state === 'queued').map(({ item }) => ({ ...item, next: 0 }));
      for (const item of [...dead, ...queued]) file.updateDelivery(item, 'queued');
      const apply = () => this.#hurried(dead, queued);
      return { result: dead.length + queued.length, apply };
    });
  }

  prune(before: number, bytes: number): number {
    return this.#writer.change(file => {
      const result = prune(file, before, bytes);
      const first = file.queries.first() ?? file.last + 1;
      const apply = () => {
        this.#first = first;
        this.#recent.forget(first);
      };
      return { result, apply };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopping = new RestanzaError('stopping');
    this.#writer.close(stopping);
    this.#bell.end(stopping);
  }

  /** Entries are on the disk. */
  #arrived(made: readonly New[]): void {
    for (const { entry, owner, size, archiveId, queued } of made) {
      this.#last = entry.seq;
      this.#recent.add({ entry, owner, size });
      if (archiveId !== undefined) this.#positions.set(entry.link, { archiveId, at: entry.at });
      for (const item of queued) this.#enqueue(item);
    }
    this.#bell.ring(this.#last);
    this.#call(made.flatMap(({ queued }) => queued));
  }

  #enqueue(item: Queued): void {
    const pointless = this.#lanesOf(item.target).add(item);
    if (pointless === undefined) return;
    const attempt = { at: this.#now(), latency: 0, excerpt: 'not sent: a newer presence takes its place' };
    this.#settle(pointless, { name: 'done', attempt }).catch(this.#onUnsettled);
  }

  /** Deliveries were asked for again, and that is on the disk. */
  #hurried(dead: readonly Queued[], queued: readonly Queued[]): void {
    this.#queue(dead);
    for (const item of queued) this.#lanesOf(item.target).hasten(item);
    this.#call([...dead, ...queued]);
  }

  #queue(items: readonly Queued[]): void {
    for (const [target, group] of Map.groupBy(items, item => item.target)) this.#lanesOf(target).addAll(group);
  }

  #lanesOf(target: string): Lanes {
    const known = this.#lanes.get(target);
    if (known !== undefined) return known;
    const lanes = new Lanes();
    this.#lanes.set(target, lanes);
    return lanes;
  }

  #call(items: readonly Queued[]): void {
    if (items.length > 0) this.onAppended?.(new Set(items.map(({ target }) => target)));
  }

  /** Begins a delivery, or buries one whose entry is damaged. */
  #begin(item: Queued, entry: Entry | Damage | undefined): readonly Delivery[] {
    this.#underWay.set(item.id, item);
    if (entry !== undefined && !(entry instanceof Damage)) {
      return [{ id: item.id, target: item.target, entry, tries: item.tries }];
    }
    const excerpt = `not sent: ${entry?.message ?? 'its entry is not there'}`;
    this.#log.error({ err: entry, delivery: item.id, target: item.target }, DAMAGED);
    const buried = this.#settle(item, { name: 'dead', attempt: { at: this.#now(), latency: 0, excerpt } });
    // Whoever claims does not know of it, and must hear that the lane goes on.
    buried.then(() => this.#call([item]), this.#onUnsettled);
    return [];
  }

  /** Keeps an outcome, however long the disk takes to come back. */
  #settle(item: Queued, outcome: Outcome): Promise<void> {
    const isUnderWay = this.#underWay.delete(item.id);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const write = (file: JournalFile): Written => {
      const again = writeOutcome(file, item, outcome);
      return { apply: () => this.#lanesOf(item.target).end(item, again), announce: resolve };
    };
    const fail = (error: unknown) => {
      if (isUnderWay) this.#underWay.set(item.id, item);
      reject(error);
    };
    this.#writer.add({ patient: true, write, fail });
    return promise;
  }

  #retried({ queries }: JournalFile, which: Which, links: readonly Jid[]): readonly Stored[] {
    return 'id' in which
      ? queries.stored(which.id, links, this.#onDamage)
      : queries.dead(links, which.target, this.#onDamage);
  }

  #reading<Result>(read: (file: JournalFile) => Result): Result {
    const { file } = this.#writer;
    try {
      return read(file);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): RestanzaError {
    this.#log.error({ err: error }, 'the journal cannot be read');
    return unavailable(error);
  }

  readonly #onDamage = (damage: Damage): void => {
    this.#log.error({ err: damage }, DAMAGED);
  };

  /** The journal is closed before the outcome is kept, or it cannot be written at all: the delivery stays queued. */
  readonly #onUnsettled = (error: unknown): void => {
    this.#log.warn({ err: error }, 'the outcome of a delivery could not be kept');
  };
}

/**
 * What is read from the journal's file: entries for readers, deliveries for their operators.
 *
 * Decides that a damaged row is left out and told to the log: it is neither delivered nor shown as something that it is
 * not. Every question is answered in the order of entries and bounded by a limit.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { Attempt, DeliveryFilter, DeliveryRecord, DeliveryState, Entry, EntryFilter } from './journal.ts';
import type { Statements } from './journal-sql.ts';
import { comparePositions, type Position } from './lanes.ts';
import { Damage, deliveryOf, entryOf, positionOf, type Row, type Stored, secretOf } from './stored.ts';

/** Is told of each damaged row. */
export type OnDamage = (damage: Damage) => void;

const STATES: readonly DeliveryState[] = ['queued', 'done', 'dead'];
const NOTHING: Position = { seq: 0, place: -1 };

/** A delivery that was read with its entry. */
interface Found extends Stored {
  readonly entry: Entry;
}

/** The reading statements of an opened file. */
export class JournalQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The seq of the oldest entry, `undefined` when there is none. */
  first(): number | undefined {
    const seq = this.#statements.first.get()?.['seq'];
    return typeof seq === 'number' ? seq : undefined;
  }

  /** The entry with a seq, or what is wrong with it. */
  entry(seq: number): Entry | Damage {
    const row = this.#statements.entry.get(seq);
    if (row === undefined) return new Damage(`the entry ${seq} is not there`);
    let damage: Damage | undefined;
    const [entry] = unlessDamaged(
      () => entryOf(row),
      found => {
        damage = found;
      },
    );
    return entry ?? damage ?? new Damage(`the entry ${seq} cannot be read`);
  }

  /** The entries after one that a reader may see, oldest first. */
  entries(after: number, { readable }: EntryFilter, limit: number, onDamage: OnDamage): readonly Entry[] {
    const { entriesOfLink, entriesOfOwner } = this.#statements;
    const rows = readable.flatMap(({ link, bare }) =>
      bare === undefined ? entriesOfLink.all(link, after, limit) : entriesOfOwner.all(link, bare, after, limit),
    );
    const once = new Map(rows.map(row => [Number(row['seq']), row]));
    const oldest = [...once].sort(([one], [other]) => one - other).slice(0, limit);
    return oldest.flatMap(([, row]) => unlessDamaged(() => entryOf(row), onDamage));
  }

  /** The deliveries that an operator asks for, oldest entry first. */
  list(filter: DeliveryFilter, after: Position | undefined, onDamage: OnDamage): readonly DeliveryRecord[] {
    const { links, state, target = null, before = Number.MAX_SAFE_INTEGER, since = 0, limit } = filter;
    const { seq, place } = after ?? NOTHING;
    const states = state === undefined ? STATES : [state];
    const rows = [...new Set(links)]
      .flatMap(link => states.map(one => [link, one] as const))
      .flatMap(([link, one]) => this.#statements.records.all(link, one, seq, place, target, since, before, limit))
      .sort((one, other) => comparePositions(standing(one), standing(other)));
    const found = rows.slice(0, limit).flatMap(row => unlessDamaged(() => foundIn(row), onDamage));
    return found.map(one => this.#recordOf(one));
  }

  /** The delivery with an id, when it is of one of these links. */
  find(id: string, links: readonly Jid[], onDamage: OnDamage): DeliveryRecord | undefined {
    const row = this.#row(id, links);
    const [found] = row === undefined ? [] : unlessDamaged(() => foundIn(row), onDamage);
    return found && this.#recordOf(found);
  }

  /** The same, as it stands in the file. */
  stored(id: string, links: readonly Jid[], onDamage: OnDamage): readonly Stored[] {
    const row = this.#row(id, links);
    return row === undefined ? [] : unlessDamaged(() => deliveryOf(row), onDamage);
  }

  /** The dead deliveries of links, of one target or of all. */
  dead(links: readonly Jid[], target: string | undefined, onDamage: OnDamage): readonly Stored[] {
    return [...new Set(links)]
      .flatMap(link => this.#statements.dead.all(link, target ?? null))
      .flatMap(row => unlessDamaged(() => deliveryOf(row), onDamage));
  }

  /** The oldest entries from before a time of which nothing is queued; at most `limit`. */
  settledBefore(time: number, limit: number): readonly number[] {
    return this.#statements.settledBefore.all(time, limit).map(row => Number(row['seq']));
  }

  /** The oldest entries after another of which nothing is queued; at most `limit`. */
  settledAfter(seq: number, limit: number): readonly number[] {
    return this.#statements.settledAfter.all(seq, limit).map(row => Number(row['seq']));
  }

  #row(id: string, links: readonly Jid[]): Row | undefined {
    const position = positionOf(id);
    const row = position && this.#statements.record.get(position.seq, position.place);
    return row?.['secret'] === secretOf(id) && links.some(link => link === row['link']) ? row : undefined;
  }

  #recordOf({ item, state, entry }: Found): DeliveryRecord {
    const { id, seq, place, target, tries, next } = item;
    const attempts = this.#statements.attempts.all(seq, place).map(attemptOf);
    const due = state === 'queued' && { next: Math.max(next, entry.at) };
    return { id, target, state, entry, tries, ...due, attempts };
  }
}

const standing = (row: Row): Position => ({ seq: Number(row['entry']), place: Number(row['place']) });

function foundIn(row: Row): Found {
  return { ...deliveryOf(row), entry: entryOf(row) };
}

function attemptOf(row: Row): Attempt {
  const status = row['status'];
  const attempt = { at: Number(row['at']), latency: Number(row['latency']), excerpt: String(row['excerpt']) };
  return typeof status === 'number' ? { ...attempt, status } : attempt;
}

/** What `read` finds, or nothing. */
function unlessDamaged<Value>(read: () => Value, onDamage: OnDamage): readonly Value[] {
  try {
    return [read()];
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    onDamage(error);
    return [];
  }
}

/**
 * The last entries, in memory: nearly every reader and every delivery wants one of these.
 *
 * Decides how much is kept: the newest entries whose stanzas are 8 MiB of XML together, without a gap between them.
 */
import type { Entry, EntryFilter } from './journal.ts';
import { SortedQueue } from './sorted-queue.ts';

/** An entry with what is known of it beside. */
export interface Kept {
  readonly entry: Entry;
  /** The bare address that its stanza was sent to. */
  readonly owner: string;
  /** Bytes of its stanza. */
  readonly size: number;
}

const BYTES = 8 * 1024 * 1024;
/** Bytes that an entry takes at least; what a small stanza takes in memory is not its XML. */
const LEAST = 512;

/** The newest entries. */
export class Recent {
  readonly #kept = new SortedQueue<Kept>((one, other) => one.entry.seq - other.entry.seq);
  #bytes = 0;
  /** Entries up to this one are not all here. */
  #floor: number;

  /** @param last the seq of the last entry; those up to it are not here */
  constructor(last: number) {
    this.#floor = last;
  }

  /** Adds an entry that is newer than all others; the oldest go when there are too many. */
  add(kept: Kept): void {
    this.#kept.add(kept);
    this.#bytes += weight(kept);
    while (this.#bytes > BYTES && this.#kept.length > 1) this.#drop();
  }

  /** Forgets the entries before one. */
  forget(first: number): void {
    for (let oldest = this.#kept.at(0); oldest !== undefined && oldest.entry.seq < first; oldest = this.#kept.at(0)) {
      this.#drop();
    }
  }

  /** The entry with a seq, when it is here. */
  get(seq: number): Entry | undefined {
    const found = this.#kept.at(this.#placeOf(seq))?.entry;
    return found?.seq === seq ? found : undefined;
  }

  /** The entries after one that a reader may see and that are here, oldest first. */
  read(after: number, { readable }: EntryFilter, limit: number): readonly Entry[] {
    const found: Entry[] = [];
    for (let place = this.#placeOf(after + 1); found.length < limit; place += 1) {
      const kept = this.#kept.at(place);
      if (kept === undefined) break;
      const { entry, owner } = kept;
      if (readable.some(({ link, bare }) => link === entry.link && (bare ?? owner) === owner)) found.push(entry);
    }
    return found;
  }

  /** Whether all entries after one are here. */
  covers(seq: number): boolean {
    return seq >= this.#floor;
  }

  #drop(): void {
    const dropped = this.#kept.shift();
    if (dropped === undefined) return;
    this.#bytes -= weight(dropped);
    this.#floor = dropped.entry.seq;
  }

  #placeOf(seq: number): number {
    return this.#kept.search(({ entry }) => entry.seq < seq);
  }
}

const weight = ({ size }: Kept) => Math.max(size, LEAST);

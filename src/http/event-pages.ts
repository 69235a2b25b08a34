/**
 * The journal as readers of events go through it: page after page, each from a position that is the seq of an entry.
 *
 * Decides how much is read and rendered at once, when a reader has missed something, and that readers who ask for the same
 * get the same bytes: of a page that a thousand of them wait for, there is one copy.
 */
import type { Entry, EntryFilter, Journal } from '../journal/journal.ts';
import { type EventFormat, entryFrame, type Gap, gapFrame } from './sse.ts';

/** What a reader reads. */
export interface Feed {
  /** The same for feeds that give the same. */
  readonly key: string;
  readonly readable: EntryFilter['readable'];
  /** Whether the reader wants an entry that he may see; absent when he wants all. */
  readonly admits: ((entry: Entry) => boolean) | undefined;
  readonly format: EventFormat;
}

/** A part of a feed. */
export interface Page {
  readonly entries: readonly Entry[];
  /** The position behind it. */
  readonly next: number;
}

/** A part of a feed as Server-Sent Events; empty when nothing in it is for the reader. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly events: number;
  /** The position behind it. */
  readonly next: number;
}

/** Entries that are read at once: what is between two turns of the event loop. */
const PAGE = 32;
/** Bytes of rendered chunks that are kept, and what a chunk counts beside its own bytes. */
const KEPT_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256;

/** The pages of one journal. */
export class EventPages {
  readonly #journal: Journal;
  /** By feed and position, the last used at the end. */
  readonly #chunks = new Map<string, Chunk>();
  #bytes = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The position behind the last entry. */
  get end(): number {
    return this.#journal.last;
  }

  /**
   * What a reader who has read up to a position has missed. The journal keeps entries for some time only; a position that
   * it has not come to is one of another journal, of which nothing is kept. Position 0 asks for no more than what is kept.
   */
  gapAt(position: number): Gap | undefined {
    const { first, last } = this.#journal;
    const isLost = position > last || (position > 0 && position + 1 < first);
    return isLost ? { after: position, first } : undefined;
  }

  /** Where reading goes on for who says that he has read up to a position; nothing said is the end. */
  startAt(after: number | undefined): number {
    if (after === undefined) return this.end;
    return after > this.end ? 0 : after;
  }

  /** The next page after a position. It need not hold anything, even if a later one does. */
  pageAfter({ readable, admits }: Feed, position: number): Page {
    const { last } = this.#journal;
    const entries = position < last ? this.#journal.read(position, { readable }, PAGE) : [];
    // A page that is not full need not be the last one: the journal leaves out what it finds damaged.
    const next = entries.at(-1)?.seq ?? Math.max(position, last);
    return { entries: admits === undefined ? entries : entries.filter(admits), next };
  }

  /** The same, rendered; a gap before it is part of it. */
  chunkAfter(feed: Feed, position: number): Chunk {
    const name = `${position} ${feed.key}`;
    const known = this.#chunks.get(name);
    if (known !== undefined) return known;
    const chunk = this.#render(feed, position);
    if (chunk.next > position) this.#keep(name, chunk);
    return chunk;
  }

  #render(feed: Feed, position: number): Chunk {
    const { entries, next } = this.pageAfter(feed, position);
    const gap = this.gapAt(position);
    const frames = entries.map(entry => entryFrame(entry, feed.format));
    if (gap !== undefined) frames.unshift(gapFrame(gap));
    return { bytes: Buffer.from(frames.join('')), events: entries.length, next };
  }

  #keep(name: string, chunk: Chunk): void {
    this.#chunks.set(name, chunk);
    this.#bytes += chunk.bytes.length + CHUNK_BYTES;
    for (const [oldest, { bytes }] of this.#chunks) {
      if (this.#bytes <= KEPT_BYTES) return;
      this.#chunks.delete(oldest);
      this.#bytes -= bytes.length + CHUNK_BYTES;
    }
  }
}

/**
 * Events as one list, for clients that ask again and again (long polling).
 *
 * Decides that a request without anything to give waits, for as long as it asked, for the first thing that comes; how much
 * one answer holds; and its form in JSON and XML. `last` is the position to ask from next, also when nothing came.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Entry } from '../journal/journal.ts';
import type { EventPages, Feed } from './event-pages.ts';
import type { EventReader } from './event-readers.ts';
import { EVENT_CODECS, type EventFormat, type Gap } from './sse.ts';

/** Bytes past which no further event is put into a list, and pages that one request looks through. */
const MOST_BYTES = 1024 * 1024;
const MOST_PAGES = 256;

/** A list of events. */
export interface EventList {
  /** Each rendered. */
  readonly events: readonly string[];
  /** The position behind it. */
  readonly last: number;
  readonly gap?: Gap;
}

/** Which events to list. */
export interface Listing {
  readonly pages: EventPages;
  readonly feed: Feed;
  readonly after: number | undefined;
  readonly limit: number;
}

/** The end of a wait for events: something came, or nobody waits any longer. */
export class EventWait implements EventReader {
  #isOver = false;
  #wake = () => {};

  /** Nothing more is worth waiting for. */
  get isOver(): boolean {
    return this.#isOver;
  }

  advance(): void {
    this.#wake();
  }

  beat(): void {}

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Resolves when there is something new, or the end. */
  async woken(): Promise<void> {
    if (this.#isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}

/** Lists what is there now. Who has missed something gets told at once. */
export async function listEvents({ pages, feed, after, limit }: Listing): Promise<EventList> {
  const gap = after === undefined ? undefined : pages.gapAt(after);
  const list = await collect({ pages, feed, limit, position: pages.startAt(after) });
  return gap === undefined ? list : { ...list, gap };
}

/** Lists what comes after a position, once there is something or the wait is over. */
export async function awaitEvents(listing: Listing, from: number, wait: EventWait): Promise<EventList> {
  const { pages } = listing;
  let position = from;
  while (!wait.isOver) {
    const list = await collect({ ...listing, position });
    if (list.events.length > 0) return list;
    position = list.last;
    if (position === pages.end) await wait.woken();
  }
  return { events: [], last: position };
}

interface Collecting extends Pick<Listing, 'pages' | 'feed' | 'limit'> {
  readonly position: number;
}

async function collect({ pages, feed, limit, position }: Collecting): Promise<EventList> {
  const events: string[] = [];
  let bytes = 0;
  let last = position;
  for (let page = 0; page < MOST_PAGES && last < pages.end; page += 1) {
    if (page > 0) await nextTurn();
    const { entries, next } = pages.pageAfter(feed, last);
    for (const entry of entries) {
      if (events.length === limit || bytes > MOST_BYTES) return { events, last };
      const text = render(entry, feed.format);
      events.push(text);
      bytes += text.length;
      last = entry.seq;
    }
    last = next;
  }
  return { events, last };
}

function render({ seq, at, stanza }: Entry, format: EventFormat): string {
  const written = EVENT_CODECS[format].encode([stanza]);
  const time = new Date(at).toISOString();
  return format === 'json'
    ? `{"seq":${seq},"at":"${time}","stanza":${written}}`
    : `<event seq='${seq}' at='${time}'>${written}</event>`;
}

/** The list as a document. */
export function listBody({ events, last, gap }: EventList, format: EventFormat): string {
  if (format === 'json') {
    const missed = gap === undefined ? '' : `,"gap":${JSON.stringify({ after: gap.after, first: gap.first })}`;
    return `{"events":[${events.join(',')}],"last":${last}${missed}}`;
  }
  const missed = gap === undefined ? '' : `<gap after='${gap.after}' first='${gap.first}'/>`;
  return `<events last='${last}'>${missed}${events.join('')}</events>`;
}

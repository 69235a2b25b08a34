/**
 * `/events`: what came in, for clients that read it instead of being called.
 *
 * Decides that one route gives a stream (Server-Sent Events) or a list (long polling), as `Accept` says, of what the caller
 * may read; that both go on exactly where the client was; and that neither outlives the server. How they are made is in
 * `event-stream.ts` and `event-list.ts`.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Principal } from '../../auth/principal.ts';
import { RestanzaError } from '../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import { type Clock, SYSTEM_CLOCK } from '../../link/clock.ts';
import type { Log } from '../../log.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { authorized, type Gate } from '../authorized.ts';
import { awaitEvents, type EventList, EventWait, type Listing, listBody, listEvents } from '../event-list.ts';
import { EventPages, type Feed } from '../event-pages.ts';
import { admitting, type EventQuery, readEventQuery } from '../event-query.ts';
import { EventReaders, READER_LIMITS, type ReaderLimits } from '../event-readers.ts';
import { EventStream } from '../event-stream.ts';
import { readableBy } from '../readable.ts';
import { EVENT_CODECS } from '../sse.ts';

/** What the gateway has of what came in. */
export interface ReceivingOptions {
  readonly journal: Journal;
  /** The addresses of all links whose stanzas are kept. */
  readonly links: readonly Jid[];
  /** Is told when deliveries were asked for again. */
  readonly retried?: () => void;
  /** Whether the token of a reader still holds; all do when absent. */
  readonly holds?: (principal: Principal) => boolean;
  /** The limits of `event-readers.ts` when absent. */
  readonly readers?: Partial<ReaderLimits>;
  /** The time of the process when absent. */
  readonly clock?: Clock;
}

/** What the route needs of the house. */
export interface EventOptions extends ReceivingOptions, Gate {
  readonly log: Log;
}

/** Where the route is. */
export const EVENTS_PATH = '/events';

/** What all requests share. */
interface Reading {
  readonly options: EventOptions;
  readonly pages: EventPages;
  readonly readers: EventReaders;
  readonly clock: Clock;
}

/** Adds the route to the application. */
export function eventRoutes(app: FastifyInstance, options: EventOptions): void {
  const { journal, log, holds, clock = SYSTEM_CLOCK } = options;
  const limits = { ...READER_LIMITS, ...options.readers };
  const readers = new EventReaders({ journal, clock, log, limits, holds });
  const reading = { options, pages: new EventPages(journal), readers, clock };
  app.addHook('preClose', async () => readers[Symbol.dispose]());
  const route = authorized(options, ['receive'], async (principal, request, reply) => {
    // Each of his requests is by somebody else, so nothing can ever have come for him, and no bound would hold.
    if (principal.transient) throw new RestanzaError('not-found', 'events are for those who log in');
    const query = readEventQuery(request.url, request.headers);
    const feed = feedOf(principal, query, options.links);
    if (query.isStream) return stream(principal, query, feed, reply, reading);
    return list(principal, query, feed, reply, reading);
  });
  // A stream has no end, so there is nothing that HEAD could describe.
  app.route({ method: 'GET', url: EVENTS_PATH, exposeHeadRoute: false, ...route });
}

function feedOf(principal: Principal, { wanted, format }: EventQuery, links: readonly Jid[]): Feed {
  const readable = readableBy(principal, links);
  return { key: JSON.stringify([format, readable, wanted]), readable, admits: admitting(wanted), format };
}

function stream(
  principal: Principal,
  { after }: EventQuery,
  feed: Feed,
  reply: FastifyReply,
  { options, pages, readers, clock }: Reading,
): void {
  const opening = new EventStream(reply.raw, { pages, feed, after, clock, log: options.log });
  const place = readers.add(principal, opening);
  reply.hijack();
  reply.raw.on('close', () => place[Symbol.dispose]());
  if (reply.raw.closed) place[Symbol.dispose]();
  else opening.open();
}

async function list(
  principal: Principal,
  { after, limit, wait }: EventQuery,
  feed: Feed,
  reply: FastifyReply,
  reading: Reading,
): Promise<void> {
  const listing: Listing = { pages: reading.pages, feed, after, limit };
  const found = await listEvents(listing);
  const isDone = found.events.length > 0 || found.gap !== undefined || wait === 0;
  const answer = isDone ? found : await waitFor(principal, listing, found.last, { seconds: wait, reply, reading });
  sendList(answer, feed, reply);
}

/** A wait of one request. */
interface Waiting {
  readonly seconds: number;
  readonly reply: FastifyReply;
  readonly reading: Reading;
}

/** Waits until something comes, the time is over, the client leaves or the gateway stops. */
async function waitFor(
  principal: Principal,
  listing: Listing,
  from: number,
  { seconds, reply, reading: { readers, clock } }: Waiting,
): Promise<EventList> {
  const wait = new EventWait();
  const leave = () => wait.end();
  using ending = new DisposableStack();
  ending.use(readers.add(principal, wait));
  ending.use(clock.after(seconds * 1000, leave));
  ending.defer(() => reply.raw.off('close', leave));
  reply.raw.on('close', leave);
  if (reply.raw.closed) leave();
  return await awaitEvents(listing, from, wait);
}

function sendList(answer: EventList, { format }: Feed, reply: FastifyReply): void {
  reply
    .code(200)
    .headers({ 'content-type': EVENT_CODECS[format].mediaType, 'cache-control': 'no-store' })
    .send(Buffer.from(listBody(answer, format)));
}

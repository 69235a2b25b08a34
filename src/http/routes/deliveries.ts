/**
 * `/deliveries`: what became of the stanzas that callbacks are owed.
 *
 * Decides who manages a delivery (the owner of the link that its stanza came in on; for everyone else it is not there) and
 * what can be done: list, look at one, and make one or all dead ones due again. When a delivery is made is decided in
 * `delivery/`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RestanzaError } from '../../errors.ts';
import type { IdempotencyStore } from '../../journal/idempotency-store.ts';
import type { DeliveryRecord, Journal } from '../../journal/journal.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { authorized, type Gate } from '../authorized.ts';
import { detailsOf, readDeliveryFilter, readRetryTarget, summaryOf } from '../delivery-query.ts';
import { idempotent } from '../idempotent.ts';
import { readParameters } from '../query-parameters.ts';
import { ownLinks } from '../readable.ts';
import type { ReceivingOptions } from './events.ts';

/** What the routes need of the house. */
export interface DeliveryOptions extends Pick<ReceivingOptions, 'journal' | 'links' | 'retried'>, Gate {
  readonly idempotency: IdempotencyStore;
}

/** Where the routes begin. */
export const DELIVERIES_PATH = '/deliveries';

/** What answers a request of the owner of some links. */
type OwnerHandler = (links: readonly Jid[], request: FastifyRequest) => Answer;

interface Answer {
  readonly status: 200 | 202;
  readonly body: object;
}

/** Adds the routes to the application. */
export function deliveryRoutes(app: FastifyInstance, options: DeliveryOptions): void {
  const { idempotency, links } = options;
  const reading = (handler: OwnerHandler) =>
    authorized(options, ['admin'], async (principal, request, reply) =>
      send(handler(ownLinks(principal, links), request), reply),
    );
  const changing = (handler: OwnerHandler) => {
    const { handler: once, onSend } = idempotent(idempotency, async (principal, request, reply) =>
      send(handler(ownLinks(principal, links), request), reply),
    );
    return { onSend, ...authorized(options, ['admin'], once) };
  };
  const base = DELIVERIES_PATH;
  app.route({ method: 'GET', url: base, ...reading((own, request) => list(own, request, options)) });
  app.route({ method: 'GET', url: `${base}/:id`, ...reading((own, request) => show(own, request, options)) });
  app.route({ method: 'POST', url: `${base}/retry`, ...changing((own, request) => retryAll(own, request, options)) });
  app.route({
    method: 'POST',
    url: `${base}/:id/retry`,
    ...changing((own, request) => retryOne(own, request, options)),
  });
}

function send({ status, body }: Answer, reply: FastifyReply): void {
  reply
    .code(status)
    .headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    .send(Buffer.from(JSON.stringify(body)));
}

/** One more is read than is shown: whether there are more is worth knowing. */
function list(links: readonly Jid[], { url }: FastifyRequest, { journal }: DeliveryOptions): Answer {
  const filter = readDeliveryFilter(url, links);
  const found = journal.list({ ...filter, limit: filter.limit + 1 });
  const shown = found.slice(0, filter.limit);
  const next = found.length > shown.length ? (shown.at(-1)?.id ?? null) : null;
  return { status: 200, body: { deliveries: shown.map(summaryOf), next } };
}

function show(links: readonly Jid[], request: FastifyRequest, options: DeliveryOptions): Answer {
  return { status: 200, body: detailsOf(find(links, request, options)) };
}

function retryAll(links: readonly Jid[], { url }: FastifyRequest, options: DeliveryOptions): Answer {
  const target = readRetryTarget(url);
  return retry({ dead: true, ...(target !== undefined && { target }) }, links, options);
}

function retry(
  which: Parameters<Journal['retry']>[0],
  links: readonly Jid[],
  { journal, retried }: DeliveryOptions,
): Answer {
  const count = journal.retry(which, links);
  if (count > 0) retried?.();
  return { status: 202, body: { retried: count } };
}

function retryOne(links: readonly Jid[], request: FastifyRequest, options: DeliveryOptions): Answer {
  const { id, state } = find(links, request, options);
  if (state === 'done') throw new RestanzaError('delivery-done', 'only queued and dead ones can be made once more');
  return retry({ id }, links, options);
}

/** @throws RestanzaError `not-found`, also for a delivery of somebody else */
function find(links: readonly Jid[], request: FastifyRequest, { journal }: DeliveryOptions): DeliveryRecord {
  readParameters(request.url, {});
  const record = journal.find(idOf(request), links);
  if (record === undefined) {
    throw new RestanzaError('not-found', `no delivery of yours has this id; list them with GET ${DELIVERIES_PATH}`);
  }
  return record;
}

function idOf({ params }: FastifyRequest): string {
  return typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
}

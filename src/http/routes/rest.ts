/**
 * `/rest`: the routes of mod_rest.
 *
 * Decides how each request becomes a stanza: a POST by its body and, where the format has no place for them, its path; a
 * GET by its path and query; and that `POST /rest/echo` shows what would be sent. What happens to the stanza then is in
 * `submission.ts`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QUERY_PERMISSIONS, STANZA_PERMISSIONS } from '../../auth/permission.ts';
import type { Principal } from '../../auth/principal.ts';
import { codecFor, DECODERS, mediaTypeOf } from '../../bridge/codecs.ts';
import { readPath, readQueryPath } from '../../bridge/path.ts';
import { decodeQuery } from '../../bridge/query.ts';
import { address } from '../../host/submit.ts';
import type { IdempotencyStore } from '../../journal/idempotency-store.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { type AuthorizedHandler, authorized, type Gate } from '../authorized.ts';
import { readCoded } from '../coded-body.ts';
import { idempotent } from '../idempotent.ts';
import { answer, holding, namingIgnored, type SubmissionOptions, submit } from '../submission.ts';
import { tailOf } from '../tail.ts';

/** What the routes need of the house. */
export interface RestOptions extends SubmissionOptions, Gate {
  readonly idempotency: IdempotencyStore;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
  /** Where the routes begin, such as `/rest`. */
  readonly paths: { readonly rest: string; readonly msg: string };
}

/** Adds the routes to the application. */
export function restRoutes(app: FastifyInstance, options: RestOptions): void {
  const base = options.paths.rest;
  const { handler, onSend } = idempotent(options.idempotency, (principal, request, reply, origin) => {
    const stanza = bodyStanza(request, reply, tailOf(request, base), options);
    return submit({ principal, stanza, origin, accepted: acceptedFor(request) }, request, reply, options);
  });
  // Which of them a request takes, its stanza says.
  const needs = STANZA_PERMISSIONS;
  const echo = authorized(options, needs, (principal, request, reply) => show(principal, request, reply, options));
  const hold = holding(options);
  const ask: AuthorizedHandler = (principal, request, reply) => {
    const stanza = queryStanza(request, reply, base);
    return submit({ principal, stanza }, request, reply, options);
  };
  for (const url of [base, `${base}/*`]) {
    app.route({ method: 'POST', url, onSend, ...authorized(options, needs, handler, hold) });
    app.route({ method: 'OPTIONS', url, handler: async (_request, reply) => describe(reply) });
  }
  app.route({ method: 'GET', url: `${base}/*`, ...authorized(options, QUERY_PERMISSIONS, ask, hold) });
  app.route({ method: 'POST', url: `${base}/echo`, ...echo });
  // mod_rest takes this for a POST without a body.
  app.route({
    method: 'GET',
    url: `${base}/echo`,
    ...authorized(options, needs, async () => void codecFor(undefined)),
  });
}

/** mod_http_rest takes only `text/xml` and says 201; mod_rest, which does not take it, says 202. */
function acceptedFor({ headers }: FastifyRequest): 201 | 202 {
  return mediaTypeOf(headers['content-type'] ?? '') === 'text/xml' ? 201 : 202;
}

/** What can be asked of these routes, for who probes before sending. */
function describe(reply: FastifyReply): FastifyReply {
  const types = DECODERS.map(({ mediaType }) => mediaType);
  return reply.headers({ allow: 'GET, HEAD, OPTIONS, POST', accept: types.join(', ') }).send();
}

async function show(principal: Principal, request: FastifyRequest, reply: FastifyReply, options: RestOptions) {
  answer([address(principal, bodyStanza(request, reply, undefined, options))], request, reply);
}

/**
 * The stanza of a POST.
 *
 * @param tail the path after the base; absent when it ends there
 */
function bodyStanza(
  request: FastifyRequest,
  reply: FastifyReply,
  tail: string | undefined,
  options: RestOptions,
): Stanza {
  const decoder = codecFor(request.headers['content-type']);
  const path = tail !== undefined && decoder.heedsPath ? { path: readPath(tail) } : {};
  const hints = { limit: options.bodyLimit, onIgnored: namingIgnored(reply), ...path };
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  return readCoded(request.headers, () => decoder.decode(body, hints));
}

function queryStanza(request: FastifyRequest, reply: FastifyReply, base: string): Stanza {
  const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : undefined;
  return decodeQuery(readQueryPath(tailOf(request, base) ?? ''), search, { onIgnored: namingIgnored(reply) });
}

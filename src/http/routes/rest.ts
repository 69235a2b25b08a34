/**
 * `/rest`: the routes of mod_rest.
 *
 * Decides how each request becomes a stanza: a POST by its body and, where the format has no place for them, its path; a
 * GET by its path and query; and that `POST /rest/echo` shows what would be sent. What happens to the stanza then is in
 * `submission.ts`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Principal } from '../../auth/principal.ts';
import { codecFor, DECODERS, mediaTypeOf } from '../../bridge/codecs.ts';
import { readPath, readQueryPath } from '../../bridge/path.ts';
import { decodeQuery } from '../../bridge/query.ts';
import { RestanzaError } from '../../errors.ts';
import { address } from '../../host/submit.ts';
import type { IdempotencyStore } from '../../journal/idempotency-store.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { authorized } from '../authorized.ts';
import { idempotent } from '../idempotent.ts';
import { answer, namingIgnored, type SubmissionOptions, submit } from '../submission.ts';

/** What the routes need of the house. */
export interface RestOptions extends SubmissionOptions {
  readonly authenticator: Authenticator;
  readonly idempotency: IdempotencyStore;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
}

/** Where the routes are. */
const BASE = '/rest';

/** Adds the routes to the application. */
export function restRoutes(app: FastifyInstance, options: RestOptions): void {
  const { authenticator, idempotency } = options;
  const { handler, onSend } = idempotent(idempotency, (principal, request, reply, id) => {
    const stanza = bodyStanza(request, reply, tailOf(request), options);
    return submit({ principal, stanza, id, accepted: acceptedFor(request) }, request, reply, options);
  });
  const posting = { method: 'POST', onSend, ...authorized(authenticator, handler) } as const;
  app.route({ url: BASE, ...posting });
  app.route({ url: `${BASE}/*`, ...posting });
  const echo = authorized(authenticator, (principal, request, reply) => show(principal, request, reply, options));
  app.route({ method: 'POST', url: `${BASE}/echo`, ...echo });
  // mod_rest takes this for a POST without a body too.
  app.route({ method: 'GET', url: `${BASE}/echo`, ...authorized(authenticator, async () => codecFor(undefined)) });
  for (const url of [BASE, `${BASE}/*`])
    app.route({ method: 'OPTIONS', url, handler: async (_request, reply) => describe(reply) });
  const query = authorized(authenticator, (principal, request, reply) => {
    const stanza = queryStanza(request, reply);
    return submit({ principal, stanza, id: undefined }, request, reply, options);
  });
  app.route({ method: 'GET', url: `${BASE}/*`, ...query });
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
  return answer([address(principal, bodyStanza(request, reply, undefined, options))], request, reply);
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
  return decoder.decode(request.body instanceof Uint8Array ? request.body : new Uint8Array(), hints);
}

function queryStanza(request: FastifyRequest, reply: FastifyReply): Stanza {
  const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : undefined;
  return decodeQuery(readQueryPath(tailOf(request) ?? ''), search, { onIgnored: namingIgnored(reply) });
}

const TAIL = new RegExp(`^(?:[a-z]+://[^/]*)?/+${BASE.slice(1)}(?:/+([^?]*))?(?:\\?|$)`, 'i');

/** The path after the base, still encoded: decoding it once more than needed would change addresses with a `%`. */
function tailOf({ url }: FastifyRequest): string | undefined {
  const match = TAIL.exec(url);
  if (match === null) throw new RestanzaError('request-malformed', `write the path as ${BASE}/…`);
  return match[1];
}

/**
 * Web pages that use the API: CORS, as the Fetch Standard §3.3 has it.
 *
 * Decides, by the host that a request is made to, which pages may read its answers and which requests they may make. A host
 * that lists no origins never gets a field of CORS, whatever the answer. A page is named in the answer, never `*`, and
 * credentials that a browser adds by itself are not asked for: a script has to know what it puts into `Authorization`.
 * Nobody's scripts have any business at the page where people log in (RFC 9700 §2.6).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressedHost } from '../auth/addressed-host.ts';
import type { Authority } from '../oauth/authority.ts';
import { OAUTH_PATHS } from '../oauth/metadata.ts';
import type { Jid } from '../xmpp/jid.ts';
import { authorityAt } from './oauth-exchange.ts';
import { hostnameOf } from './source.ts';

/** The origins that each host lists, in the form in which browsers send them; `*` is every one. */
export type Origins = ReadonlyMap<Jid, readonly string[]>;

/** What a page may send and read beyond what every page may. */
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'];
const SENT = [
  ...['Authorization', 'Content-Type', 'Accept', 'Idempotency-Key', 'Prefer', 'Prosody-Rest-Timeout', 'Last-Event-ID'],
  'Traceparent',
];
const READ = ['Retry-After', 'Preference-Applied', 'Restanza-Ignored', 'WWW-Authenticate', 'X-Request-Id'];
/** Seconds that a browser may remember the permission; the most that Chromium heeds. */
const MAX_AGE = 7_200;

const ANY = '*';
/** As browsers write it; what else comes is not repeated. */
const ORIGIN = /^[!-~]+$/;

/** The origins that may use the API of the host that a request is made to. */
function originsFor(request: FastifyRequest, origins: Origins, authorities: readonly Authority[]): readonly string[] {
  const host = authorityAt(request, authorities)?.domain ?? addressedHost(hostnameOf(request), origins.keys());
  return (host === undefined ? undefined : origins.get(host)) ?? [];
}

function lists(origins: readonly string[], origin: string): boolean {
  return origins.includes(origin) || (origins.includes(ANY) && ORIGIN.test(origin));
}

/** The pages that may make requests to a host, for the check of where a request comes from (`origin.ts`). */
export function pagesOf(origins: Origins, domain: Jid): readonly string[] | '*' {
  const listed = origins.get(domain) ?? [];
  return listed.includes(ANY) ? ANY : listed;
}

/**
 * Lets pages of the listed origins use the application: answers their preflight requests, and marks every other answer, an
 * error too. To be called before anything that can refuse a request.
 *
 * @param origins has all hosts, also those that list none
 * @param authorities the hosts that may have a public URL
 */
export function allowOrigins(app: FastifyInstance, origins: Origins, authorities: readonly Authority[]): void {
  if ([...origins.values()].every(listed => listed.length === 0)) return;
  app.addHook('onRequest', async (request, reply) => {
    const listed = originsFor(request, origins, authorities);
    if (listed.length === 0) return undefined;
    // Not on the reply: a stream of events writes its head by itself.
    reply.raw.setHeader('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !lists(listed, origin) || isLogin(request)) return undefined;
    reply.raw.setHeader('access-control-allow-origin', origin);
    reply.raw.setHeader('access-control-expose-headers', READ.join(', '));
    return isPreflight(request) ? permit(reply) : undefined;
  });
}

/** A preflight has no route, so its path counts. */
function isLogin({ routeOptions, url }: FastifyRequest): boolean {
  return [routeOptions.url, url.split('?', 1)[0]].includes(OAUTH_PATHS.authorize);
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function permit(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': METHODS.join(', '),
      'access-control-allow-headers': SENT.join(', '),
      'access-control-max-age': String(MAX_AGE),
    })
    .send();
}

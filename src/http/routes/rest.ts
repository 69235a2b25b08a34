/**
 * `POST /rest`: one stanza in, at most one stanza on the wire.
 *
 * Decides the order of a request, which is the whole story of sending: decode, prepare, then either hand over (message,
 * presence: 202) or wait for the answer (iq: 200 with the answer, an error stanza included).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Principal } from '../../auth/principal.ts';
import { negotiate } from '../../bridge/accept.ts';
import { codecFor } from '../../bridge/codecs.ts';
import { RestanzaError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { type Prepared, prepare } from '../../host/submit.ts';
import { domainOf, type Jid } from '../../xmpp/jid.ts';
import type { Iq } from '../../xmpp/stanza.ts';
import { authorized } from '../authorized.ts';

/** What the route needs of the house. */
export interface RestOptions {
  readonly authenticator: Authenticator;
  /** The host of a domain. */
  readonly hostOf: (domain: Jid) => Host | undefined;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
  /** Seconds that an iq waits unless the request says otherwise. */
  readonly iqTimeout: number;
  /** Seconds that an iq waits at most. */
  readonly iqMaxTimeout: number;
}

/** Adds the route to the application. */
export function restRoutes(app: FastifyInstance, options: RestOptions): void {
  app.route({
    method: 'POST',
    url: '/rest',
    ...authorized(options.authenticator, (principal, request, reply) => submit(principal, request, reply, options)),
  });
}

async function submit(principal: Principal, request: FastifyRequest, reply: FastifyReply, options: RestOptions) {
  const { 'content-type': contentType, accept } = request.headers;
  const onIgnored = (keys: readonly string[]) => reply.header('restanza-ignored', keyList(keys));
  const stanza = codecFor(contentType).decode(bodyOf(request), { limit: options.bodyLimit, onIgnored });
  const prepared = prepare(principal, stanza);
  const host = hostFor(prepared, options);
  if (prepared.kind !== 'iq') {
    await host.send(prepared);
    return reply.code(202).send();
  }
  const answers = await ask(host, prepared, request, reply, options);
  const codec = negotiate(accept, contentType);
  // As bytes: to a string Fastify would add a charset, which JSON does not have (RFC 8259 §11).
  return reply
    .code(200)
    .header('content-type', codec.mediaType)
    .send(Buffer.from(codec.encode(answers)));
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

/** Keys past which the list is cut; a client that sends more has not read the documentation. */
const MAX_LISTED = 20;

/** The value of `Restanza-Ignored`: names with a comma between them, percent-encoded where a field could not hold them. */
function keyList(keys: readonly string[]): string {
  const names = keys.slice(0, MAX_LISTED).map(key => encodeURIComponent(key.slice(0, 64).toWellFormed()));
  return (keys.length > MAX_LISTED ? [...names, '...'] : names).join(', ');
}

function hostFor({ from }: Prepared, { hostOf }: RestOptions): Host {
  const host = hostOf(domainOf(from));
  if (host === undefined) throw new RestanzaError('from-forbidden', 'this gateway does not serve that domain');
  return host;
}

/** Waits for the answer for as long as the caller does. */
async function ask(host: Host, iq: Iq & Prepared, request: FastifyRequest, reply: FastifyReply, options: RestOptions) {
  const caller = new AbortController();
  const leave = () => caller.abort();
  reply.raw.on('close', leave);
  try {
    return await host.request(iq, { timeout: timeoutOf(request, options) * 1000, gone: caller.signal });
  } finally {
    reply.raw.off('close', leave);
  }
}

/** Seconds to wait: the field `Prosody-Rest-Timeout`, within the configured bound. */
function timeoutOf(request: FastifyRequest, { iqTimeout, iqMaxTimeout }: RestOptions): number {
  const field = request.headers['prosody-rest-timeout'];
  const asked = typeof field === 'string' && /^\d{1,9}(\.\d{1,3})?$/.test(field) ? Number(field) : Number.NaN;
  return Math.min(asked > 0 ? asked : iqTimeout, iqMaxTimeout);
}

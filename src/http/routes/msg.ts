/**
 * `/msg`: the route of mod_post_msg, for scripts that only want to say something.
 *
 * Decides that what comes is a message, of type chat unless the body says otherwise, to whom the body or else the path
 * names; a name without a domain is an account at the caller's own; and that a message on its way is 201. How callers log in
 * is decided in `msg-login.ts`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../auth/principal.ts';
import { codecFor, mediaTypeOf } from '../../bridge/codecs.ts';
import { readPath } from '../../bridge/path.ts';
import { RestanzaError } from '../../errors.ts';
import { domainOf, type Jid, JidError, parseJid } from '../../xmpp/jid.ts';
import type { Message, Stanza } from '../../xmpp/stanza.ts';
import { authorized } from '../authorized.ts';
import { readCoded } from '../coded-body.ts';
import { idempotent } from '../idempotent.ts';
import { holding, namingIgnored, submit } from '../submission.ts';
import { tailOf } from '../tail.ts';
import { addressLogin } from './msg-login.ts';
import type { RestOptions } from './rest.ts';

/** What mod_post_msg reads; XML and CBOR have no place in its dialect. */
const MEDIA_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'application/json'];

/** Adds the routes to the application. */
export function msgRoutes(app: FastifyInstance, options: RestOptions): void {
  const base = options.paths.msg;
  const { handler, onSend } = idempotent(options.idempotency, (principal, request, reply, origin) => {
    const stanza = messageOf(principal, request, reply, options);
    return submit({ principal, stanza, origin, accepted: 201 }, request, reply, options);
  });
  const gate = { ...options, authenticator: addressLogin(options.authenticator) };
  for (const url of [base, `${base}/*`]) {
    app.route({ method: 'POST', url, onSend, ...authorized(gate, ['send'], handler, holding(options)) });
    app.route({ method: 'OPTIONS', url, handler: async (_request, reply) => describe(reply) });
  }
}

function describe(reply: FastifyReply): FastifyReply {
  return reply.headers({ allow: 'POST', accept: MEDIA_TYPES.join(', ') }).send();
}

function messageOf(
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
  { bodyLimit, paths }: RestOptions,
): Message {
  const contentType = request.headers['content-type'];
  if (!MEDIA_TYPES.includes(mediaTypeOf(contentType ?? ''))) {
    throw new RestanzaError(
      'media-type-unsupported',
      `set the header Content-Type to one of ${MEDIA_TYPES.join(', ')}`,
    );
  }
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  const hints = { limit: bodyLimit, onIgnored: namingIgnored(reply) };
  const stanza = readCoded(request.headers, () => codecFor(contentType).decode(body, hints));
  if (!isMessage(stanza))
    throw new RestanzaError('kind-invalid', `this takes messages; POST the rest to ${paths.rest}`);
  return {
    ...stanza,
    type: stanza.type ?? 'chat',
    to: stanza.to ?? recipientOf(principal, tailOf(request, paths.msg) ?? ''),
  };
}

function isMessage(stanza: Stanza): stanza is Message {
  return stanza.kind === 'message';
}

/** The address in the path after the base. */
function recipientOf({ address }: Principal, tail: string): Jid {
  const { to } = readPath(`message/chat/${tail}`);
  if (to === undefined) throw new RestanzaError('to-invalid', "name the recipient in the path, or as 'to'");
  try {
    return parseJid(to.includes('@') ? to : `${to}@${domainOf(address)}`);
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    throw new RestanzaError('to-invalid', error.message, { cause: error });
  }
}

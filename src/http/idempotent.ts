/**
 * Requests that a client may repeat: the field `Idempotency-Key`.
 *
 * Decides what around a handler makes its route repeatable: a repeat never reaches the handler, every answer of a first
 * request, an error included, is kept as it goes out, and what sent nothing is forgotten. When requests are the same and
 * what a repeat gets is decided in `journal/idempotency.ts`.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, type Principal } from '../auth/principal.ts';
import { RestanzaError } from '../errors.ts';
import type { Origin } from '../host/origin-id.ts';
import { type Answer, fingerprintOf, isUnsent, parseKey } from '../journal/idempotency.ts';
import type { Entry, IdempotencyStore } from '../journal/idempotency-store.ts';
import type { AuthorizedHandler } from './authorized.ts';

/** Names of the fields that a repeat gets too, in lower case. */
const KEPT_FIELDS = ['content-type', 'restanza-ignored', 'preference-applied'] as const;

const TRANSIENT = 'an anonymous user cannot repeat a request; leave Idempotency-Key out';

/**
 * A handler that sends at most one stanza. Once it has, it throws no error that says that nothing was sent (`isUnsent`).
 *
 * @param origin what the stanza is to be known by when it is sent again; absent when the request has no key
 */
export type IdempotentHandler = (
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
  origin: Origin | undefined,
) => Promise<void>;

/** The two parts of a route that `idempotent` fills in; the handler still has to go through `authorized`. */
export interface IdempotentRoute {
  readonly handler: AuthorizedHandler;
  readonly onSend: (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<void>;
}

/**
 * Makes a route repeatable. A handler that is given an origin must finish its work even when the client has gone: the client
 * comes back for the answer. Its answers must be text, bytes or nothing.
 *
 * A refusal is a `RestanzaError`: `request-malformed` for the field or for who cannot use it, and those of `IdempotencyStore.begin`.
 */
export function idempotent(store: IdempotencyStore, handler: IdempotentHandler): IdempotentRoute {
  const entries = new WeakMap<FastifyRequest, Entry>();
  return {
    async handler(principal, request, reply) {
      const key = parseKey(request.headers['idempotency-key']);
      if (key === undefined) return handler(principal, request, reply, undefined);
      if (principal.transient) throw new RestanzaError('request-malformed', TRANSIENT);
      const begun = store.begin(callerOf(principal), key, fingerprint(request));
      if (begun.kind === 'replay') return replay(begun.answer, reply);
      entries.set(request, begun.entry);
      try {
        return await handler(principal, request, reply, { id: begun.entry.id, originId: key });
      } catch (error) {
        if (isUnsent(error) && entries.delete(request)) store.abandon(begun.entry);
        throw error;
      }
    },
    async onSend(request, reply, payload) {
      const entry = entries.get(request);
      if (entry === undefined) return;
      const answer = answerOf(reply, payload);
      entries.delete(request);
      store.finish(entry, answer);
    },
  };
}

function fingerprint({ method, url, headers, body }: FastifyRequest): Uint8Array {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  return fingerprintOf({ method, path: url, contentType: headers['content-type'], body: bytes });
}

/** Without a body Fastify must get none, or it would name a type for it. */
function replay({ status, headers, body }: Answer, reply: FastifyReply): void {
  reply
    .code(status)
    .headers(headers)
    .send(body.length === 0 ? undefined : body);
}

function answerOf(reply: FastifyReply, payload: unknown): Answer {
  const fields = KEPT_FIELDS.flatMap(name => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)]];
  });
  return { status: reply.statusCode, headers: Object.fromEntries(fields), body: bytesOf(payload) };
}

function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload === undefined || payload === null) return new Uint8Array();
  throw new TypeError('a route that may be repeated answers with text, bytes or nothing');
}

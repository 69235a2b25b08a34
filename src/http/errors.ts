/**
 * How errors leave over HTTP.
 *
 * Decides which of our codes stands for each error of the HTTP server, and that nothing but a code of the table is ever
 * shown: whatever else is thrown is a bug, logged whole and answered as `internal`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ScopeError } from '../auth/scopes.ts';
import { errorBody } from '../bridge/error-body.ts';
import { type ErrorCode, RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type StanzaPaths, wayInstead } from './wrong-way.ts';

/** Codes of Fastify's errors that a client can cause. */
const FASTIFY_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'media-type-unsupported'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'request-malformed'],
  ['FST_ERR_BAD_URL', 'request-malformed'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'request-malformed'],
  ['FST_ERR_INVALID_URL', 'request-malformed'],
]);

/** Codes of Node's HTTP parser; everything else that it refuses is `request-malformed`. */
const NODE_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
]);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The error to show for whatever was thrown. */
function shown(error: unknown): RestanzaError {
  if (error instanceof RestanzaError) return error;
  const code = FASTIFY_CODES.get(codeOf(error));
  return code === undefined ? new RestanzaError('internal', undefined, { cause: error }) : new RestanzaError(code);
}

/** Seconds after which a 503 may be tried again when nobody knows better. */
const RETRY_AFTER = 30;

/** Sends an error to the client, and to the log when it is ours. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = shown(error);
  if (known.code === 'internal') log.error({ err: error }, 'request failed');
  const { mediaType, body } = errorBody(known, request.headers.accept);
  const retryAfter = known.retryAfter ?? (known.row.status === 503 ? RETRY_AFTER : undefined);
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfter))));
  if (known instanceof ScopeError) {
    reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${known.scope}"`);
  }
  return reply.code(known.row.status).header('content-type', mediaType).send(Buffer.from(body));
}

/**
 * Makes every error of the application leave in our form.
 *
 * @param paths where stanzas are sent to, for who is lost
 */
export function handleErrors(app: FastifyInstance, log: Log, paths: StanzaPaths): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log));
  app.setNotFoundHandler((request, reply) =>
    sendError(new RestanzaError('not-found', wayInstead(request.method, request.url, paths)), request, reply, log),
  );
}

/** What an error of Node's HTTP parser, or its impatience, is to the client. */
export function faultOf(error: NodeJS.ErrnoException): RestanzaError {
  return new RestanzaError(NODE_CODES.get(error.code ?? '') ?? 'request-malformed');
}

/** An answer to what is not HTTP at all, for the bare socket. */
export function refusal(fault: RestanzaError): string {
  const { mediaType, body } = errorBody(fault, undefined);
  const head = [
    `HTTP/1.1 ${fault.row.status} Error`,
    `Content-Type: ${mediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    // RFC 9110 §6.6.1 wants it in every answer.
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

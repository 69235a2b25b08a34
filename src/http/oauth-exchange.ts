/**
 * A request to the authorization server, and its answer as JSON (RFC 6749 §5, RFC 7591 §3.2).
 *
 * Decides which host a request is for, by which URL clients know that host, how its parameters are read, and how errors leave:
 * in the words of OAuth where there are some, else as everywhere.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressedHost } from '../auth/addressed-host.ts';
import { mediaTypeOf } from '../bridge/codecs.ts';
import { parsePairs } from '../bridge/form.ts';
import { decodeStrictly } from '../bridge/percent.ts';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Authority } from '../oauth/authority.ts';
import type { Shown } from '../oauth/client-authentication.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { type Parameters, parametersOf } from '../oauth/parameters.ts';
import type { Jid } from '../xmpp/jid.ts';
import { addressOf, hostnameOf } from './source.ts';

/** What the routes need of the house. */
export interface OAuthOptions {
  /** The hosts that are authorization servers. */
  readonly authorities: ReadonlyMap<Jid, Authority>;
  /** All domains. */
  readonly served: readonly Jid[];
  readonly log: Log;
}

/** Largest body of these endpoints, in bytes. */
export const OAUTH_BODY = 16 * 1024;

const FORM = 'application/x-www-form-urlencoded';

/**
 * The host that a request is for: the one whose URL it was made to, else as everywhere.
 *
 * @throws RestanzaError `not-found` where that host is no authorization server
 */
export function authorityFor(request: FastifyRequest, { authorities, served }: OAuthOptions): Authority {
  const domain = addressedHost(hostnameOf(request), served);
  const found =
    authorityAt(request, authorities.values()) ?? (domain === undefined ? undefined : authorities.get(domain));
  if (found === undefined) throw new RestanzaError('not-found', 'this host is no authorization server');
  return found;
}

/** The host among these whose public URL a request was made to. */
export function authorityAt({ headers }: FastifyRequest, among: Iterable<Authority>): Authority | undefined {
  return [...among].find(({ publicUrl }) => isAt(publicUrl, headers.host));
}

/** Whether a Host field names the host and port of a URL; some proxies also write a port that its scheme implies. */
function isAt(url: string | undefined, host = ''): boolean {
  if (url === undefined) return false;
  const { protocol, host: own } = new URL(url);
  const named = `${protocol}//${host}`;
  return URL.canParse(named) && new URL(named).host === own;
}

/**
 * The URL by which clients know this server (RFC 8414 §2, RFC 9207).
 *
 * @throws RestanzaError `request-malformed` for a Host field that is no host
 */
export function issuerOf({ publicUrl }: Authority, { headers }: FastifyRequest): string {
  if (publicUrl !== undefined) return publicUrl;
  const url = `http://${headers.host ?? ''}`;
  if (URL.canParse(url) && /^[A-Za-z0-9.:[\]_-]+$/.test(headers.host ?? '')) return new URL(url).origin;
  throw new RestanzaError('request-malformed', 'the Host field must name this server');
}

/** The parameters in the query string. Errors are those of `parametersOf`, and `body-malformed`. */
export function queryOf({ url }: FastifyRequest): Parameters {
  const start = url.indexOf('?');
  return parametersOf(
    start === -1 ? new Map() : parsePairs(url.slice(start + 1), part => decodeStrictly(part, 'the query')),
  );
}

/**
 * The parameters in a form.
 *
 * @throws OAuthError `invalid_request`
 */
export function formOf(request: FastifyRequest): Parameters {
  if (mediaTypeOf(request.headers['content-type'] ?? '') !== FORM) {
    throw new OAuthError('invalid_request', `send parameters as ${FORM}`);
  }
  try {
    return parametersOf(parsePairs(textOf(request), part => decodeStrictly(part, 'the body')));
  } catch (error) {
    if (error instanceof RestanzaError) throw new OAuthError('invalid_request', 'the body is not a form in UTF-8');
    throw error;
  }
}

/**
 * The JSON in the body.
 *
 * @throws OAuthError `invalid_client_metadata`
 */
export function jsonOf(request: FastifyRequest): unknown {
  if (mediaTypeOf(request.headers['content-type'] ?? '') !== 'application/json') {
    throw new OAuthError('invalid_client_metadata', 'send the registration as application/json');
  }
  try {
    return JSON.parse(textOf(request));
  } catch {
    throw new OAuthError('invalid_client_metadata', 'the body is not JSON in UTF-8');
  }
}

function textOf({ body }: FastifyRequest): string {
  try {
    return body instanceof Uint8Array ? new TextDecoder('utf-8', { fatal: true }).decode(body) : '';
  } catch {
    throw new OAuthError('invalid_request', 'the body is not UTF-8');
  }
}

/** What a client shows of itself in a request with a form. */
export function shownBy(request: FastifyRequest): Shown {
  return { authorization: request.headers.authorization, parameters: formOf(request), address: addressOf(request) };
}

/** Sends JSON that nobody may keep (RFC 6749 §5.1). */
export function sendJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' })
    .send(JSON.stringify(value));
}

/** What goes with a 401 or 403 of these codes. */
const CHALLENGES: Readonly<Partial<Record<OAuthError['code'], string>>> = {
  invalid_client: 'Basic realm="oauth2", charset="UTF-8"',
  invalid_token: 'Bearer error="invalid_token"',
  insufficient_scope: 'Bearer error="insufficient_scope"',
};

/** Sends an error in the words of OAuth. */
export function sendOAuthError(reply: FastifyReply, { code, status, message }: OAuthError): FastifyReply {
  const challenge = CHALLENGES[code];
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  return sendJson(reply, status, { error: code, error_description: message });
}

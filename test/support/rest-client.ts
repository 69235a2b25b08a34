/**
 * HTTP requests to the gateway, as a program of a user would make them.
 *
 * Decides nothing about the API: it sends what it is given, and bounds how long an answer may take, so that a request that
 * hangs is a failure and not a test that never ends.
 */
import assert from 'node:assert/strict';
import type { Element } from '../../src/xml/element.ts';
import { documentLimits } from '../../src/xml/limits.ts';
import { parseDocument } from '../../src/xml/parse.ts';
import { NS } from '../../src/xmpp/ns.ts';

/** User name and password of HTTP Basic (RFC 7617). */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** One `POST /rest`. */
export interface Post {
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** The media type; a request without `content-type` when absent. */
  readonly type?: string;
  /** Left out, the request has no credentials. */
  readonly as?: Credentials;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the request fails for want of an answer. */
  readonly within?: number;
}

/** An answer that is read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export const XML = 'application/xmpp+xml';
export const JSON_TYPE = 'application/json';

const WITHIN = 20_000;
/** More than any answer that a test asks for. */
const ANSWER = documentLimits(1024 * 1024);

/** The value of an `Authorization` header. */
export function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/**
 * Posts to `/rest` and reads the answer.
 *
 * @throws Error when there is no connection, or no answer in time
 */
export async function post(url: string, { body, type, as, headers, within = WITHIN }: Post): Promise<Reply> {
  const response = await fetch(`${url}/rest`, {
    method: 'POST',
    // Bytes, because fetch names a type for a string on its own.
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    headers: {
      ...(type !== undefined && { 'content-type': type }),
      ...(as !== undefined && { authorization: basic(as) }),
      ...headers,
    },
    signal: AbortSignal.timeout(within),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The answer's body, which must be JSON. */
export function jsonOf(reply: Reply): unknown {
  assert.match(reply.headers.get('content-type') ?? '', /^application\/json/, reply.text);
  return JSON.parse(reply.text);
}

/** The answer's body, which must be XML: a stanza, whose namespace need not be declared. */
export function xmlOf(reply: Reply): Element {
  assert.match(reply.headers.get('content-type') ?? '', /^application\/xmpp\+xml/, reply.text);
  return parseDocument(reply.text, ANSWER, NS.client);
}

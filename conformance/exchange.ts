/**
 * The requests of the conformance suite as they go over HTTP (RFC 9110).
 *
 * Decides how a case becomes a request, and the bounds: an answer comes within 20 seconds and has at most 1 MiB. Paths go
 * out as they are written, since fetch would put them right.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { encode } from 'cborg';
import type { CborBody, Exchange, Login } from './case.ts';

/** Who asks whom. */
export interface Target {
  readonly url: URL;
  /** Base paths; without `msg` there is no mod_post_msg. */
  readonly rest: string;
  readonly msg?: string;
  /** The name for HTTP Basic (RFC 7617). */
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  /** A bare address that takes messages. */
  readonly peer?: string;
}

/** An answer that is read to its end. */
export interface Reply {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const WITHIN = 20_000;
const LARGEST = 1024 * 1024;

/** The user's bare address. */
export function addressOf({ user, domain }: Target): string {
  return user.includes('@') ? user : `${user}@${domain}`;
}

/** Puts in what differs from run to run. */
export function fill(text: string, target: Target): string {
  const values: Readonly<Record<string, string | undefined>> = {
    rest: target.rest,
    msg: target.msg,
    domain: target.domain,
    me: addressOf(target),
    peer: target.peer,
  };
  return text.replace(/\{(rest|msg|domain|me|peer)\}/g, (whole, name: string) => values[name] ?? whole);
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

const AUTHORIZATIONS: Readonly<Record<Login, (target: Target) => string | undefined>> = {
  user: ({ user, password }) => basic(user, password),
  address: target => basic(addressOf(target), target.password),
  'full-address': target => basic(`${addressOf(target)}/conformance`, target.password),
  localpart: ({ user, password }) => basic(user.replace(/@.*/, ''), password),
  none: () => undefined,
  'wrong-password': ({ user, password }) => basic(user, `not ${password}`),
  'address-wrong-password': target => basic(addressOf(target), `not ${target.password}`),
  'address-unknown-user': ({ domain }) => basic(`no-such-account@${domain}`, 'x'),
  'address-other-scheme': target => basic(addressOf(target), target.password).replace('Basic', 'Digest'),
  'unknown-user': () => basic('no-such-account', 'x'),
  'no-colon': ({ user }) => `Basic ${Buffer.from(user).toString('base64')}`,
  'no-base64': () => 'Basic !',
  'lower-case-scheme': ({ user, password }) => basic(user, password).replace('Basic', 'basic'),
  'unknown-scheme': () => 'Digest x',
  'unknown-token': () => 'Bearer no-such-token',
};

function headersOf({ type, accept, headers, login = 'user' }: Exchange, target: Target): Record<string, string> {
  const authorization = AUTHORIZATIONS[login](target);
  return {
    connection: 'close',
    ...headers,
    ...(type !== undefined && { 'content-type': type }),
    ...(accept !== undefined && { accept }),
    ...(authorization !== undefined && { authorization }),
  };
}

function contentOf(body: string | CborBody, target: Target): Uint8Array {
  if (typeof body === 'string') return Buffer.from(fill(body, target));
  return encode(Object.fromEntries(Object.entries(body.cbor).map(([key, value]) => [key, fill(value, target)])));
}

/**
 * Makes a request and reads the answer.
 *
 * @throws Error when there is no connection, no answer in time, or a longer one than 1 MiB
 */
export async function ask(exchange: Exchange, target: Target): Promise<Reply> {
  const { method = 'POST', body } = exchange;
  const content = body === undefined ? undefined : contentOf(body, target);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = target.url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send({
    hostname: target.url.hostname.replace(/^\[|\]$/g, ''),
    port: target.url.port,
    method,
    path: encodeURI(fill(exchange.path, target)).replaceAll('%25', '%'),
    headers: { ...headersOf(exchange, target), ...(content !== undefined && { 'content-length': content.length }) },
    agent: false,
    signal: AbortSignal.timeout(WITHIN),
  });
  request.on('response', resolve).on('error', reject);
  request.end(content);
  return read(await promise);
}

async function read(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST) throw new Error(`the answer is longer than ${LARGEST} bytes`);
    parts.push(part);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, value?.toString()]);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(parts) };
}

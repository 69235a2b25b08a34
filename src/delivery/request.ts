/**
 * The call that tells a target of a stanza.
 *
 * Decides the request: POST as mod_rest makes it, with its headers, beside them those of Standard Webhooks 1.0 and of W3C
 * Trace Context. What a stranger wrote reaches the URL only percent-encoded, and one header only, when it is a language
 * tag. The id is the same at each try, time, signature and span are not. Pure: clock and chance come from outside.
 */
import { hash } from 'node:crypto';
import type { Codec } from '../bridge/codec.ts';
import { CODECS, DECODERS } from '../bridge/codecs.ts';
import { RestanzaError } from '../errors.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { CallRequest } from './caller.ts';
import { writeComponentHttp } from './component-http.ts';
import { sign } from './sign.ts';
import type { Format, Target } from './target.ts';
import { type Rendered, renderPath, type UrlValues, urlValues } from './url.ts';

/** What a target is told. */
export interface Notice {
  /** The `webhook-id`. */
  readonly id: string;
  readonly stanza: Stanza;
}

/** What differs from try to try. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** 16 random hexadecimal digits. */
  readonly span: string;
  /** Of this program. */
  readonly version: string;
}

/** A call, or why none can be made of the stanza at this target, now or later. */
export type Prepared =
  | { readonly name: 'call'; readonly request: CallRequest }
  | { readonly name: 'refused'; readonly reason: string };

/** What may answer: mod_rest's list, in its order, and what only we have. */
const ACCEPT = acceptField();

function acceptField(): string {
  const theirs = ['application/xmpp+xml', 'application/json', 'application/x-www-form-urlencoded', 'text/plain'];
  const ours = DECODERS.map(({ mediaType }) => mediaType).filter(one => one !== 'text/xml' && !theirs.includes(one));
  return [...theirs, ...ours].join(', ');
}

/** RFC 5646 §2.1, loosely: what a header can hold in any case. */
const LANGUAGE = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/;

/**
 * Makes the call for a stanza.
 *
 * @param format what the target reads: its own format, or what it has chosen when it was probed
 */
export function callbackRequest(target: Target, format: Format, { id, stanza }: Notice, moment: Moment): Prepared {
  const path = renderPath(target.url, urlValues(stanza));
  if (path.name === 'refused') return path;
  const written = writeBody(format, stanza);
  if (written.name === 'refused') return written;
  const { contentType, body } = written;
  const timestamp = Math.floor(moment.now / 1000);
  const { lang } = stanza;
  const { keys } = target;
  const headers = {
    ...fixedHeaders(target, moment.version),
    accept: ACCEPT,
    'content-type': contentType,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    traceparent: traceparent(id, moment.span),
    ...(lang !== undefined && LANGUAGE.test(lang) && { 'content-language': lang }),
    ...(keys.length > 0 && { 'webhook-signature': sign({ id, timestamp, body }, keys) }),
  };
  return { name: 'call', request: { method: 'POST', path: path.path, headers, body } };
}

/** The probe of a target, as mod_rest makes it: `OPTIONS` to the URL of a stanza that does not exist. */
export function probeRequest(target: Target, version: string): Prepared {
  const values: UrlValues = { kind: 'meta', type: 'info', to: target.link, from: target.link };
  const path: Rendered = renderPath(target.url, values);
  if (path.name === 'refused') return path;
  return { name: 'call', request: { method: 'OPTIONS', path: path.path, headers: fixedHeaders(target, version) } };
}

/** What every call of a target has. */
function fixedHeaders({ url, bearer, headers }: Target, version: string): Readonly<Record<string, string>> {
  const { login } = url;
  const basic = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  const authorization = bearer === undefined ? basic : `Bearer ${bearer}`;
  return { 'user-agent': `Restanza/${version}`, ...(authorization !== undefined && { authorization }), ...headers };
}

type Written =
  | { readonly name: 'body'; readonly contentType: string; readonly body: string | Uint8Array }
  | { readonly name: 'refused'; readonly reason: string };

function writeBody(format: Format, stanza: Stanza): Written {
  try {
    const codec: Codec | undefined = CODECS.find(({ mediaType }) => mediaType === format);
    if (codec !== undefined) return { name: 'body', contentType: codec.mediaType, body: codec.encode([stanza]) };
    return { name: 'body', contentType: 'application/json', body: writeComponentHttp(stanza) };
  } catch (error) {
    if (!(error instanceof RestanzaError)) throw error;
    return { name: 'refused', reason: `the stanza cannot be written as ${format}: ${error.message}` };
  }
}

/** Trace Context §3.2: the trace is the delivery, the span is the try. */
function traceparent(id: string, span: string): string {
  return `00-${hash('sha256', id).slice(0, 32)}-${span}-01`;
}

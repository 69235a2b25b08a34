/**
 * The URL of a target, with places for what a stanza says: `{kind}`, `{type}`, `{to}`, `{from}`.
 *
 * Decides where these may stand (in the path and the query, so that no stranger chooses host, port or user) and how values
 * go in: percent-encoded as mod_rest does, and where there is no value the name in braces stays, as in mod_rest. A value
 * that would make a part of the path `.` or `..`, however often it is decoded, gives no URL: it would lead to another path.
 */
import { domainToASCII } from 'node:url';
import type { Stanza } from '../xmpp/stanza.ts';

/** A user and a password for HTTP Basic. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A URL that was read. It may hold secrets: log only `shown`. */
export interface UrlTemplate {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The host without brackets: a name or an address. */
  readonly hostname: string;
  readonly login?: Login;
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  /** The URL without its query. */
  readonly shown: string;
}

/** What a stanza's place in a URL is filled with. */
export type UrlValues = Readonly<Partial<Record<Variable, string>>>;

/** The path and query of a call, or why there is none. */
export type Rendered =
  | { readonly name: 'path'; readonly path: string }
  | { readonly name: 'refused'; readonly reason: string };

/** A text is no URL for callbacks. The message never quotes it, since it may hold a secret. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
}

const VARIABLES = ['kind', 'type', 'to', 'from'] as const;
type Variable = (typeof VARIABLES)[number];

const PARTS = /^(https?:\/\/)([^/?#]+)([^?#]*)(\?[^#]*)?(#.*)?$/i;
const PLACE = /\{([^{}]*)\}/g;
/** White space, control characters, and the slash that some readers take for another. */
const UNFIT = /[\s\\\u0000-\u0020\u007f]/;

/**
 * Reads a URL with places for values.
 *
 * @param text without user info, which is given apart
 * @throws UrlError for a text that is none, and for one whose host would depend on a stanza
 */
export function readTemplate(text: string, login?: Login): UrlTemplate {
  const [, scheme = '', authority = '', path = '', query = ''] = PARTS.exec(text) ?? [];
  if (scheme === '') throw new UrlError('a callback URL begins with http:// or https:// and a host');
  if (UNFIT.test(text)) throw new UrlError('a callback URL has no spaces, control characters or backslashes');
  if (/[{}@]/.test(authority)) throw new UrlError('the host of a callback URL holds no {variables} and no user here');
  if (!URL.canParse(scheme + authority)) throw new UrlError('a callback URL needs a valid host and port');
  for (const part of [path, query]) requireKnownPlaces(part);
  if (path.split('/').some(climbs)) throw new UrlError("a callback URL has no '.' or '..' in its path");
  const { origin, hostname } = new URL(scheme + authority);
  const encoded = encodeLiterals(path || '/');
  return {
    origin,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    ...(login !== undefined && { login }),
    path: encoded,
    query: encodeLiterals(query),
    shown: origin + encoded,
  };
}

function requireKnownPlaces(part: string): void {
  for (const [, name = ''] of part.matchAll(PLACE)) {
    if (VARIABLES.some(known => known === name)) continue;
    throw new UrlError(`a callback URL knows {${VARIABLES.join('}, {')}} and no other name in braces`);
  }
  if (/[{}]/.test(part.replace(PLACE, ''))) throw new UrlError('a callback URL has a brace without its other one');
}

/** What a URL cannot hold as it is, as the bytes of its UTF-8; escapes and places stay. */
function encodeLiterals(text: string): string {
  return text.replace(/[^!-~]+|["<>^`|]/g, found => encodeURIComponent(found.toWellFormed()));
}

/** What a stanza says for the places of a URL. */
export function urlValues({ kind, type, to, from }: Stanza): UrlValues {
  return {
    kind,
    ...(type !== undefined && { type }),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
  };
}

/** Fills the places of a URL. */
export function renderPath({ path, query }: UrlTemplate, values: UrlValues): Rendered {
  // Without places it is what `readTemplate` has looked at.
  if (!path.includes('{')) return { name: 'path', path: path + fill(query, values) };
  const rendered = fill(path, values);
  if (rendered.split('/').some(climbs)) {
    return { name: 'refused', reason: "a value of the stanza would be '.' or '..' in the path of the URL" };
  }
  return { name: 'path', path: rendered + fill(query, values) };
}

function fill(text: string, values: UrlValues): string {
  return text.replace(PLACE, (place, name: Variable) => {
    const value = values[name];
    return value === undefined ? place : encodeValue(value);
  });
}

/** Every character but letters, digits and `.~_-`, its bytes in lower case hexadecimal, as mod_rest writes them. */
function encodeValue(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, escapeByte);
  return encoded.replace(/%[0-9A-F]{2}/g, byte => byte.toLowerCase());
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

/** Readers decode once; some proxies before them do it again. */
const DECODINGS = 4;

/** Whether a part of a path leads to another path for any reader on the way. */
function climbs(segment: string): boolean {
  let text = segment;
  for (let round = 0; round < DECODINGS; round += 1) {
    if (text.split(/[/\\]/).some(piece => /^\.{1,2}(?:;.*)?$/s.test(piece))) return true;
    const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (decoded === text) return false;
    text = decoded;
  }
  return false;
}

/** The name of a host as DNS and configuration compare it. */
export function canonicalHost(hostname: string): string {
  return domainToASCII(hostname).replace(/\.$/, '');
}

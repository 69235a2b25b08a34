/**
 * What the path of a request says about its stanza: `{kind}/{type}/{to}`, `iq/{query}/{to}`, and `{query}/{to}` of a GET.
 *
 * Decides how a path is cut and decoded, as mod_rest does, but for slashes in an address: the first part is a kind, the
 * second a type or, for an iq, the key of a query, and all the rest, slashes included, is the address. The parts are cut
 * first and decoded then, so that `%2F` is a slash of the address. What the values mean is left to `stanza-value.ts`.
 */
import { RestanzaError } from '../errors.ts';
import { isKind, type Kind } from '../xmpp/stanza.ts';
import { decodeStrictly } from './percent.ts';

/** A path that names the kind and the type of the stanza. */
export interface StanzaPath {
  readonly kind: Kind;
  /** As it was written; whether the kind has such a type is not checked here. */
  readonly type: string;
  readonly query?: never;
  /** The address, not yet prepared; absent when the path ends before it. */
  readonly to?: string;
}

/** A path that names the key of an iq's payload. */
export interface QueryPath {
  readonly kind: 'iq';
  readonly type?: never;
  readonly query: string;
  readonly to?: string;
}

/** What a path says about a stanza. */
export type PathHints = StanzaPath | QueryPath;

/** Two parts and the rest. No address begins with a slash, so those before it may be too many. */
const PARTS = /^\/*([^/]+)\/+([^/]+)\/+(.*)$/s;
const NAME = /^[A-Za-z0-9_]+$/;
const REQUEST_TYPES: readonly string[] = ['get', 'set'];

/**
 * Reads the path of a POST.
 *
 * @param path what stands after `/rest/`, as it was sent: not decoded, without the query string
 * @throws RestanzaError `body-malformed` (400) when it is not such a path
 */
export function readPath(path: string): PathHints {
  const [, first = '', second = '', rest = ''] = PARTS.exec(path) ?? [];
  const [kind, name, to] = [decode(first), decode(second), decode(rest)];
  if (!isKind(kind) || !NAME.test(name)) {
    const forms = '{kind}/{type}/{to} or iq/{query}/{to} in a POST, {query}/{to} in a GET';
    throw badPath(`it is ${forms}, where kind is message, presence or iq, and type and query are [A-Za-z0-9_]+`);
  }
  const address = to === '' ? {} : { to };
  return kind === 'iq' && !REQUEST_TYPES.includes(name)
    ? { kind, query: name, ...address }
    : { kind, type: name, ...address };
}

/**
 * Reads the path of a GET: `disco/{to}` is `iq/disco/{to}`.
 *
 * @param path as for `readPath`
 * @throws RestanzaError `body-malformed` (400) when it is not such a path
 */
export function readQueryPath(path: string): PathHints {
  return readPath(`iq/${path}`);
}

function decode(part: string): string {
  const text = decodeStrictly(part, 'the path');
  if (text.includes('\0')) throw badPath('it holds the character U+0000');
  return text;
}

/** mod_rest answers 400 `not-well-formed` to a path that it cannot read, as to such a body. */
function badPath(reason: string): RestanzaError {
  return new RestanzaError('body-malformed', `the path does not name a stanza: ${reason}`);
}

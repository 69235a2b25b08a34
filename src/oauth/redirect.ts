/**
 * Where a client gets its code (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1).
 *
 * Decides which redirect URIs may be registered, that one in use must equal a registered one to the letter, and how the answer
 * is written into it. The exception is RFC 8252 §7.3: a program on the user's own machine may listen on any port. As with
 * mod_http_oauth2 a client may have no URI at all; then the code is shown to the user.
 */

/** The URI that stands for showing the code (draft-ietf-oauth-v2, out of band). */
export const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob';

/** What kind of program a client is (OpenID Connect Registration §2). */
export type ApplicationType = 'web' | 'native';

const MOST_CHARACTERS = 2048;
/** What a URI is made of (RFC 3986 §2); a backslash or a space would mean other things to other parsers. */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/;
const LOOPBACK = /^http:\/\/(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(?<rest>[/?].*)?$/;
/** A scheme under a domain that its owner has turned around (RFC 8252 §7.1): it holds a dot. */
const REVERSE_DOMAIN = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/(?!\/\/)/;

/** A URL that a browser understands as it is written, without fragment and user; `undefined` for all others. */
export function readUrl(text: string): URL | undefined {
  if (text.length > MOST_CHARACTERS || !URI_CHARACTERS.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hash === '' && url.username === '' && url.password === '' ? url : undefined;
}

/** Whether this is a URI that only a program on the user's machine has. */
export function looksNative(uri: string): boolean {
  return uri === OUT_OF_BAND || LOOPBACK.test(uri) || REVERSE_DOMAIN.test(uri);
}

/**
 * What is wrong with a redirect URI of a registration, as the rest of a sentence; `undefined` when nothing is.
 *
 * @param site the host of the client's own page, which every https URI must have
 */
export function redirectFault(uri: string, type: ApplicationType, site: string): string | undefined {
  if (type === 'native' && uri === OUT_OF_BAND) return undefined;
  const url = readUrl(uri);
  if (url === undefined) return 'must be a URI without fragment and user';
  if (type === 'native' && looksNative(uri)) return undefined;
  if (url.protocol === 'https:') return url.host === site ? undefined : 'must have the host of client_uri';
  return type === 'web'
    ? 'must be https'
    : `must be http on a loopback address, a reverse domain, https or ${OUT_OF_BAND}`;
}

/** Whether a redirect URI of a request is a registered one. */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  return registered.some(known => known === uri || sameButForPort(known, uri));
}

function sameButForPort(known: string, uri: string): boolean {
  const [one, other] = [LOOPBACK.exec(known)?.groups, LOOPBACK.exec(uri)?.groups];
  if (one === undefined || other === undefined || readUrl(uri) === undefined) return false;
  return one['host'] === other['host'] && one['rest'] === other['rest'];
}

/** A redirect URI with the parameters of an answer (RFC 6749 §4.1.2); those that are `undefined` are left out. */
export function withParameters(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const query = new URLSearchParams(pairs).toString();
  return `${uri}${uri.includes('?') ? '&' : '?'}${query}`;
}

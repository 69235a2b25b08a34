/**
 * The scopes of OAuth (RFC 6749 §3.3): those of `auth/scopes.ts`, the two words of OpenID Connect, and two roles of Prosody.
 *
 * Decides which of them users can grant, what a request without scope means, and that what is granted is never more than
 * what was asked for and registered. The scope `admin` is the operator's to give, not a user's.
 */
import { isScope, narrowed, SCOPES, type Scope } from '../auth/scopes.ts';
import { OAuthError } from './oauth-error.ts';

/** Asks for an id_token and for userinfo (OpenID Connect Core §3.1.2.1). */
export const OPENID = 'openid';

/** The scopes beside ours, in the same words for a person. */
const CONNECT: Readonly<Record<string, string>> = {
  [OPENID]: 'learn your address',
  offline_access: 'go on when you are not there',
};

/** Roles that Prosody gives to every account. Clients of mod_http_oauth2 ask for them in the place of `xmpp`. */
const ROLES: readonly string[] = ['prosody:registered', 'prosody:member'];

/** What nobody grants by logging in. */
const OPERATORS: readonly string[] = ['admin'];

/** What a request without scope asks for: with mod_http_oauth2 too it is all that the user may do. */
const DEFAULT = ['xmpp'];

/** Every scope that can be granted, for the metadata. */
export const GRANTABLE: readonly string[] = [
  ...Object.keys(SCOPES).filter(name => !OPERATORS.includes(name)),
  ...Object.keys(CONNECT),
];

/**
 * Reads the scope that a client asks for. Words that are not known are dropped, as in mod_http_oauth2.
 *
 * @param asked as in the request; `undefined` when it has none
 * @param registered what the client has bounded itself to; `undefined` for everything
 * @throws OAuthError `invalid_scope` when nothing is left
 */
export function readScope(asked: string | undefined, registered: string | undefined): readonly string[] {
  const most = registered === undefined ? undefined : wordsOf(registered);
  const wanted = asked === undefined ? (most ?? DEFAULT) : wordsOf(asked);
  const known = wanted.filter(word => GRANTABLE.includes(word) || ROLES.includes(word));
  const scope = most === undefined ? known : narrowedTo(known, most);
  if (scope.length > 0) return scope;
  throw new OAuthError('invalid_scope', `ask for one or more of ${GRANTABLE.join(' ')}`);
}

/**
 * The scope of a refreshed token (RFC 6749 §6): as much as was granted, or less.
 *
 * @throws OAuthError `invalid_scope` for more
 */
export function narrowScope(asked: string | undefined, granted: readonly string[]): readonly string[] {
  if (asked === undefined) return granted;
  const wanted = wordsOf(asked);
  const scope = narrowedTo(wanted, granted);
  if (wanted.length > 0 && scope.length === wanted.length) return scope;
  throw new OAuthError('invalid_scope', 'ask for no more than what was granted');
}

/** What a scope lets its bearer do over the API. */
export function apiScopes(scope: readonly string[]): ReadonlySet<Scope> {
  return new Set(scope.flatMap(ours));
}

/** What each word of a scope means, for the one who grants it; goes on after «may». */
export function meanings(scope: readonly string[]): readonly string[] {
  return [...new Set(scope.flatMap(word => CONNECT[word] ?? ours(word).map(known => SCOPES[known].doc)))];
}

/** The scope of ours that a word stands for. */
function ours(word: string): readonly Scope[] {
  if (isScope(word)) return [word];
  return ROLES.includes(word) ? ['xmpp'] : [];
}

function wordsOf(text: string): readonly string[] {
  return [...new Set(text.split(' ').filter(word => word !== ''))];
}

function narrowedTo(wanted: readonly string[], most: readonly string[]): readonly string[] {
  const within = narrowed(wanted.flatMap(ours), most.flatMap(ours));
  return wanted.filter(word => most.includes(word) || ours(word).some(scope => within.has(scope)));
}

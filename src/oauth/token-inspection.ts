/**
 * What tokens are: for the API, for their clients (RFC 7662), for whoever wants to end them (RFC 7009), and for who they are of
 * (OpenID Connect Core §5.3).
 *
 * Decides that a token is good for nothing from the moment in which it, its grant or the password behind it is gone, and that a
 * client learns about its own tokens only.
 */
import type { Principal } from '../auth/principal.ts';
import { digestOf } from '../auth/token-text.ts';
import type { Authority } from './authority.ts';
import type { Client } from './client.ts';
import type { Grant, StoredToken } from './grant-store.ts';
import { subjectOf } from './issuing.ts';
import { OAuthError } from './oauth-error.ts';
import { apiScopes, OPENID } from './scope.ts';

/** What a client is told of a token (RFC 7662 §2.2). Times are seconds since 1970. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly scope: string;
      readonly client_id: string;
      readonly username: string;
      readonly token_type?: 'bearer';
      readonly exp: number;
      readonly iat: number;
      readonly sub: string;
      readonly iss: string;
    };

/** A token that can be used now; `undefined` when there is none of this text. */
function liveToken({ store, domain, now }: Authority, text: string): StoredToken | undefined {
  const token = store.grants.token(digestOf(text));
  if (token === undefined || token.used || token.expires <= now() || token.grant.domain !== domain) return undefined;
  return token;
}

/**
 * Who somebody with an access token is.
 *
 * @returns `undefined` when the token is not good, or not any more
 * @throws RestanzaError when it cannot be told at the moment
 */
export async function principalOf(authority: Authority, text: string): Promise<Principal | undefined> {
  const token = liveToken(authority, text);
  if (token?.kind !== 'access') return undefined;
  const { grant, scope, expires } = token;
  const principal = await actFor(authority, grant);
  return principal && { ...principal, scopes: apiScopes(scope), token: { kind: 'oauth', id: idOf(text), expires } };
}

/**
 * Acts for whom a grant is of. When that is over, so is the grant.
 *
 * @returns `undefined` when it is over
 * @throws RestanzaError when it cannot be told at the moment
 */
export async function actFor(authority: Authority, grant: Grant): Promise<Principal | undefined> {
  const { keepsakes, users, store, log, domain } = authority;
  const { address, client } = grant;
  const keepsake = keepsakes.open(grant.keepsake);
  const principal = keepsake === undefined ? undefined : await users.principal({ address, keepsake });
  if (principal !== undefined) return principal;
  store.grants.end(grant);
  log.info({ host: domain, client, address }, 'grant has ended');
  return undefined;
}

/** The name under which a token is found again: its digest, from which nobody learns the token. */
function idOf(text: string): string {
  return Buffer.from(digestOf(text)).toString('base64url');
}

/** Whether the token that somebody came with a while ago still holds. */
export function stillHolds({ store, now }: Pick<Authority, 'store' | 'now'>, id: string): boolean {
  const token = store.grants.token(Buffer.from(id, 'base64url'));
  return token !== undefined && token.expires > now();
}

/** Tells a client about one of its own tokens; of others it learns that they are not active. */
export function introspect(authority: Authority, client: Client, text: string, issuer: string): Introspection {
  const token = liveToken(authority, text);
  if (token === undefined || token.grant.client !== client.id) return { active: false };
  const { grant, scope, issued, expires, kind } = token;
  return {
    active: true,
    scope: scope.join(' '),
    client_id: client.id,
    username: grant.address,
    ...(kind === 'access' && { token_type: 'bearer' }),
    exp: Math.floor(expires / 1000),
    iat: Math.floor(issued / 1000),
    sub: subjectOf(grant.address),
    iss: issuer,
  };
}

/**
 * Ends a token; with a refresh token, all that its grant has given out. Whoever has a token may end it, but a client that says
 * who it is only its own.
 *
 * @param client `undefined` when the request named none
 * @throws OAuthError `unauthorized_client`
 */
export function revoke({ store, domain, log }: Authority, client: Client | undefined, text: string): void {
  const digest = digestOf(text);
  const token = store.grants.token(digest);
  // RFC 7009 §2.2: what is not there has been revoked.
  if (token === undefined || token.grant.domain !== domain) return;
  const { grant, kind } = token;
  if (client !== undefined && grant.client !== client.id) {
    throw new OAuthError('unauthorized_client', 'the token was given to another client');
  }
  if (kind === 'refresh') store.grants.end(grant);
  else store.grants.endToken(digest);
  log.info({ host: domain, client: grant.client, address: grant.address, kind }, 'token was revoked');
}

/** Who somebody is (OpenID Connect Core §5.3.2), and who says so, as with mod_http_oauth2. */
export interface UserInfo {
  readonly sub: string;
  readonly iss: string;
}

/**
 * Who an access token speaks of.
 *
 * @throws OAuthError `invalid_token`, `insufficient_scope`
 */
export async function userInfo(authority: Authority, text: string, issuer: string): Promise<UserInfo> {
  const token = liveToken(authority, text);
  const principal = await principalOf(authority, text);
  if (token === undefined || principal === undefined) {
    throw new OAuthError('invalid_token', 'the token is unknown, revoked or too old');
  }
  if (!token.scope.includes(OPENID)) throw new OAuthError('insufficient_scope', 'the token lacks the scope openid');
  return { sub: subjectOf(token.grant.address), iss: issuer };
}

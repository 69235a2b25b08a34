/**
 * Giving out codes and tokens (RFC 6749 §4.1.2 and §5.1).
 *
 * Decides what a grant is given, for how long, and what a client is told of it.
 */

import { digestOf } from '../auth/token-text.ts';
import type { Jid } from '../xmpp/jid.ts';
import { bareOf } from '../xmpp/jid.ts';
import type { Authority, Login } from './authority.ts';
import type { AuthorizationRequest } from './authorization.ts';
import type { Grant } from './grant-store.ts';
import { OPENID } from './scope.ts';
import { newSecret } from './secrets.ts';

/** Milliseconds that a code is good for; as with mod_http_oauth2. */
export const CODE_LIFETIME = 600_000;

/** What a client gets from the token endpoint. */
export interface TokenAnswer {
  readonly access_token: string;
  /** In the spelling of mod_http_oauth2; clients are to heed no case (RFC 6749 §5.1), but some do. */
  readonly token_type: 'bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** Who granted what to whom. */
export interface Granting {
  readonly login: Login;
  readonly client: string | undefined;
  readonly scope: readonly string[];
}

/** Keeps what somebody has granted. */
export function keepGrant(authority: Authority, { login, client, scope }: Granting, lifetime: number): Grant {
  const { store, domain, keepsakes, now } = authority;
  const { address, keepsake } = login;
  if (client !== undefined) store.clients.use(domain, client);
  const grant = { domain, client, address, scope, keepsake: keepsakes.seal(keepsake), issued: now() };
  return store.grants.add(grant, now() + lifetime);
}

/** Makes the code for a request that was granted. */
export function issueCode(authority: Authority, login: Login, request: AuthorizationRequest): string {
  const { client, scope, redirectUri, namesRedirect, challenge, nonce } = request;
  const grant = keepGrant(authority, { login, client, scope }, CODE_LIFETIME);
  const code = newSecret('code');
  const terms = { redirectUri, namesRedirect, challenge, nonce };
  authority.store.grants.addCode(digestOf(code), grant, terms, authority.now() + CODE_LIFETIME);
  authority.log.info({ host: authority.domain, client, address: grant.address, scope }, 'access was granted');
  return code;
}

/** What goes with the tokens of a grant. */
export interface Issue {
  /** The scope of the access token, when it is not all that was granted. */
  readonly scope?: readonly string[];
  /** Whether the client may refresh it. */
  readonly refreshable: boolean;
  /** Present where an id_token may be asked for. */
  readonly identity?: { readonly issuer: string; readonly nonce: string | undefined };
}

/** Makes the tokens of a grant. */
export async function issueTokens(authority: Authority, grant: Grant, issue: Issue): Promise<TokenAnswer> {
  const { rules, store, now } = authority;
  const { scope = grant.scope, refreshable, identity } = issue;
  const issued = now();
  const access = newSecret('access');
  const refresh = refreshable ? newSecret('refresh') : undefined;
  const kept = (kind: 'access' | 'refresh', text: string, of: readonly string[], lifetime: number) => {
    return { kind, digest: digestOf(text), scope: of, issued, expires: issued + lifetime * 1000 };
  };
  store.grants.addTokens(grant, [
    kept('access', access, scope, rules.accessLifetime),
    ...(refresh === undefined ? [] : [kept('refresh', refresh, grant.scope, rules.refreshLifetime)]),
  ]);
  return {
    access_token: access,
    token_type: 'bearer',
    expires_in: rules.accessLifetime,
    scope: scope.join(' '),
    ...(refresh !== undefined && { refresh_token: refresh }),
    ...(identity !== undefined && scope.includes(OPENID) && { id_token: await idToken(authority, grant, identity) }),
  };
}

function idToken(
  { signing, rules, now }: Authority,
  { address, client, issued }: Grant,
  { issuer, nonce }: NonNullable<Issue['identity']>,
): Promise<string> {
  const iat = Math.floor(now() / 1000);
  return signing.sign({
    iss: issuer,
    sub: subjectOf(address),
    aud: client,
    iat,
    exp: iat + rules.accessLifetime,
    auth_time: Math.floor(issued / 1000),
    ...(nonce !== undefined && { nonce }),
  });
}

/** Who somebody is in the words of OpenID Connect; as with mod_http_oauth2. */
export function subjectOf(address: Jid): string {
  return `xmpp:${bareOf(address)}`;
}

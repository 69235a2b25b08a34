/**
 * The token endpoint (RFC 6749 §3.2): what is exchanged for tokens.
 *
 * Decides, grant by grant, what must be shown. A code or a refresh token that comes a second time was stolen from somebody,
 * so it ends all that its grant has given out (RFC 9700 §4.14).
 */

import { digestOf } from '../auth/token-text.ts';
import { type Authority, grantsOf, LoginRefused } from './authority.ts';
import { type Client, DEVICE_GRANT, GRANT_TYPES, type GrantType, isPublic } from './client.ts';
import { authenticateClient, type Shown } from './client-authentication.ts';
import { redeemDevice } from './device-flow.ts';
import type { StoredCode } from './grant-store.ts';
import { issueTokens, keepGrant, type TokenAnswer } from './issuing.ts';
import { OAuthError } from './oauth-error.ts';
import { type Parameters, required } from './parameters.ts';
import { matchesChallenge } from './pkce.ts';
import { narrowScope, readScope } from './scope.ts';
import { logIn } from './sign-in.ts';
import { actFor } from './token-inspection.ts';

/** A request to the token endpoint. */
export interface TokenRequest extends Shown {
  /** The URL by which the client knows this server. */
  readonly issuer: string;
}

/** A request of a client that may make it. */
interface Exchange {
  readonly authority: Authority;
  readonly client: Client;
  readonly parameters: Parameters;
  readonly issuer: string;
  readonly address: string;
}

/** What each grant takes; the password grant is looked at before, for a component needs no client for it. */
const EXCHANGES: Readonly<Record<Exclude<GrantType, 'password'>, (exchange: Exchange) => Promise<TokenAnswer>>> = {
  authorization_code: redeemCode,
  refresh_token: refresh,
  [DEVICE_GRANT]: exchange => redeemDevice(exchange),
  client_credentials: actForItself,
};

/**
 * Exchanges what a client shows for tokens.
 *
 * @throws OAuthError, RestanzaError
 */
export async function exchangeTokens(authority: Authority, request: TokenRequest): Promise<TokenAnswer> {
  const { parameters, issuer, address } = request;
  const wanted = required(parameters, 'grant_type');
  const type = GRANT_TYPES.find(known => known === wanted);
  if (type === undefined || !grantsOf(authority).includes(type)) {
    throw new OAuthError('unsupported_grant_type', `offered here: ${grantsOf(authority).join(' ')}`);
  }
  const client = authenticateClient(authority, request);
  if (client !== undefined && !client.metadata.grant_types.includes(type)) {
    throw new OAuthError('unauthorized_client', 'the client has not registered this grant type');
  }
  if (type === 'password') return exchangePassword(authority, client, request);
  if (client === undefined)
    throw new OAuthError('invalid_client', 'say which client you are, by HTTP Basic or client_id');
  return EXCHANGES[type]({ authority, client, parameters, issuer, address });
}

async function redeemCode({ authority, client, parameters, issuer }: Exchange): Promise<TokenAnswer> {
  const { grants } = authority.store;
  if (parameters.has('scope')) throw new OAuthError('invalid_request', 'the scope was asked for with the code');
  const digest = digestOf(required(parameters, 'code'));
  const code = grants.code(digest);
  if (code === undefined || code.grant.client !== client.id || code.grant.domain !== authority.domain) throw noCode();
  const wasFresh = grants.useCode(digest);
  if (!wasFresh || code.expires <= authority.now() || !isMeant(code, parameters)) {
    // Whoever has the code without what goes with it, or after it was used, has it from somebody else.
    grants.end(code.grant);
    throw noCode();
  }
  const identity = { issuer, nonce: code.nonce };
  return issueTokens(authority, code.grant, { refreshable: mayRefresh(client), identity });
}

function noCode(): OAuthError {
  return new OAuthError('invalid_grant', 'the code is unknown, used or too old, or was made for another request');
}

/** RFC 7636 §4.6; a verifier without a challenge is a code of another flow (RFC 9700 §2.1.1). */
function isMeant({ challenge, redirectUri, namesRedirect }: StoredCode, parameters: Parameters): boolean {
  const [verifier, uri] = [parameters.get('code_verifier'), parameters.get('redirect_uri')];
  const proves =
    challenge === undefined ? verifier === undefined : verifier !== undefined && matchesChallenge(challenge, verifier);
  // With a verifier, the redirect URI proves nothing more, and clients of OAuth 2.1 do not send it.
  const mayBeLeftOut = !namesRedirect || challenge !== undefined;
  return proves && (uri === undefined ? mayBeLeftOut : uri === redirectUri);
}

function mayRefresh({ metadata }: Client): boolean {
  return metadata.grant_types.includes('refresh_token');
}

async function refresh({ authority, client, parameters, issuer }: Exchange): Promise<TokenAnswer> {
  const { grants } = authority.store;
  const digest = digestOf(required(parameters, 'refresh_token'));
  const token = grants.token(digest);
  const fault = new OAuthError('invalid_grant', 'the refresh token is unknown, used, revoked or too old');
  if (token?.kind !== 'refresh' || token.grant.client !== client.id || token.grant.domain !== authority.domain)
    throw fault;
  if (token.expires <= authority.now()) throw fault;
  const scope = narrowScope(parameters.get('scope'), token.grant.scope);
  if (!token.used && (await actFor(authority, token.grant)) === undefined) throw fault;
  if (!grants.useToken(digest)) {
    const { address } = token.grant;
    authority.log.warn({ host: authority.domain, client: client.id, address }, 'refresh token was used twice');
    grants.end(token.grant);
    throw fault;
  }
  return issueTokens(authority, token.grant, { scope, refreshable: true, identity: { issuer, nonce: undefined } });
}

/** RFC 6749 §4.4: the operator has said whom the client acts for. */
async function actForItself({ authority, client, parameters }: Exchange): Promise<TokenAnswer> {
  const login = client.address === undefined ? undefined : await authority.users.vouch(client.address);
  if (login === undefined || isPublic(client)) {
    throw new OAuthError('unauthorized_client', 'the operator has given this client no address to act for');
  }
  const scope = readScope(parameters.get('scope'), client.metadata.scope);
  const grant = keepGrant(authority, { login, client: client.id, scope }, 0);
  return issueTokens(authority, grant, { refreshable: false });
}

const KEYLESS = 'this account cannot give access to applications: its server keeps no keys for it';

/** RFC 6749 §4.3. At a component the name is any address of it, and the password its secret, as with mod_http_oauth2. */
async function exchangePassword(
  authority: Authority,
  client: Client | undefined,
  { parameters, address, issuer }: TokenRequest,
): Promise<TokenAnswer> {
  if (client === undefined && authority.users.names === 'users') {
    throw new OAuthError('invalid_client', 'say which client you are, by HTTP Basic or client_id');
  }
  const [name, password] = [required(parameters, 'username'), required(parameters, 'password')];
  const scope = readScope(parameters.get('scope'), client?.metadata.scope);
  const login = await logIn(authority, { name, password, address }).catch((error: unknown) => {
    if (error instanceof LoginRefused) throw new OAuthError('invalid_grant', KEYLESS);
    throw error;
  });
  if (login === undefined) throw new OAuthError('invalid_grant', 'the name or the password is wrong');
  const grant = keepGrant(authority, { login, client: client?.id, scope }, 0);
  if (client === undefined) return issueTokens(authority, grant, { refreshable: false });
  return issueTokens(authority, grant, { refreshable: mayRefresh(client), identity: { issuer, nonce: undefined } });
}

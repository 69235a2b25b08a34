/**
 * The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 9207, OpenID Connect Core §3.1.2.1).
 *
 * Decides what a request must say, and who learns of an error: until client and redirect URI are known to belong together it is
 * the person before the browser, for a server that redirects anywhere would help those who fish for passwords; from then on
 * it is the client. Pure.
 */
import { type Client, isPublic } from './client.ts';
import { OAuthError } from './oauth-error.ts';
import { type Parameters, required } from './parameters.ts';
import { isChallenge } from './pkce.ts';
import { isRegistered, OUT_OF_BAND, withParameters } from './redirect.ts';
import { readScope } from './scope.ts';

/** A request that can be granted. */
export interface AuthorizationRequest {
  readonly client: string;
  /** Where the answer goes. */
  readonly redirectUri: string;
  /** Whether the request named it itself; then the token request has to as well (RFC 6749 §4.1.3). */
  readonly namesRedirect: boolean;
  readonly state?: string;
  readonly scope: readonly string[];
  readonly challenge?: string;
  readonly nonce?: string;
  /** The name to begin the login with. */
  readonly hint?: string;
}

/** A request that cannot be granted, of a client that is to be told so. */
export class AuthorizationFault extends Error {
  override readonly name = 'AuthorizationFault';
  readonly fault: OAuthError;
  readonly redirectUri: string;
  readonly state: string | undefined;

  /** @param to where the client is told */
  constructor(fault: OAuthError, to: { readonly redirectUri: string; readonly state?: string | undefined }) {
    super(fault.message);
    this.fault = fault;
    this.redirectUri = to.redirectUri;
    this.state = to.state;
  }
}

/** What an authorization request is read by. */
export interface AuthorizationRules {
  readonly find: (id: string) => Client | undefined;
  readonly requirePkce: boolean;
}

const MOST_CHARACTERS = 2048;

/**
 * Reads an authorization request.
 *
 * @throws OAuthError to show to the person; AuthorizationFault to send to the client
 */
export function readAuthorization(
  parameters: Parameters,
  { find, requirePkce }: AuthorizationRules,
): { readonly client: Client; readonly request: AuthorizationRequest } {
  const client = find(required(parameters, 'client_id'));
  if (client === undefined) throw new OAuthError('invalid_client', 'the application is not registered here');
  const named = parameters.get('redirect_uri');
  const redirectUri = redirectOf(client, named);
  const state = parameters.get('state');
  try {
    requireWords(parameters, client);
    const challenge = challengeOf(parameters, isPublic(client) || (requirePkce && redirectUri !== OUT_OF_BAND));
    const [nonce, hint] = [parameters.get('nonce'), parameters.get('login_hint')];
    const request = {
      client: client.id,
      redirectUri,
      namesRedirect: named !== undefined,
      scope: readScope(parameters.get('scope'), client.metadata.scope),
      ...(state !== undefined && { state }),
      ...(challenge !== undefined && { challenge }),
      ...(nonce !== undefined && { nonce }),
      ...(hint !== undefined && { hint }),
    };
    return { client, request };
  } catch (error) {
    if (error instanceof OAuthError) throw new AuthorizationFault(error, { redirectUri, state });
    throw error;
  }
}

/** @throws OAuthError for the person: nothing may be sent to a URI that the client has not registered */
function redirectOf({ metadata }: Client, named: string | undefined): string {
  const { redirect_uris: registered } = metadata;
  const [only, ...more] = registered;
  if (named === undefined && only !== undefined && more.length === 0) return only;
  if (named !== undefined && isRegistered(named, registered)) return named;
  throw new OAuthError(
    'invalid_request',
    'the application asks to be answered at an address that it has not registered',
  );
}

/** What a request must say in certain words, and what it must not say. */
function requireWords(parameters: Parameters, { metadata }: Client): void {
  for (const [name, value] of parameters) {
    if (value.length > MOST_CHARACTERS) throw new OAuthError('invalid_request', `${shown(name)} is too long`);
  }
  if (parameters.has('request')) throw new OAuthError('request_not_supported', 'send plain parameters');
  if (parameters.has('request_uri')) throw new OAuthError('request_uri_not_supported', 'send plain parameters');
  const type = required(parameters, 'response_type');
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'the only response_type is code');
  if (!metadata.grant_types.includes('authorization_code') || !metadata.response_types.includes('code')) {
    throw new OAuthError('unauthorized_client', 'the client has not registered the grant authorization_code');
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'the only response_mode is query');
  }
  // Nobody stays logged in here, so without a page there is nobody.
  if (parameters.get('prompt')?.split(' ').includes('none'))
    throw new OAuthError('login_required', 'a login needs a page');
}

function challengeOf(parameters: Parameters, isNeeded: boolean): string | undefined {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method') ?? 'plain';
  if (challenge === undefined && !parameters.has('code_challenge_method')) {
    if (!isNeeded) return undefined;
    throw new OAuthError('invalid_request', 'code_challenge is missing: this client has to use PKCE with S256');
  }
  if (method !== 'S256') throw new OAuthError('invalid_request', 'the only code_challenge_method is S256');
  if (challenge !== undefined && isChallenge(challenge)) return challenge;
  throw new OAuthError('invalid_request', 'code_challenge must be the base64url of a SHA-256');
}

function shown(name: string): string {
  return /^[a-z_]{1,32}$/.test(name) ? name : 'a parameter';
}

/** Where a client learns that it gets nothing; `undefined` where only the person can be told. */
export function errorRedirect({ fault, redirectUri, state }: AuthorizationFault, issuer: string): string | undefined {
  if (redirectUri === OUT_OF_BAND) return undefined;
  const { code, message } = fault;
  return withParameters(redirectUri, { error: code, error_description: message, state, iss: issuer });
}

/** Where a client gets its code; `undefined` where the person has to carry it over. */
export function codeRedirect(
  { redirectUri, state }: AuthorizationRequest,
  code: string,
  issuer: string,
): string | undefined {
  return redirectUri === OUT_OF_BAND ? undefined : withParameters(redirectUri, { code, state, iss: issuer });
}

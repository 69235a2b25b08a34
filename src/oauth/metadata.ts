/**
 * What the authorization server says of itself (RFC 8414, OpenID Connect Discovery §3).
 *
 * Decides the addresses of its endpoints below the issuer, and that only what is offered is named.
 */
import { type Authority, grantsOf } from './authority.ts';
import { AUTH_METHODS } from './client.ts';
import { CHALLENGE_METHODS } from './pkce.ts';
import { GRANTABLE } from './scope.ts';
import { SIGNING_ALGORITHM } from './signing.ts';

/** Where everything is. */
export const OAUTH_PATHS = {
  metadata: '/.well-known/oauth-authorization-server',
  connect: '/.well-known/openid-configuration',
  register: '/oauth2/register',
  authorize: '/oauth2/authorize',
  token: '/oauth2/token',
  device: '/oauth2/device',
  revoke: '/oauth2/revoke',
  introspect: '/oauth2/introspect',
  userinfo: '/oauth2/userinfo',
  jwks: '/oauth2/jwks',
  style: '/oauth2/style.css',
} as const;

/** The metadata of a host, as JSON. */
export function metadataOf(authority: Authority, issuer: string): Readonly<Record<string, unknown>> {
  const grants = grantsOf(authority);
  const hasPages = authority.users.names === 'users';
  const at = (path: keyof typeof OAUTH_PATHS) => issuer + OAUTH_PATHS[path];
  const secretMethods = AUTH_METHODS.filter(method => method !== 'none');
  return {
    issuer,
    ...(hasPages && { authorization_endpoint: at('authorize'), device_authorization_endpoint: at('device') }),
    token_endpoint: at('token'),
    ...(authority.rules.registration && { registration_endpoint: at('register') }),
    revocation_endpoint: at('revoke'),
    introspection_endpoint: at('introspect'),
    userinfo_endpoint: at('userinfo'),
    jwks_uri: at('jwks'),
    scopes_supported: GRANTABLE,
    response_types_supported: hasPages ? ['code'] : [],
    response_modes_supported: ['query'],
    grant_types_supported: grants,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    introspection_endpoint_auth_methods_supported: secretMethods,
    code_challenge_methods_supported: CHALLENGE_METHODS,
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
    claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce'],
    prompt_values_supported: ['login', 'consent'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}

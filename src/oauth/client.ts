/**
 * Clients: the programs that want to act for users (RFC 6749 §2, RFC 7591 §2).
 *
 * Decides what is known of one, and the words for its grants and for how it proves itself. Which registrations are taken is
 * decided in `registration.ts`.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { ApplicationType } from './redirect.ts';

/** The grant of RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** The grants that a client can have. */
export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  DEVICE_GRANT,
  'password',
  'client_credentials',
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** How a client proves who it is at the token endpoint (RFC 6749 §2.3.1); a public client does not. */
export const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** What a client says of itself, in the words of RFC 7591. */
export interface ClientMetadata {
  readonly client_name: string;
  readonly client_uri: string;
  readonly redirect_uris: readonly string[];
  readonly application_type: ApplicationType;
  readonly grant_types: readonly GrantType[];
  readonly response_types: readonly 'code'[];
  readonly token_endpoint_auth_method: AuthMethod;
  readonly scope?: string;
  readonly logo_uri?: string;
  readonly tos_uri?: string;
  readonly policy_uri?: string;
  readonly contacts?: readonly string[];
  readonly software_id?: string;
  readonly software_version?: string;
}

/** A client. */
export interface Client {
  readonly id: string;
  /** The digest of its secret; a public client has none. */
  readonly secret?: Uint8Array;
  readonly metadata: ClientMetadata;
  /** The address that it acts as for itself; only the operator can say that. */
  readonly address?: Jid;
}

/** Whether a client keeps no secret, so that anybody could say that he is it (RFC 6749 §2.1). */
export function isPublic({ secret }: Client): boolean {
  return secret === undefined;
}

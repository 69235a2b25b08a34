/**
 * Keeping a client that registers itself (RFC 7591 §3).
 *
 * Decides how fast somebody may register clients, and what a client is told of itself.
 */
import { randomBytes } from 'node:crypto';
import { networkOf } from '../auth/network.ts';
import { RateLimit } from '../auth/rate.ts';
import { digestOf } from '../auth/token-text.ts';
import { RestanzaError } from '../errors.ts';
import { type Authority, registrableGrants } from './authority.ts';
import { OAuthError } from './oauth-error.ts';
import { readRegistration } from './registration.ts';
import { newSecret } from './secrets.ts';

/** Registrations from one network. */
const RATE = { perSecond: 0.2, burst: 60, keys: 10_000 };

/** Counts registrations. */
export type RegistrationRate = RateLimit;

/** A new count of registrations. */
export function registrationRate(): RegistrationRate {
  return new RateLimit(RATE);
}

/**
 * Registers a client.
 *
 * @param said the JSON that came
 * @param address the IP address that it came from
 * @returns the client's registration, with its secret: the only time that it is seen
 * @throws OAuthError `invalid_client_metadata`, `invalid_redirect_uri`, `temporarily_unavailable`
 * @throws RestanzaError `too-many-requests`
 */
export function register(
  authority: Authority,
  said: unknown,
  { address, rate }: { readonly address: string; readonly rate: RegistrationRate },
): Readonly<Record<string, unknown>> {
  const { store, domain, now, log } = authority;
  const metadata = readRegistration(said, { grants: registrableGrants(authority) });
  const retryAfter = rate.take(networkOf(address));
  if (retryAfter > 0) throw new RestanzaError('too-many-requests', 'clients are registered too fast', { retryAfter });
  if (!store.clients.hasRoom(domain))
    throw new OAuthError('temporarily_unavailable', 'too many clients are registered');
  const id = randomBytes(16).toString('base64url');
  const secret = metadata.token_endpoint_auth_method === 'none' ? undefined : newSecret('client');
  const issued = now();
  store.clients.add(domain, { id, metadata, ...(secret !== undefined && { secret: digestOf(secret) }) }, issued);
  log.info({ host: domain, client: id, name: metadata.client_name }, 'client was registered');
  return {
    client_id: id,
    client_id_issued_at: Math.floor(issued / 1000),
    ...(secret !== undefined && { client_secret: secret, client_secret_expires_at: 0 }),
    ...metadata,
  };
}

/**
 * The schemes of HTTP authentication together.
 *
 * Decides which of them a request is for: Bearer where it says so, Basic otherwise, which also says what to do to those who
 * use neither.
 */
import { basic } from './basic.ts';
import { bearer, isBearer, type TokenVerifier } from './bearer.ts';
import type { Credentials, Guessable } from './principal.ts';
import type { Realm } from './realm.ts';

/**
 * Reads the credentials of all schemes.
 *
 * @param realms the hosts that names and passwords belong to
 * @param verifiers those who know tokens, in the order in which they are asked; without any, Bearer is not offered
 */
export function schemes(realms: readonly Realm[], verifiers: readonly TokenVerifier[]): Guessable {
  const names = basic(realms);
  if (verifiers.length === 0) return names;
  const tokens = bearer(realms[0]?.domain ?? 'restanza', verifiers);
  const schemeOf = ({ authorization }: Credentials) => (isBearer(authorization) ? tokens : names);
  return {
    challenge: `${names.challenge}, ${tokens.challenge}`,
    claimOf: credentials => schemeOf(credentials).claimOf(credentials),
  };
}

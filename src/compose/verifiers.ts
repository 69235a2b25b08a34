/**
 * Those who know tokens, of one gateway.
 *
 * Decides the order in which they are asked: what a token's form tells comes first, what needs a network last, so that a
 * token is shown to nobody whom it does not concern.
 */
import { hostTokens, type TokenVerifier } from '../auth/bearer.ts';
import type { Principal } from '../auth/principal.ts';
import type { Served } from './surroundings.ts';

/** The verifiers that are not a host's. */
export interface Issuers {
  /** API tokens. */
  readonly api: TokenVerifier;
  /** The access tokens of the authorization server; absent where there is none. */
  readonly oauth?: TokenVerifier | undefined;
  /** Those of others (JWT). */
  readonly external: readonly TokenVerifier[];
}

/** The verifiers of a gateway, in the order in which they are asked. */
export function verifiersOf({ api, oauth, external }: Issuers, served: readonly Served[]): readonly TokenVerifier[] {
  const realms = served.map(({ realm }) => realm);
  return [
    api,
    hostTokens(realms, 'component'),
    ...(oauth === undefined ? [] : [oauth]),
    ...external,
    hostTokens(realms, 'users'),
  ];
}

/** Whether the token with which somebody was let in still holds. */
export function stillHolds(principal: Principal, verifiers: readonly TokenVerifier[]): boolean {
  const isOver = (principal.token?.expires ?? Number.POSITIVE_INFINITY) <= Date.now();
  return !isOver && verifiers.every(verifier => verifier.holds?.(principal) ?? true);
}

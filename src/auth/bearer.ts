/**
 * Bearer tokens (RFC 6750).
 *
 * Decides that those who know tokens are asked one after the other, each only about what can be its own by its form, and at
 * which hosts a token is looked for that only a host can know (the secret of a component, which is the token for its domain,
 * as in Prosody; what an XMPP server has issued): at that which the request was made to, or where the `Host` field names none
 * of ours, at all.
 */
import { RestanzaError } from '../errors.ts';
import { isBearerToken } from '../xmpp/sasl/bearer-token.ts';
import type { Credentials, Guessable, Principal } from './principal.ts';
import type { Realm } from './realm.ts';

/** The same for whatever is wrong with a token. */
export const NEXT_STEP = 'check that the token is whole and has not ended, or get a new one';

/**
 * A token that does not hold (any more), and that nobody can have guessed. It is no sign of guessing: a client only learns in
 * this way that it has to refresh its token.
 */
export class TokenEnded extends RestanzaError {
  constructor() {
    super('credentials-rejected', NEXT_STEP);
  }
}

/** One way to tell whose a token is. Verifiers are asked in an order that `compose` decides. */
export interface TokenVerifier {
  /** Whether a token can be one that this verifier knows, by its form alone. Must not throw. */
  accepts(token: string, credentials: Credentials): boolean;
  /**
   * Checks a token that it accepts.
   *
   * @returns whose it is; `undefined` when it may be somebody else's to know, who is asked next
   * @throws RestanzaError `credentials-rejected` when it surely is of this verifier and does not hold (any more); every
   *   other code when that cannot be told at the moment, or for what the token is not good
   */
  verify(token: string, credentials: Credentials): Promise<Principal | undefined>;
  /**
   * Whether the token of a principal still holds, for one who was let in a while ago and still reads events. Asked often,
   * so it must be quick. `true` for principals of other verifiers. Absent where tokens only end by their `expires`.
   */
  holds?(principal: Principal): boolean;
}

const BEARER = /^bearer +(\S+) *$/i;

/** Whether an `Authorization` field is of this scheme. */
export function isBearer(authorization: string | undefined): boolean {
  return authorization !== undefined && /^bearer(?= |$)/i.test(authorization);
}

/**
 * Reads an `Authorization` field of the scheme Bearer.
 *
 * @throws RestanzaError `credentials-malformed`
 */
export function parseBearer(authorization: string | undefined): string {
  const token = BEARER.exec(authorization ?? '')?.[1];
  if (token === undefined || !isBearerToken(token)) {
    throw new RestanzaError(
      'credentials-malformed',
      'Bearer takes one token of letters, digits and -._~+/, or a secret-token: URI',
    );
  }
  return token;
}

/** Reads tokens that these verifiers know. */
export function bearer(realm: string, verifiers: readonly TokenVerifier[]): Guessable {
  return {
    challenge: `Bearer realm="${realm}/rest"`,
    claimOf(credentials) {
      const token = parseBearer(credentials.authorization);
      return {
        // A token says whose it is only once it was right, so what counts is who tries.
        account: `token from ${credentials.address}`,
        async check() {
          for (const verifier of verifiers) {
            const principal = verifier.accepts(token, credentials)
              ? await verifier.verify(token, credentials)
              : undefined;
            if (principal !== undefined) return principal;
          }
          throw new RestanzaError('credentials-rejected', NEXT_STEP);
        },
      };
    },
  };
}

/**
 * The tokens that hosts know themselves: the secrets of components, or what an XMPP server has issued.
 *
 * @param names whose hosts' tokens
 */
export function hostTokens(realms: readonly Realm[], names: Realm['names']): TokenVerifier {
  const all = realms.filter(({ verifyToken }) => verifyToken !== undefined);
  const asked = ({ hostname }: Credentials) => {
    const addressed = all.filter(({ domain }) => domain === hostname);
    return (addressed.length > 0 ? addressed : all).filter(realm => realm.names === names);
  };
  return {
    accepts: (_token, credentials) => asked(credentials).length > 0,
    async verify(token, credentials) {
      for (const { verifyToken } of asked(credentials)) {
        const principal = await verifyToken?.(token);
        if (principal !== undefined) return principal;
      }
      return undefined;
    },
  };
}

/**
 * Access tokens as credentials of the API.
 *
 * Decides that a token with our prefix is of this server and nobody else's, and that it is good for the host that its grant
 * was given at, whatever the `Host` field says.
 */
import { TokenEnded, type TokenVerifier } from '../auth/bearer.ts';
import type { Principal } from '../auth/principal.ts';
import { digestOf } from '../auth/token-text.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Authority } from './authority.ts';
import type { OAuthStore } from './oauth-store.ts';
import { isSecret } from './secrets.ts';
import { withoutSqlite } from './storage-fault.ts';
import { principalOf, stillHolds } from './token-inspection.ts';

/** Those who issue tokens. */
export interface Issuing {
  readonly store: OAuthStore;
  readonly authorities: ReadonlyMap<Jid, Authority>;
  readonly log: Log;
}

/** Makes the verifier of the tokens that these hosts have issued. */
export function accessTokens({ store, authorities, log }: Issuing): TokenVerifier {
  async function find(text: string): Promise<Principal | undefined> {
    const token = store.grants.token(digestOf(text));
    const authority = token === undefined ? undefined : authorities.get(token.grant.domain);
    return authority && principalOf(authority, text);
  }

  return {
    accepts: token => isSecret('access', token),
    async verify(text) {
      const principal = await find(text).catch((error: unknown) => {
        throw withoutSqlite(error, log);
      });
      if (principal === undefined) throw new TokenEnded();
      return principal;
    },
    holds: ({ token }) => token?.kind !== 'oauth' || stillHolds({ store, now: () => Date.now() }, token.id),
  };
}

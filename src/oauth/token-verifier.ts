/**
 * Access tokens as credentials of the API.
 *
 * Decides that a token with our prefix is of this server and nobody else's, and that it is good for the host that its grant
 * was given at, whatever the `Host` field says.
 */
import type { TokenVerifier } from '../auth/bearer.ts';
import { digestOf } from '../auth/token-text.ts';
import { RestanzaError } from '../errors.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Authority } from './authority.ts';
import type { OAuthStore } from './oauth-store.ts';
import { isSecret } from './secrets.ts';
import { principalOf, stillHolds } from './token-inspection.ts';

/** Makes the verifier of the tokens that these hosts have issued. */
export function accessTokens(store: OAuthStore, authorities: ReadonlyMap<Jid, Authority>): TokenVerifier {
  return {
    accepts: token => isSecret('access', token),
    async verify(text) {
      const token = store.grants.token(digestOf(text));
      const authority = token === undefined ? undefined : authorities.get(token.grant.domain);
      const principal = authority === undefined ? undefined : await principalOf(authority, text);
      if (principal === undefined) throw new RestanzaError('credentials-rejected');
      return principal;
    },
    holds: ({ token }) => token?.kind !== 'oauth' || stillHolds({ store, now: Date.now }, token.id),
  };
}

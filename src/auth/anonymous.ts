/**
 * Requests without credentials, at hosts that allow it: mod_rest's anonymous mode.
 *
 * Decides that each request acts as a new user with a random name, whatever its `Authorization` field says, and which
 * requests are made to such a host. Nobody can prove to be that user later, so nothing is kept for him.
 */
import { anonymousLocalpart } from '../xmpp/anonymous.ts';
import { type Jid, makeJid } from '../xmpp/jid.ts';
import { addressedHost } from './addressed-host.ts';
import type { Authenticator } from './principal.ts';

/** Makes the authenticator that takes everyone, as someone new. */
export function anonymous(domain: Jid): Authenticator {
  return {
    challenge: `Basic realm="${domain}/rest"`,
    authenticate: async () => ({ address: makeJid({ local: anonymousLocalpart(), domain }), transient: true }),
  };
}

/**
 * Asks the authenticator of the host that a request is made to.
 *
 * @param served all hosts
 * @param special the hosts that have an authenticator of their own
 * @param general for all other requests
 */
export function byHost(
  served: readonly Jid[],
  special: ReadonlyMap<Jid, Authenticator>,
  general: Authenticator,
): Authenticator {
  return {
    challenge: general.challenge,
    authenticate(credentials) {
      const host = addressedHost(credentials.hostname, served);
      const own = host === undefined ? undefined : special.get(host);
      return (own ?? general).authenticate(credentials);
    },
  };
}

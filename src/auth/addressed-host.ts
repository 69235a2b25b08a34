/**
 * The host that a request is made to.
 *
 * Decides it by the domain that the URL of the request names; where that is none of ours, by there being only one.
 */
import type { Jid } from '../xmpp/jid.ts';

/**
 * Finds the host among those that are served.
 *
 * @param hostname the domain that the `Host` field names, without port
 * @returns `undefined` when several could be meant
 */
export function addressedHost(hostname: string | undefined, served: Iterable<Jid>): Jid | undefined {
  const domains = [...served];
  return domains.find(domain => domain === hostname) ?? (domains.length === 1 ? domains[0] : undefined);
}

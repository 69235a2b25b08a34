/**
 * What a caller may see of what came in.
 *
 * Decides it by the caller's addresses alone: a link is its owner's, so a component sees its whole domain and the owner of an
 * always-on account sees that account's link; a user of a domain that is served here sees what was sent to his own account.
 * Pure; who the caller is was decided in `auth/`.
 */
import { EVERYWHERE } from '../auth/jid-pattern.ts';
import type { Principal } from '../auth/principal.ts';
import type { EntryFilter } from '../journal/journal.ts';
import { bareOf, domainOf, type Jid, localOf } from '../xmpp/jid.ts';

/**
 * The links that are a caller's own: all that came in on them is his, and he manages its deliveries. Who manages the
 * gateway manages those of all.
 *
 * @param links the addresses of all links
 */
export function ownLinks(principal: Principal, links: readonly Jid[]): readonly Jid[] {
  const own = bareOf(principal.address);
  return principal.pattern === EVERYWHERE ? links : links.filter(link => link === own);
}

/**
 * What a caller may read, in the terms of the journal; nothing when none of the links has anything for him.
 *
 * @param links the addresses of all links
 */
export function readableBy(principal: Principal, links: readonly Jid[]): EntryFilter['readable'] {
  const own = ownLinks(principal, links).map(link => ({ link }));
  if (localOf(principal.address) === undefined) return own;
  const domain = domainOf(principal.address);
  const bare = bareOf(principal.address);
  return [...own, ...links.filter(link => link === domain).map(link => ({ link, bare }))];
}

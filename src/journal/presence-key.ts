/**
 * Which presence a newer one makes pointless (RFC 6121 §4).
 *
 * Decides that only presence which says how someone is, available or not, can be replaced, and only by presence of the same
 * resource to the same address. Subscriptions, probes and errors ask or tell something, and the presence of a room's
 * occupant tells of entering, leaving and new names (XEP-0045), which a later one does not repeat: each of these counts.
 */
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** A text that two presences share when the newer one replaces the older; `undefined` for every other stanza. */
export function presenceKey({ kind, type, from, to, payload }: Stanza): string | undefined {
  if (kind !== 'presence' || (type !== undefined && type !== 'unavailable')) return undefined;
  if (payload.some(({ ns }) => ns === NS.mucUser)) return undefined;
  // An address holds no line feed.
  return `${from ?? ''}\n${to ?? ''}`;
}

/**
 * Presence of a component whose addresses are always there (`presence: accept`), as mod_component_http has it.
 *
 * Decides the answers to probes and subscriptions (RFC 6121 §3.1.3, §3.3.3, §4.3.2), so that any address of the component can be
 * added to a contact list and is online there. All other presence for an address without a resource is taken and forgotten.
 * Pure: a stanza in, the stanzas that answer it out.
 */
import { eventOf } from '../host/routes.ts';
import { type Jid, withResource } from '../xmpp/jid.ts';
import type { Presence, PresenceType, Stanza } from '../xmpp/stanza.ts';

/** The resource that is always online. The domain itself is online without one. */
const RESOURCE = 'default';

/** The types of the answers to each type; `available` has none. */
const ANSWERS: Readonly<Partial<Record<PresenceType, readonly (PresenceType | 'available')[]>>> = {
  probe: ['available'],
  subscribe: ['subscribed', 'available'],
  unsubscribe: ['unavailable'],
};

/**
 * Answers presence.
 *
 * @returns the answers, none where there is nothing to say; `undefined` for a stanza that is to be routed like any other: it
 *   is no presence, an error, or for a resource
 */
export function acceptPresence(stanza: Stanza): readonly Presence[] | undefined {
  const { kind, type, to, from } = stanza;
  if (kind !== 'presence' || type === 'error' || to === undefined || from === undefined) return undefined;
  const event = eventOf(to);
  if (event === 'full') return undefined;
  const online = event === 'host' ? to : withResource(to, RESOURCE);
  const answers = type === undefined ? [] : (ANSWERS[type] ?? []);
  return answers.map(answer => presence(answer, { to: from, bare: to, online }));
}

interface Addresses {
  readonly to: Jid;
  readonly bare: Jid;
  readonly online: Jid;
}

/** Presence comes from the resource, subscriptions are between addresses without one (RFC 6121 §3.1.6). */
function presence(type: PresenceType | 'available', { to, bare, online }: Addresses): Presence {
  if (type === 'available') return { kind: 'presence', to, from: online, payload: [] };
  return { kind: 'presence', type, to, from: type === 'unavailable' ? online : bare, payload: [] };
}

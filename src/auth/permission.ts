/**
 * What a stanza takes to be sent.
 *
 * Decides it by its kind, by what it asks for and by whom it asks. The data of one's own account is told apart from
 * everything else (XEP-0493 §5): not from what others have sent, which takes more, nor from what would give a token the
 * whole account. Pure.
 */
import { bareOf, domainOf, type Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Iq, Stanza } from '../xmpp/stanza.ts';
import type { Permission } from './scopes.ts';

/** Every version of XEP-0313. */
const ARCHIVES = NS.archive.replace(/[0-9]+$/, '');
/** The password, the other clients, and commands, which can be anything. */
const CONTROL: ReadonlySet<string> = new Set([NS.register, NS.clientAccess, NS.commands]);
/** What an account keeps or passes on of what others sent (XEP-0280, XEP-0013). */
const COMMUNICATION: ReadonlySet<string> = new Set([NS.carbons, NS.offline]);

/** All that sending a stanza can take, what is most usual first. */
export const STANZA_PERMISSIONS = [
  'send',
  'query',
  'archive',
  'account-read',
  'account-write',
  'account-control',
] as const satisfies readonly Permission[];

/** The same for queries: who has none of them is told of the first. */
export const QUERY_PERMISSIONS = [
  'query',
  'archive',
  'account-read',
  'account-write',
  'account-control',
  'send',
] as const satisfies readonly Permission[];

/**
 * The permission that sending a stanza takes.
 *
 * @param stanza with its sender and, unless it is a presence, its recipient
 */
export function permissionFor(stanza: Stanza & { readonly from: Jid }): Permission {
  return stanza.kind === 'iq' ? permissionForIq(stanza) : 'send';
}

function permissionForIq({ type, from, to, payload }: Iq & { readonly from: Jid }): Permission {
  const namespaces = payload.map(({ ns }) => ns);
  const own: readonly Jid[] = [bareOf(from), domainOf(from)];
  const isOwn = to === undefined || own.includes(to);
  if (namespaces.some(ns => ns.startsWith(ARCHIVES))) return 'archive';
  if ((isOwn || own.includes(bareOf(to))) && namespaces.some(ns => CONTROL.has(ns))) return 'account-control';
  if (!isOwn || namespaces.some(ns => COMMUNICATION.has(ns))) return 'query';
  return type === 'get' ? 'account-read' : 'account-write';
}

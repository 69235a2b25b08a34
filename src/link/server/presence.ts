/**
 * A session's own presence (RFC 6121 §4.2–§4.6).
 *
 * Decides who is told what when a session says that it is available, changes its mind, or ends. Without rosters an account
 * is subscribed to itself alone, so its own sessions hear of each other, and others only what was directed at them.
 */
import { textOf } from '../../xml/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Presence } from '../../xmpp/stanza.ts';
import type { Addressed } from './route.ts';

/** How many addresses may be owed the end of a session's directed presence: each is kept as long as the session. */
export const MAX_DIRECTED = 1_000;

/** What the decisions here need to know of a session. */
export interface Present {
  readonly address: Jid;
  /** Its last presence; absent while it is not available. */
  readonly presence?: Presence | undefined;
  readonly directed: ReadonlySet<Jid>;
}

const INTEGER = /^[ \t\r\n]*([+-]?\d{1,4})[ \t\r\n]*$/;

/**
 * The priority of an available presence (RFC 6121 §4.7.2.3).
 *
 * @returns -128 to 127, 0 when none is given, or `undefined` when it is not such a number
 */
export function priorityOf(presence: Presence): number | undefined {
  const [first] = presence.payload.filter(({ name, ns }) => name === 'priority' && ns === NS.client);
  if (first === undefined) return 0;
  const value = Number(INTEGER.exec(textOf(first))?.[1] ?? Number.NaN);
  return value >= -128 && value <= 127 ? value : undefined;
}

/**
 * What follows from an available presence without `to`: the account's available sessions hear of it, the sender included
 * (RFC 6121 §4.2.2), and a session that has just become available hears of the others.
 *
 * @param sender as it was before
 * @param presence what it says now, from its full address
 * @param sessions all sessions of the account
 */
export function announced(
  sender: Present,
  presence: Presence & { readonly from: Jid },
  sessions: readonly Present[],
): readonly Addressed[] {
  const available = sessions.filter(session => session === sender || session.presence !== undefined);
  const told = available.map(({ address }) => ({ ...presence, to: address }));
  if (sender.presence !== undefined) return told;
  const others = available.flatMap(({ address, presence: theirs }) =>
    theirs === undefined ? [] : [{ ...theirs, from: address, to: sender.address }],
  );
  return [...told, ...others];
}

/**
 * What follows from the end of a session's availability (RFC 6121 §4.5): who was told that it is there is told that it is gone.
 *
 * @param sender as it was before
 * @param presence the last word, of type unavailable, from its full address
 * @param sessions all sessions of the account that are to hear of it
 */
export function withdrawn(
  sender: Present,
  presence: Presence & { readonly from: Jid },
  sessions: readonly Present[],
): readonly Addressed[] {
  const own = sender.presence === undefined ? [] : sessions.filter(session => session.presence !== undefined);
  return [...own.map(({ address }) => address), ...sender.directed].map(to => ({ ...presence, to }));
}

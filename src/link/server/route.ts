/**
 * Where a stanza for the embedded host's own domain goes (RFC 6121 §8.5).
 *
 * Decides, as tables of type against address, without any I/O. Whether an account exists plays no part: what has no session
 * looks the same to a stranger whether it is away or was never there. There is no offline store, no roster and no other
 * server yet, so what would need one is refused, or lost where RFC 6121 wants silence. The router carries the answer out.
 */
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { bareOf, domainOf, type Jid, localOf, resourceOf } from '../../xmpp/jid.ts';
import type { IqType, MessageType, PresenceType, Stanza } from '../../xmpp/stanza.ts';

/** A stanza between the server's checks and its delivery: both addresses are known. */
export type Addressed = Stanza & { readonly from: Jid; readonly to: Jid };

/** What the decision needs to know of a session. */
export interface Resource {
  /** Its full address. */
  readonly address: Jid;
  /** The priority of its presence (RFC 6121 §4.7.2.3), -128 to 127; absent while it is not available. */
  readonly priority?: number | undefined;
}

/**
 * What to do with a stanza:
 * - `deliver` to the sessions with these full addresses
 * - `host`: it is for the domain, or for someone who acts over HTTP
 * - `account`: the server answers in the name of the account
 * - `refuse` with an error, where the stanza can have one
 * - `ignore`
 */
export type Route =
  | { readonly name: 'deliver'; readonly to: readonly Jid[] }
  | { readonly name: 'host' }
  | { readonly name: 'account' }
  | { readonly name: 'refuse'; readonly condition: StanzaCondition }
  | { readonly name: 'ignore' };

/** What a cell of the tables names. */
type Rule =
  /** The session that is addressed. */
  | 'session'
  /** All available sessions of the account. */
  | 'available'
  /** All available sessions whose priority is not negative; the error when there is none. */
  | 'willing'
  /** The same, but silence when there is none. */
  | 'willing-or-nobody'
  | 'host'
  | 'account'
  | 'refuse'
  | 'ignore';

/** One row: a type, and what is done for an account, for a session that is there, and for one that is not. */
interface Row {
  readonly account: Rule;
  readonly bound: Rule;
  readonly absent: Rule;
}

const SUBSCRIPTION: Row = { account: 'available', bound: 'available', absent: 'available' };
/** RFC 6121 §4.3: probes are asked by servers; without subscriptions there is nobody to whom one may be answered. */
const PROBE: Row = { account: 'ignore', bound: 'ignore', absent: 'ignore' };
const NOTICE: Row = { account: 'available', bound: 'session', absent: 'ignore' };
/** Answers that no session waits for belong to someone who asked over HTTP. */
const ANSWER: Row = { account: 'host', bound: 'session', absent: 'host' };

const MESSAGES: Readonly<Record<MessageType, Row>> = {
  normal: { account: 'willing', bound: 'session', absent: 'refuse' },
  chat: { account: 'willing', bound: 'session', absent: 'willing' },
  headline: { account: 'willing-or-nobody', bound: 'session', absent: 'refuse' },
  groupchat: { account: 'refuse', bound: 'session', absent: 'refuse' },
  error: ANSWER,
};

const PRESENCES: Readonly<Record<PresenceType | 'available', Row>> = {
  available: NOTICE,
  unavailable: NOTICE,
  subscribe: SUBSCRIPTION,
  subscribed: SUBSCRIPTION,
  unsubscribe: SUBSCRIPTION,
  unsubscribed: SUBSCRIPTION,
  probe: PROBE,
  error: ANSWER,
};

const REQUEST: Row = { account: 'account', bound: 'session', absent: 'refuse' };

const IQS: Readonly<Record<IqType, Row>> = { get: REQUEST, set: REQUEST, result: ANSWER, error: ANSWER };

function rowOf(stanza: Stanza): Row {
  if (stanza.kind === 'message') return MESSAGES[stanza.type ?? 'normal'];
  if (stanza.kind === 'presence') return PRESENCES[stanza.type ?? 'available'];
  return IQS[stanza.type];
}

const UNAVAILABLE: Route = { name: 'refuse', condition: 'service-unavailable' };

/**
 * Decides where a stanza goes.
 *
 * @param stanza what was sent
 * @param domain the domain that is served
 * @param resources the sessions of the account that is addressed
 */
export function route(stanza: Addressed, domain: Jid, resources: readonly Resource[]): Route {
  if (domainOf(stanza.to) !== domain) return { name: 'refuse', condition: 'remote-server-not-found' };
  if (localOf(stanza.to) === undefined) return { name: 'host' };
  const row = rowOf(stanza);
  if (resourceOf(stanza.to) === undefined) return applied(row.account, stanza, resources);
  const bound = resources.some(({ address }) => address === stanza.to);
  return applied(bound ? row.bound : row.absent, stanza, resources);
}

function applied(rule: Rule, stanza: Addressed, resources: readonly Resource[]): Route {
  switch (rule) {
    case 'session':
      return { name: 'deliver', to: [stanza.to] };
    case 'available':
      return delivery(resources, -128) ?? { name: 'ignore' };
    case 'willing':
      return delivery(resources, 0) ?? UNAVAILABLE;
    case 'willing-or-nobody':
      return delivery(resources, 0) ?? { name: 'ignore' };
    case 'account':
      // RFC 6121 §8.5.2.1.3; to strangers an account says nothing, not even that it is there.
      return bareOf(stanza.from) === stanza.to ? { name: 'account' } : UNAVAILABLE;
    case 'refuse':
      return UNAVAILABLE;
    case 'host':
    case 'ignore':
      return { name: rule };
  }
}

function delivery(resources: readonly Resource[], least: number): Route | undefined {
  const to = resources.filter(({ priority }) => priority !== undefined && priority >= least);
  return to.length === 0 ? undefined : { name: 'deliver', to: to.map(({ address }) => address) };
}

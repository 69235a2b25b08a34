/**
 * The embedded host's router: stanzas between sessions, accounts and whoever serves the domain (RFC 6120 §10, RFC 6121 §8).
 *
 * Carries out what `route.ts`, `presence.ts` and `account.ts` decide. Everything happens in the turn in which a stanza
 * came in, so stanzas between the same two addresses stay in order (RFC 6120 §10.1).
 */
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { bareOf, domainOf, type Jid } from '../../xmpp/jid.ts';
import { errorOf, isRequest, type Presence, type Stanza } from '../../xmpp/stanza.ts';
import { answerForAccount } from './account.ts';
import { Copies } from './copies.ts';
import { type Bound, Directory, type Outlet } from './directory.ts';
import { announced, MAX_DIRECTED, priorityOf, withdrawn } from './presence.ts';
import { type Addressed, type Route, route } from './route.ts';

/** How many sessions an account may have at once: the presence of each is copied to all. */
export const MAX_SESSIONS = 64;

/** Presence between accounts rather than sessions (RFC 6121 §3.1.2): it goes from and to bare addresses. */
const BETWEEN_ACCOUNTS: ReadonlySet<string> = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed']);

/** Routes the stanzas of one domain. */
export class Router {
  readonly #domain: Jid;
  readonly #host: (stanza: Addressed, sender: Outlet | undefined) => void;
  readonly #isClaimed: (stanza: Addressed) => boolean;
  readonly #directory = new Directory();
  /** The session whose stanza is being routed. Its address may not say so: a subscription comes from the account. */
  #sender: Outlet | undefined;

  /**
   * @param host takes what is for the domain itself, or for those who act over HTTP, and the session whose client caused it
   * @param isClaimed says whether `host` also takes a stanza for an account of the domain that no session takes
   */
  constructor(
    domain: Jid,
    host: (stanza: Addressed, sender: Outlet | undefined) => void,
    isClaimed: (stanza: Addressed) => boolean = () => false,
  ) {
    this.#domain = domain;
    this.#host = host;
    this.#isClaimed = isClaimed;
  }

  /**
   * Makes a session known under its full address. An older session with that address is closed (RFC 6120 §7.7.2.2):
   * most often it is the same client, whose connection broke without anyone noticing. What the older one never got then
   * comes to the new one.
   *
   * @param ready is called once the session is known, before anything comes to it
   * @returns `undefined` when the account has too many sessions
   */
  bind(address: Jid, outlet: Outlet, ready: (bound: Bound) => void = () => {}): Bound | undefined {
    const older = this.#directory.at(address);
    if (older !== undefined) this.unbind(older);
    else if (!this.#makeRoom(address)) return undefined;
    const bound = this.#directory.add(address, outlet);
    ready(bound);
    older?.outlet.end('conflict', 'another session took this resource');
    return bound;
  }

  /** Whether there is room for one more session of an account; one that nobody may come back to gives way. */
  #makeRoom(address: Jid): boolean {
    const sessions = this.#directory.of(address);
    if (sessions.length < MAX_SESSIONS) return true;
    const oldest = sessions.find(({ outlet }) => outlet.asleep);
    oldest?.outlet.end('resource-constraint', 'the account has too many sessions');
    return oldest !== undefined;
  }

  /** Forgets a session that has ended, and says so in its name. To call it again does no harm. */
  unbind(session: Bound): void {
    if (this.#directory.at(session.address) !== session) return;
    this.#directory.remove(session);
    this.#withdraw(session, { kind: 'presence', type: 'unavailable', from: session.address, payload: [] });
  }

  /** Takes a stanza from a session's client; its `from` has been checked and is stamped here (RFC 6120 §8.1.2.1). */
  fromClient(session: Bound, stanza: Stanza): void {
    this.#sender = session.outlet;
    try {
      this.#take(session, stanza);
    } finally {
      this.#sender = undefined;
    }
  }

  #take(session: Bound, stanza: Stanza): void {
    const addressed = stamped(stanza, session.address);
    if (addressed.kind !== 'presence') this.submit(addressed);
    else if (stanza.to === undefined) this.#ownPresence(session, addressed);
    else if (remember(session, addressed)) this.submit(addressed);
    else this.#refuse(addressed, 'resource-constraint');
  }

  /** Where a stanza would go now. */
  decide(stanza: Addressed): Route {
    const decided = route(stanza, this.#domain, this.#directory.of(stanza.to));
    const isTaken = decided.name !== 'refuse' && decided.name !== 'ignore';
    if (isTaken || domainOf(stanza.to) !== this.#domain) return decided;
    return this.#isClaimed(stanza) ? { name: 'host' } : decided;
  }

  /** The stream of the session with this full address. */
  outletOf(address: Jid): Outlet | undefined {
    return this.#directory.at(address)?.outlet;
  }

  /** What the slowest of those who would get a stanza has not taken yet, in characters. */
  unsentFor(stanza: Addressed): number {
    const decided = this.decide(stanza);
    if (decided.name !== 'deliver') return 0;
    return Math.max(0, ...decided.to.map(address => this.outletOf(address)?.unsent ?? 0));
  }

  /** Routes a stanza whose addresses are complete. */
  submit(stanza: Addressed): void {
    this.#dispatch(stanza, this.decide(stanza));
  }

  #dispatch(stanza: Addressed, decided: Route): void {
    switch (decided.name) {
      case 'deliver':
        this.#deliver(stanza, decided.to);
        break;
      case 'host':
        this.#host(stanza, this.#sender);
        break;
      case 'account':
        if (isRequest(stanza)) this.#answer(answerForAccount(stanza));
        break;
      case 'refuse':
        this.#refuse(stanza, decided.condition);
        break;
      case 'ignore':
    }
  }

  #deliver(stanza: Addressed, to: readonly Jid[]): void {
    const copies = new Copies(to.length);
    for (const address of to) this.outletOf(address)?.deliver(stanza, copies, this.#sender);
  }

  #refuse(stanza: Addressed, condition: StanzaCondition): void {
    this.#answer(errorOf(stanza, { condition }));
  }

  /** Answers are results and errors, which nothing answers: this cannot go in circles. */
  #answer(answer: Stanza | undefined): void {
    if (answer?.from === undefined || answer.to === undefined) return;
    this.submit({ ...answer, from: answer.from, to: answer.to });
  }

  /** Presence without `to` is about the session itself. */
  #ownPresence(session: Bound, presence: Addressed & Presence): void {
    if (presence.type === 'unavailable') this.#withdraw(session, presence);
    else if (presence.type === undefined) this.#announce(session, presence);
    else if (BETWEEN_ACCOUNTS.has(presence.type)) this.#refuse(presence, 'bad-request');
  }

  #announce(session: Bound, presence: Addressed & Presence): void {
    const priority = priorityOf(presence);
    if (priority === undefined) {
      this.#refuse(presence, 'bad-request');
      return;
    }
    const told = announced(session, presence, this.#directory.of(session.address));
    session.presence = presence;
    session.priority = priority;
    this.#submitAll(told);
  }

  #withdraw(session: Bound, last: Presence & { readonly from: Jid }): void {
    const told = withdrawn(session, last, this.#directory.of(session.address));
    session.presence = undefined;
    session.priority = undefined;
    session.directed.clear();
    this.#submitAll(told);
  }

  #submitAll(stanzas: readonly Addressed[]): void {
    for (const stanza of stanzas) this.submit(stanza);
  }
}

/**
 * A stanza with the addresses that the server vouches for: what names nobody is for the sender's own account (RFC 6120 §10.3).
 *
 * @param sender the full address of a session, or whatever address acts through the link
 */
export function stamped(stanza: Stanza, sender: Jid): Addressed {
  const to = stanza.to ?? bareOf(sender);
  const betweenAccounts = stanza.kind === 'presence' && BETWEEN_ACCOUNTS.has(stanza.type ?? '');
  return betweenAccounts ? { ...stanza, from: bareOf(sender), to: bareOf(to) } : { ...stanza, from: sender, to };
}

/**
 * Keeps in mind who is owed the end of directed presence (RFC 6121 §4.6.3).
 *
 * @returns whether there was room
 */
function remember(session: Bound, { type, to }: Addressed & Presence): boolean {
  if (type === 'unavailable') session.directed.delete(to);
  // The own account hears of the session anyway, another domain cannot be reached.
  const needless = domainOf(to) !== domainOf(session.address) || bareOf(to) === bareOf(session.address);
  if (type !== undefined || needless || session.directed.has(to)) return true;
  if (session.directed.size >= MAX_DIRECTED) return false;
  session.directed.add(to);
  return true;
}

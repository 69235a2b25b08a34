/**
 * What comes in on a link and nobody waits for: the sink of its host.
 *
 * Decides what is kept: messages and presence, in the journal, with the targets that are owed them, before they count as
 * handled; iqs are passed on at once instead (`queries.ts`). And it keeps the bounds of targets: when one of them is owed as
 * much as it may be, the link is slowed down for some seconds; after that, senders are told that there is no room, until there
 * is some again.
 */
import { archiveIdOf } from '../host/archive-page.ts';
import type { Sink } from '../host/host.ts';
import { eventOf, type Recipients, route, type StanzaEvent } from '../host/routes.ts';
import type { Journal, NewEntry } from '../journal/journal.ts';
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import { XmlError } from '../xml/xml-error.ts';
import { bareOf, type Jid, localOf } from '../xmpp/jid.ts';
import { isRequest, type Stanza } from '../xmpp/stanza.ts';
import { acceptPresence } from './presence.ts';
import { Queries } from './queries.ts';
import { refusalOf } from './reply.ts';
import type { Service } from './service.ts';

/** What a receiver needs. */
export interface ReceiverOptions {
  /** The address of the link. */
  readonly link: Jid;
  /** The targets of the link, in the order of the configuration. */
  readonly services: readonly Service[];
  /** The forms of address whose stanzas are kept for readers of events, whatever the targets want. */
  readonly events: readonly StanzaEvent[];
  /** Whether a stanza is what a target has answered; it must not be called with it, or it would go on for ever. */
  readonly isAnswer: (stanza: Stanza) => boolean;
  readonly journal: Journal;
  /** Sends a stanza from the link. */
  readonly send: (stanza: Stanza) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for which a link is slowed down before stanzas are refused, and between two looks for room. */
const SLOWED = 10_000;
const LOOK = 100;

/** The sink of one link. */
export class Receiver implements Sink, AsyncDisposable {
  readonly #options: ReceiverOptions;
  readonly #services: ReadonlyMap<string, Service>;
  readonly #rules: readonly Service['target'][];
  readonly #queries: Queries;
  /** Since when a target has had no room, on the clock's time. */
  readonly #fullSince = new Map<string, number>();
  #stopping = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#services = new Map(options.services.map(service => [service.target.name, service]));
    this.#rules = options.services.map(({ target }) => target);
    this.#queries = new Queries(options.send, options.log);
  }

  wants(stanza: Stanza): boolean {
    if (stanza.to === undefined || this.#isOwnPresence(stanza)) return false;
    if (stanza.kind === 'iq' && !isRequest(stanza)) return false;
    if (this.hasTarget(stanza)) return true;
    const event = eventOf(stanza.to);
    return stanza.kind !== 'iq' && (this.#options.events.includes(event) || this.#accepts(stanza) !== undefined);
  }

  /** Whether a stanza is for one of the targets; an embedded host asks before it refuses what nobody else takes. */
  hasTarget(stanza: Stanza): boolean {
    if (stanza.to === undefined || (stanza.kind === 'iq' && !isRequest(stanza))) return false;
    const { answering, observing } = route(stanza, eventOf(stanza.to), this.#rules);
    return answering !== undefined || observing.length > 0;
  }

  /** A server tells an account of its own presence (RFC 6121 §4.2.2), which is no news to it. */
  #isOwnPresence({ kind, from }: Stanza): boolean {
    const { link } = this.#options;
    return kind === 'presence' && localOf(link) !== undefined && from !== undefined && bareOf(from) === link;
  }

  /** @param isPosition whether the archive of the link's account has been taken over up to what is kept here */
  async take(stanzas: readonly Stanza[], isPosition = true): Promise<void> {
    const entries = stanzas.flatMap(stanza => this.#entryOf(stanza, isPosition) ?? []);
    const kept = await this.#withRoom(entries);
    if (kept.length > 0) await this.#append(kept);
  }

  /** What no stream could carry cannot be kept either; it must not keep away what came with it. */
  async #append(entries: readonly NewEntry[]): Promise<void> {
    const { journal, log, link } = this.#options;
    try {
      await journal.append(entries);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      if (entries.length > 1) for (const entry of entries) await this.#append([entry]);
      else
        log.warn(
          { link, from: entries[0]?.stanza.from, why: error.message },
          'a stanza that cannot be kept is dropped',
        );
    }
  }

  /** Deals with what is not kept. */
  #entryOf(stanza: Stanza, isPosition: boolean): NewEntry | undefined {
    const { link, isAnswer } = this.#options;
    if (stanza.to === undefined) return undefined;
    const event = eventOf(stanza.to);
    const recipients = route(stanza, event, this.#rules);
    if (stanza.kind === 'iq') {
      this.#ask(stanza, recipients);
      return undefined;
    }
    const answers = this.#accepts(stanza);
    if (answers !== undefined) {
      for (const answer of answers) this.#send(answer);
      return undefined;
    }
    const { answering, observing } = recipients;
    const targets = answering === undefined || isAnswer(stanza) ? observing : [answering, ...observing];
    const archiveId = isPosition ? archiveIdOf(stanza, link) : undefined;
    return { link, event, stanza, targets, ...(archiveId !== undefined && { archiveId }) };
  }

  #ask(iq: Stanza, { answering, observing }: Recipients): void {
    const named = (name: string) => this.#services.get(name) ?? [];
    this.#queries.ask(iq, [answering ?? []].flat().flatMap(named)[0], observing.flatMap(named));
  }

  /** The answers to presence where a target wants its addresses to be always online. */
  #accepts(stanza: Stanza): readonly Stanza[] | undefined {
    return this.#rules.some(({ presence }) => presence === 'accept') ? acceptPresence(stanza) : undefined;
  }

  #send(stanza: Stanza): void {
    const { send, log, link } = this.#options;
    send(stanza).catch((error: unknown) => log.debug({ link, err: error }, 'an answer could not be sent'));
  }

  /** Waits for room; what has none after that is refused by the targets that have none. */
  async #withRoom(entries: readonly NewEntry[]): Promise<readonly NewEntry[]> {
    const owed = new Set(entries.flatMap(({ targets }) => targets));
    for (const name of owed) await this.#waitForRoom(name);
    return this.#fullSince.size === 0 ? entries : entries.map(entry => this.#withoutFull(entry));
  }

  async #waitForRoom(name: string): Promise<void> {
    const { clock, log } = this.#options;
    while (this.#isFull(name) && !this.#stopping) {
      const since = this.#fullSince.get(name);
      if (since === undefined) {
        this.#fullSince.set(name, clock.now());
        log.warn({ target: name }, 'as much waits for the callback as may wait; its link is slowed down');
      } else if (clock.now() - since >= SLOWED) return;
      await new Promise<void>(resolve => clock.after(LOOK, resolve));
    }
    if (this.#fullSince.delete(name)) log.info({ target: name }, 'there is room again for the callback');
  }

  #isFull(name: string): boolean {
    const target = this.#services.get(name)?.target;
    if (target === undefined) return false;
    const { entries, bytes } = this.#options.journal.backlog(name);
    return entries >= target.maxEntries || bytes >= target.maxBytes;
  }

  #withoutFull(entry: NewEntry): NewEntry {
    const targets = entry.targets.filter(name => !this.#fullSince.has(name));
    if (targets.length === entry.targets.length) return entry;
    const [first = ''] = entry.targets;
    // Who may answer stands first, and does not only observe.
    const hasNoAnswer = this.#fullSince.has(first) && this.#services.get(first)?.target.observe === false;
    const refusal = refusalOf(entry.stanza, 'full');
    if (hasNoAnswer && entry.stanza.kind === 'message' && refusal.name === 'stanza') this.#send(refusal.stanza);
    return { ...entry, targets };
  }

  /** Stops waiting for room, and waits for iqs under way; the services must have been stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.#queries[Symbol.asyncDispose]();
  }
}

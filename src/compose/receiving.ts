/**
 * The receiving half: callbacks of the configuration as targets, and what brings them their stanzas.
 *
 * Decides which parts a link gets, and that the journal wakes those who have something new to bring.
 */
import type { CallbackConfig } from '../config/load.ts';
import { Receiver } from '../delivery/receiver.ts';
import { Service } from '../delivery/service.ts';
import { readSecret } from '../delivery/sign.ts';
import { DEFAULT_EVENTS, type Target } from '../delivery/target.ts';
import { readTemplate } from '../delivery/url.ts';
import { Worker, type WorkerOptions } from '../delivery/worker.ts';
import { route } from '../host/routes.ts';
import type { Journal, StanzaEvent } from '../journal/journal.ts';
import { SYSTEM_CLOCK, steadyTime } from '../link/clock.ts';
import { PacedLog } from '../link/paced-log.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** Where callbacks stand in the configuration. */
interface Callbacks {
  readonly callback: CallbackConfig | undefined;
  readonly callbacks: ReadonlyMap<string, CallbackConfig>;
}

/** A link that stanzas come in on. */
export interface Source {
  readonly link: Jid;
  readonly config: Callbacks;
  /** The forms of address that a callback gets unless it says otherwise. */
  readonly events: keyof typeof DEFAULT_EVENTS;
  /** Sends a stanza from the link. */
  readonly send: (stanza: Stanza) => Promise<void>;
}

/** A target with what its worker needs of the link. */
type Post = Pick<WorkerOptions, 'service' | 'mayAnswer' | 'send'>;

/** How many of the last entries are looked at for what a server may send again. */
const LATEST = 2_000;

const EVERY_EVENT: readonly StanzaEvent[] = ['bare', 'full', 'host'];

/** All callbacks of the gateway. */
export class Receiving implements AsyncDisposable {
  readonly journal: Journal;
  readonly #version: string;
  readonly #log: Log;
  readonly #time = steadyTime();
  readonly #links: Jid[] = [];
  readonly #posts: Post[] = [];
  readonly #workers = new Map<string, Worker>();

  constructor(journal: Journal, version: string, log: Log) {
    this.journal = journal;
    this.#version = version;
    this.#log = log;
  }

  /** The links whose stanzas are kept. */
  get links(): readonly Jid[] {
    return this.#links;
  }

  /** The latest stanzas that came in on a link and are still kept, oldest first. */
  latest(link: Jid): readonly Stanza[] {
    const entries = this.journal.read(Math.max(0, this.journal.last - LATEST), { readable: [{ link }] }, LATEST);
    return entries.map(({ stanza }) => stanza);
  }

  /** Makes the sink of a link; it is the caller's to dispose. */
  receiver({ link, config, events, send }: Source): Receiver {
    const named = [
      ...(config.callback === undefined ? [] : [['callback', config.callback] as const]),
      ...config.callbacks,
    ];
    const targets = named.map(([name, callback]) => targetOf(name, callback, link, events));
    // What a callback says to an address at the same embedded host comes in again, with the payload as it is.
    const answers = new WeakSet<Stanza['payload']>();
    const answer = (stanza: Stanza) => {
      answers.add(stanza.payload);
      return send(stanza);
    };
    const services = targets.map(
      target => new Service({ target, version: this.#version, log: this.#log, time: this.#time }),
    );
    this.#links.push(link);
    for (const service of services) {
      const { name } = service.target;
      const mayAnswer: Post['mayAnswer'] = ({ stanza, event }) => route(stanza, event, targets).answering === name;
      this.#posts.push({ service, mayAnswer, send: answer });
    }
    return new Receiver({
      link,
      services,
      events: EVERY_EVENT,
      isAnswer: ({ payload }) => answers.has(payload),
      journal: this.journal,
      send,
      clock: SYSTEM_CLOCK,
      log: this.#log,
    });
  }

  /** Starts to bring stanzas, those of earlier runs first. */
  start(): void {
    const { journal } = this;
    for (const post of this.#posts) {
      const { service } = post;
      // A service that answers one call in a way that is of no use does so with all.
      const log = new PacedLog(this.#log, SYSTEM_CLOCK);
      this.#workers.set(service.target.name, new Worker({ ...post, journal, clock: SYSTEM_CLOCK, log }));
      service.probe();
    }
    journal.onAppended = targets => {
      for (const name of targets) this.#workers.get(name)?.pump();
    };
    this.#tellOfOrphans();
  }

  /** Who has renamed a callback or taken it out does not know that stanzas still wait for it. */
  #tellOfOrphans(): void {
    const orphans = this.journal.owed.filter(target => !this.#workers.has(target));
    for (const target of orphans) {
      const { entries } = this.journal.backlog(target);
      const text = 'stanzas wait for a callback that is not configured; it gets them when it is again';
      this.#log.warn({ target, entries }, text);
    }
  }

  /** Takes all services for well and makes what is due: somebody has asked for a new try. */
  revive(): void {
    for (const worker of this.#workers.values()) worker.revive();
  }

  /** Begins no more calls, and waits for those under way for some seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.journal.onAppended = undefined;
    const unused = this.#posts.filter(({ service }) => !this.#workers.has(service.target.name));
    await Promise.all([...this.#workers.values()].map(worker => worker[Symbol.asyncDispose]()));
    await Promise.all(unused.map(({ service }) => service[Symbol.asyncDispose]()));
  }
}

/**
 * A callback as the target of a link.
 *
 * @param name of the callback among those of the link
 */
export function targetOf(name: string, config: CallbackConfig, link: Jid, events: Source['events']): Target {
  const { url, types, from, to, payload, bearer, secret, old_secret: oldSecret, allow_private: allowPrivate } = config;
  const login = url.user && { user: url.user.name, password: url.user.password };
  return {
    name: `${link}/${name}`,
    link,
    url: readTemplate(url.template, login),
    format: config.format === 'component_http' ? 'component_http' : config.content_type,
    stanzas: config.stanzas,
    events: config.events ?? DEFAULT_EVENTS[events],
    observe: config.observe,
    delivery: config.delivery,
    presence: config.presence,
    headers: Object.fromEntries(config.headers),
    keys: [secret, oldSecret].flatMap(key => (key === undefined ? [] : (readSecret(key) ?? []))),
    timeout: config.timeout * 1000,
    concurrency: config.concurrency,
    maxEntries: config.max_entries,
    maxBytes: config.max_bytes,
    ...(types !== undefined && { types }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(payload !== undefined && { payloads: payload }),
    ...(bearer !== undefined && { bearer }),
    ...(allowPrivate !== undefined && { allowPrivate }),
  };
}

/**
 * What came for an account while it was away (XEP-0313).
 *
 * Decides that an always-on account gets every archived message once and in order: with a new session the archive is asked
 * for all that came after the last stanza that was kept, and what arrives meanwhile and is archived too waits until that has
 * been handed on. What the archive gives looks like a message that the server had stored: with the time in a delay
 * (XEP-0203) and the archive's id (XEP-0359), by which copies are told. The position is kept with the stanzas themselves, so that
 * a restart neither skips nor repeats. Own messages are left out. Some seconds later the end of the archive is looked over once
 * more: while a server replaces a session, it may still give a message to the old one, and note it in the archive after the
 * new one has asked (ejabberd does). Until then the position stays where that look begins, so that another process makes up for
 * one that did not come to it.
 */
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Message, Stanza } from '../xmpp/stanza.ts';
import {
  type ArchiveQuery,
  archiveIdOf,
  isArchiveResult,
  pageQuery,
  readPage,
  withoutForgedIds,
} from './archive-page.ts';
import type { Sink } from './host.ts';

/** Sends a query and waits for what answers it, the iq as the last, or until nobody wants the answer any more. */
export type Ask = (query: ArchiveQuery, gone: AbortSignal) => Promise<readonly Stanza[]>;

/** Where it is kept up to which stanza the archive has been taken over. */
export interface Positions {
  position(link: Jid): string | undefined;
  setPosition(link: Jid, archiveId: string): Promise<void>;
}

/** What keeps messages, and with each that has an id of the archive the position, unless older ones may still turn up there. */
export interface PositionSink extends Pick<Sink, 'wants'> {
  take(stanzas: readonly Stanza[], isPosition: boolean): Promise<void>;
}

/** What catching up needs. */
export interface CatchUpOptions {
  readonly account: Jid;
  readonly positions: Positions;
  /** Stanzas that were kept before this start, the latest last: a server may send again what it saw no acknowledgement for. */
  readonly earlier?: readonly Stanza[];
  readonly sink: PositionSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after which nothing is given to a session that was replaced any more. */
const SETTLED = 5_000;
/** Milliseconds after which a catching up that failed is tried again while the session lasts. */
const AGAIN = 10_000;
/** Live messages that may wait for the archive; later ones are left to the archive itself. */
const MAX_HELD = 5_000;
/** Ids of the archive by which copies are told: more than come before the second look. */
const MAX_RECENT = 20_000;

/** The sink of an always-on account. */
export class CatchUp implements Sink, AsyncDisposable {
  readonly #options: CatchUpOptions;
  readonly #recent = new Set<string>();
  /** Live messages on their way to the sink. */
  readonly #live = new Set<Promise<void>>();
  #held: Message[] = [];
  #missed = false;
  /** Whether what comes live moves the position on: not before the second look. */
  #isSure = false;
  #session = new AbortController();
  #running: Promise<void> | undefined;
  #look: Disposable | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    for (const stanza of options.earlier ?? []) this.#remember(this.#archiveId(stanza));
  }

  /** A result that no query waits for is somebody's invention, or too late. */
  wants(stanza: Stanza): boolean {
    return !isArchiveResult(stanza) && this.#options.sink.wants(stanza);
  }

  async take(stanzas: readonly Stanza[]): Promise<void> {
    const { account } = this.#options;
    const believed = stanzas.map(stanza => withoutForgedIds(stanza, account));
    const keeping = this.#keep(believed.filter(stanza => !this.#hold(stanza)));
    this.#live.add(keeping);
    await keeping.finally(() => this.#live.delete(keeping));
  }

  /** A new session has begun, and the archive can be asked. What was asked in the last one is over. */
  begin(ask: Ask): void {
    this.#session.abort();
    this.#look?.[Symbol.dispose]();
    this.#session = new AbortController();
    this.#held = [];
    this.#isSure = false;
    this.#start(ask, this.#session.signal, true);
  }

  #start(ask: Ask, signal: AbortSignal, isFirst: boolean): void {
    const before = this.#running;
    this.#running = (async () => {
      await before;
      await this.#run(ask, signal, isFirst);
    })();
  }

  /** The id of a copy that the archive has. */
  #archiveId(stanza: Stanza): string | undefined {
    return archiveIdOf(stanza, this.#options.account);
  }

  #isKnown(stanza: Stanza): boolean {
    const id = this.#archiveId(stanza);
    return id !== undefined && this.#recent.has(id);
  }

  /** @returns whether the message waits, or is left to the archive, because older ones are still to come */
  #hold(stanza: Stanza): boolean {
    if (this.#running === undefined || stanza.kind !== 'message' || this.#archiveId(stanza) === undefined) return false;
    if (this.#held.length >= MAX_HELD) this.#missed = true;
    if (!this.#missed) this.#held.push(stanza);
    return true;
  }

  async #keep(stanzas: readonly Stanza[]): Promise<void> {
    const wanted = stanzas.filter(stanza => !this.#isKnown(stanza) && this.wants(stanza));
    if (wanted.length > 0) await this.#options.sink.take(wanted, this.#isSure);
    for (const stanza of wanted) this.#remember(this.#archiveId(stanza));
  }

  #remember(id: string | undefined): void {
    if (id === undefined) return;
    this.#recent.add(id);
    const [oldest] = this.#recent;
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest);
  }

  async #run(ask: Ask, signal: AbortSignal, isFirst: boolean): Promise<void> {
    const { account, clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        const isWhole = await this.#takeOver(ask, signal, isFirst);
        if (!isFirst) this.#isSure = true;
        // What is held came out of the archive too then, and its ids may be forgotten by now.
        if (isWhole && this.#missed) this.#held = [];
        else if (await this.#release(signal)) break;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ account, err: error }, 'the archive could not be taken over; trying again');
        await this.#pause(AGAIN, signal);
      }
    }
    if (this.#isSure || signal.aborted) return;
    this.#look = clock.after(SETTLED, () => this.#start(ask, signal, false));
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _bell = this.#options.clock.after(ms, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }

  /**
   * Hands on what came meanwhile; while that is done more may come. From its end on nothing waits.
   *
   * @returns whether that is all: otherwise there was more than could be held, and the archive has it
   */
  async #release(signal: AbortSignal): Promise<boolean> {
    while (this.#held.length > 0) {
      const held = this.#held;
      this.#held = [];
      await this.#keep(held);
      // What waits now is for those who ask in the new session.
      signal.throwIfAborted();
    }
    if (!this.#missed) this.#running = undefined;
    return !this.#missed;
  }

  /**
   * Asks page after page for what came after the position. The last page of a first look is asked for again by the second,
   * because ids of the archive need not come in the order in which it got them. An account that is new here begins at the end.
   *
   * @returns whether it has all that was archived before it returned
   */
  async #takeOver(ask: Ask, signal: AbortSignal, isFirst: boolean): Promise<boolean> {
    const { account, positions, log } = this.#options;
    this.#missed = false;
    // What is not kept yet is not known yet.
    await Promise.allSettled(this.#live);
    const position = positions.position(account);
    if (position === undefined) {
      await this.#beginAtEnd(ask, signal);
      return false;
    }
    for (let after = position; ; ) {
      signal.throwIfAborted();
      const page = readPage(await ask(pageQuery(account, { after }), signal), account);
      if (page.name === 'unsupported') {
        log.info({ account, condition: page.condition }, 'the server has no archive for this account');
        this.#isSure = true;
        return false;
      }
      if (page.name === 'forgotten') {
        log.warn({ account }, 'the archive does not reach back to the last stanza; what came between is lost');
        await this.#beginAtEnd(ask, signal);
        return false;
      }
      await this.#keep(page.messages);
      const isEnd = page.complete || page.last === undefined;
      if (page.last !== undefined && !(isEnd && isFirst)) await positions.setPosition(account, page.last);
      if (isEnd) return true;
      after = page.last;
    }
  }

  async #beginAtEnd(ask: Ask, signal: AbortSignal): Promise<void> {
    const { account, positions } = this.#options;
    const page = readPage(await ask(pageQuery(account, 'last'), signal), account);
    if (page.name === 'page') await positions.setPosition(account, page.last ?? '');
  }

  /** Resolves when nothing is asked any more. */
  get done(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Stops asking. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.abort();
    this.#look?.[Symbol.dispose]();
    await this.#running;
  }
}

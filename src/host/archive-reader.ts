/**
 * The way through an account's archive (XEP-0313): page after page, from what was taken last to the end.
 *
 * Decides where it begins and what is noted of how far it came. An archive drops its oldest messages, by age or by number, and
 * then may not know any more what was taken last (§4.3: `item-not-found`). All that it still has is newer than that as a rule,
 * so it is asked by the time of what was taken last, with a margin; who keeps the messages leaves out what he has already. Where
 * nobody knows that time, or the archive does not know what it has just given, it goes on from the end: to hand on
 * weeks of old messages once more would be worse.
 */
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Message, Stanza } from '../xmpp/stanza.ts';
import { type ArchiveQuery, type Page, type PageStart, pageQuery, readPage } from './archive-page.ts';

/** Sends a query and waits for what answers it, the iq as the last, or until nobody wants the answer any more. */
export type Ask = (query: ArchiveQuery, gone: AbortSignal) => Promise<readonly Stanza[]>;

/** Up to where an archive has been taken over. */
export interface Position {
  /** The id of the last stanza, empty when there was none. */
  readonly archiveId: string;
  /** When that was archived or came, in milliseconds since 1970, if it is known. */
  readonly at: number | undefined;
}

/** Where positions are kept. */
export interface Positions {
  position(link: Jid): Position | undefined;
  /** @param at when it was archived, in milliseconds since 1970; now when absent */
  setPosition(link: Jid, archiveId: string, at?: number): Promise<void>;
}

/** What going through an archive needs. */
export interface ArchiveReaderOptions {
  readonly account: Jid;
  readonly positions: Positions;
  readonly log: Log;
  /** Keeps messages that are not known yet, and says how many those were. */
  readonly keep: (messages: readonly Message[]) => Promise<number>;
  /** Is called before each query. */
  readonly asked: () => void;
  /** Is called when there is an answer; what is in it is not looked at before this is done. */
  readonly answered: () => Promise<void>;
}

/** What was taken over: all that was archived before; nothing, since it goes on from the end; or there is no archive. */
export type Extent = 'whole' | 'end' | 'none';

/**
 * Milliseconds by which an archive is asked for what is older than its position. Clocks differ, and a stanza may come long after
 * it was archived: servers wait ten minutes or so for a client whose connection broke.
 */
const MARGIN = 15 * 60_000;

/** Goes through the archive of an account. */
export class ArchiveReader {
  readonly #options: ArchiveReaderOptions;
  /** The last position of which the log knows that the archive has forgotten it. */
  #forgotten: string | undefined;

  constructor(options: ArchiveReaderOptions) {
    this.#options = options;
  }

  /**
   * Asks page after page for what came after the position. The last page of a first look is asked for again by the second,
   * because ids of the archive need not come in the order in which it got them. An account that is new here begins at the end.
   *
   * @throws Error when the archive cannot answer at the moment, and what `ask`, `keep` and the positions throw
   */
  async read(ask: Ask, signal: AbortSignal, isFirst: boolean): Promise<Extent> {
    const { account, positions, keep } = this.#options;
    const position = positions.position(account);
    if (position === undefined) return this.#goToEnd(ask, signal);
    let from: PageStart = { after: position.archiveId };
    // Whether there was anything new since the archive was asked by time: it must not be asked so for ever.
    let isMoving = true;
    for (;;) {
      const page = await this.#page(ask, from, signal);
      if (page.name === 'unsupported') return this.#doWithout(page.condition);
      if (page.name === 'forgotten') {
        const start = isMoving ? this.#startAfter(positions.position(account)) : undefined;
        if (start === undefined) return this.#skip(ask, signal);
        from = { start };
        isMoving = false;
        continue;
      }
      if ((await keep(page.messages)) > 0) isMoving = true;
      const isEnd = page.complete || page.last === undefined;
      if (page.last !== undefined && !(isEnd && isFirst)) await this.#note(page.last, page.at);
      if (isEnd) return 'whole';
      from = { after: page.last };
    }
  }

  async #page(ask: Ask, from: PageStart, signal: AbortSignal): Promise<Page> {
    signal.throwIfAborted();
    const { account, asked, answered } = this.#options;
    asked();
    const page = readPage(await ask(pageQuery(account, from), signal), account);
    await answered();
    return page;
  }

  /** An archive that does not say the time has at least what came after the position before. */
  async #note(last: string, at: number | undefined): Promise<void> {
    const { account, positions } = this.#options;
    await positions.setPosition(account, last, at ?? positions.position(account)?.at);
  }

  /** The time from which to ask when the position is forgotten. */
  #startAfter(position: Position | undefined): number | undefined {
    if (position?.at === undefined) return undefined;
    const { account, log } = this.#options;
    const start = position.at - MARGIN;
    if (position.archiveId !== this.#forgotten) {
      log.warn(
        { account, since: new Date(start).toISOString() },
        'the archive has dropped the last stanza that was taken from it; all that it still has since then is taken, the rest is lost',
      );
    }
    this.#forgotten = position.archiveId;
    return start;
  }

  #doWithout(condition: string): Extent {
    const { account, log } = this.#options;
    log.info({ account, condition }, 'the server has no archive for this account');
    return 'none';
  }

  #skip(ask: Ask, signal: AbortSignal): Promise<Extent> {
    const { account, log } = this.#options;
    log.warn(
      { account },
      'the archive does not reach back to the last stanza, and cannot be asked by its time; what came between may be lost',
    );
    return this.#goToEnd(ask, signal);
  }

  async #goToEnd(ask: Ask, signal: AbortSignal): Promise<Extent> {
    const { account, positions } = this.#options;
    const page = await this.#page(ask, 'last', signal);
    if (page.name === 'page') await positions.setPosition(account, page.last ?? '');
    return 'end';
  }
}

/**
 * What came for an account while it was away (XEP-0313).
 *
 * Decides that an always-on account gets every archived message once and in order: with a new session the archive is asked for
 * all that came after the last stanza that was kept, and what arrives meanwhile and is archived too waits until that has been
 * handed on. What the archive gives looks like a message that the server had stored: with the time in a delay (XEP-0203) and the
 * archive's id (XEP-0359), by which copies are told, together with the sender. The position is kept with the stanzas themselves,
 * so that a restart neither skips nor repeats. Own messages are left out. Some seconds later the end of the archive is looked
 * over once more: while a server replaces a session, it may still give a message to the old one, and note it in the archive
 * after the new one has asked (ejabberd does). Until then the position stays where that look begins, so that another process
 * makes up for one that did not come to it.
 *
 * An archive that does not answer is not waited for longer than a minute (`archive-silence.ts`). Then what comes live goes on
 * at once, and may so come before older messages that only the archive has. The position stays where it is meanwhile, and
 * the archive is asked again and again. With its first answer all is as at the beginning of a session. How the archive is gone
 * through, also one that has dropped what was taken last, is decided in `archive-reader.ts`.
 */
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Message, Stanza } from '../xmpp/stanza.ts';
import { copyKeyOf, isArchiveResult, withoutForgedIds } from './archive-page.ts';
import { ArchiveReader, type Ask, type Positions } from './archive-reader.ts';
import { ArchiveSilence } from './archive-silence.ts';
import type { Sink } from './host.ts';

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
/** Stanzas whose copies are told, where the position moves on with what comes. */
const MAX_RECENT = 20_000;
/** The same while the position stays: all that comes until the archive answers may come from there again. */
const MAX_SINCE_POSITION = 200_000;

/** The sink of an always-on account. */
export class CatchUp implements Sink, AsyncDisposable {
  readonly #options: CatchUpOptions;
  readonly #reader: ArchiveReader;
  readonly #silence: ArchiveSilence;
  readonly #recent = new Set<string>();
  /** Live messages on their way to the sink. */
  readonly #live = new Set<Promise<unknown>>();
  #held: Message[] = [];
  #missed = false;
  /** Whether what comes live moves the position on: not before the second look, and not while the archive has older ones. */
  #isSure = false;
  #session = new AbortController();
  #running: Promise<void> | undefined;
  #look: Disposable | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    const { account, positions, clock, log } = options;
    this.#silence = new ArchiveSilence(account, clock, log);
    this.#reader = new ArchiveReader({
      account,
      positions,
      log,
      keep: messages => this.#keep(messages),
      asked: () => this.#silence.asked(),
      answered: () => this.#answered(),
    });
    for (const stanza of options.earlier ?? []) this.#remember(this.#copyKey(stanza));
  }

  /** A result that no query waits for is somebody's invention, or too late. */
  wants(stanza: Stanza): boolean {
    return !isArchiveResult(stanza) && this.#options.sink.wants(stanza);
  }

  async take(stanzas: readonly Stanza[]): Promise<void> {
    const { account } = this.#options;
    const believed = stanzas.map(stanza => withoutForgedIds(stanza, account));
    const keeping: Promise<unknown> = this.#keep(believed.filter(stanza => !this.#hold(stanza)));
    this.#live.add(keeping);
    await keeping.finally(() => this.#live.delete(keeping));
  }

  /** A new session has begun, and the archive can be asked. What was asked in the last one is over; what came in it waits on. */
  begin(ask: Ask): void {
    this.#session.abort();
    this.#look?.[Symbol.dispose]();
    this.#session = new AbortController();
    this.#silence.answered();
    this.#start(ask, this.#session.signal, true);
  }

  #start(ask: Ask, signal: AbortSignal, isFirst: boolean): void {
    const before = this.#running;
    this.#running = (async () => {
      await before;
      await this.#run(ask, signal, isFirst);
    })();
  }

  /** What stands for all copies of a stanza that the archive has. */
  #copyKey(stanza: Stanza): string | undefined {
    return copyKeyOf(stanza, this.#options.account);
  }

  /** Leaves out what is known, and all but the first of what comes several times at once. */
  #unknown(stanzas: readonly Stanza[]): readonly Stanza[] {
    const seen = new Set<string>();
    return stanzas.filter(stanza => {
      const key = this.#copyKey(stanza);
      if (key === undefined) return true;
      if (this.#recent.has(key) || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  }

  /** @returns whether the message waits, or is left to the archive, because older ones are still to come */
  #hold(stanza: Stanza): boolean {
    if (this.#running === undefined || !this.#silence.isWaitedFor) return false;
    if (stanza.kind !== 'message' || this.#copyKey(stanza) === undefined) return false;
    // Who is new here begins at the end: nothing older is to come, and what comes now is behind that end for the next start.
    if (this.#options.positions.position(this.#options.account) === undefined) return false;
    if (this.#held.length >= MAX_HELD) this.#missed = true;
    if (!this.#missed) this.#held.push(stanza);
    return true;
  }

  /** @returns how many were new */
  async #keep(stanzas: readonly Stanza[]): Promise<number> {
    const wanted = this.#unknown(stanzas).filter(stanza => this.wants(stanza));
    if (wanted.length > 0) await this.#options.sink.take(wanted, this.#isSure);
    for (const stanza of wanted) this.#remember(this.#copyKey(stanza));
    return wanted.length;
  }

  #remember(key: string | undefined): void {
    if (key === undefined) return;
    this.#recent.add(key);
    const max = this.#isSure ? MAX_RECENT : MAX_SINCE_POSITION;
    for (const oldest of this.#recent) {
      if (this.#recent.size <= max) return;
      this.#recent.delete(oldest);
    }
  }

  async #run(ask: Ask, signal: AbortSignal, isFirst: boolean): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#silence.isTooLong) await this.#release(signal, () => this.#silence.giveUp());
        if (await this.#takeOver(ask, signal, isFirst)) break;
      } catch (error) {
        if (signal.aborted) return;
        this.#silence.failed(error);
        await this.#pause(AGAIN, signal);
      }
    }
    if (this.#isSure || signal.aborted) return;
    this.#look = this.#options.clock.after(SETTLED, () => this.#start(ask, signal, false));
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _bell = this.#options.clock.after(ms, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }

  /** @returns whether that is all: otherwise there was more than could be held, and the archive has it */
  async #takeOver(ask: Ask, signal: AbortSignal, isFirst: boolean): Promise<boolean> {
    this.#missed = false;
    this.#isSure = false;
    const extent = await this.#reader.read(ask, signal, isFirst);
    // What waits now is for those who ask in the new session.
    signal.throwIfAborted();
    this.#silence.end();
    if (!isFirst || extent === 'none') this.#isSure = true;
    // What is held came out of the archive too then, and its ids may be forgotten by now.
    if (extent === 'whole' && this.#missed) this.#held = [];
    else await this.#release(signal, () => this.#finish());
    return !this.#missed;
  }

  /** From here on nothing waits, unless there was more than could be held. */
  #finish(): void {
    if (!this.#missed) this.#running = undefined;
  }

  /** From here on what comes live waits again; what went through until now is known only when it is kept. */
  async #answered(): Promise<void> {
    this.#silence.answered();
    await Promise.allSettled(this.#live);
  }

  /** Hands on what came meanwhile; while that is done more may come. `end` is called at the moment when nothing is left. */
  async #release(signal: AbortSignal, end: () => void): Promise<void> {
    const held = this.#held;
    while (held.length > 0) {
      const next = [...held];
      await this.#keep(next);
      signal.throwIfAborted();
      held.splice(0, next.length);
    }
    end();
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

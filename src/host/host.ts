/**
 * One served identity: a domain or an account with its link.
 *
 * Decides the order in which an incoming stanza is looked at: an answer that somebody waits for, what the sink wants, a
 * request that the identity answers itself; where a server stands behind the link, its own answers come before the sink,
 * as in Prosody. Decides what waiting for an answer means: a deadline, a caller who may leave, a link that may fall; and
 * that a batch is handled when the sink has it safe. The loop over `incoming` never waits for another stanza, so it cannot
 * lock itself out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RestanzaError } from '../errors.ts';
import type { Link } from '../link/link.ts';
import type { Log } from '../log.ts';
import { ArchiveResults } from '../xmpp/archive-results.ts';
import { type Jid, localOf } from '../xmpp/jid.ts';
import { type Expectation, Replies, ReplyConflict } from '../xmpp/replies.ts';
import type { Iq, Stanza } from '../xmpp/stanza.ts';
import { answerOf, type Identity, refuse } from './respond.ts';
import type { Prepared } from './submit.ts';

/** How many iqs may wait on one link; Prosody's bound for mod_rest is 256 per session. */
const MAX_WAITING = 10_000;
/** How many of our own answers may wait for a slow link; strangers' requests past that go without. */
const MAX_ANSWERING = 1_000;
/** How long a stanza may stay unconfirmed before its sender is told so, in milliseconds. */
const CONFIRM_WAIT = 15_000;
/** How long to wait before the sink is tried again that could not keep a batch, in milliseconds. */
const KEEP_AGAIN = 1_000;

/** How long an answer may take, and who may give up earlier. */
export interface Patience {
  /** Milliseconds. */
  readonly timeout: number;
  /** The caller has gone. */
  readonly gone: AbortSignal;
}

/** Where stanzas go that nobody waits for. */
export interface Sink {
  /** Whether a stanza is for somebody behind the gateway. */
  wants(stanza: Stanza): boolean;
  /**
   * Takes stanzas that it wants, in the order in which they came; resolves when they are safe.
   *
   * @throws RestanzaError `storage-unavailable` when they could not be kept; they will be offered again
   */
  take(stanzas: readonly Stanza[]): Promise<void>;
}

/** What a host is made of. */
export interface HostOptions {
  readonly identity: Identity;
  readonly log: Log;
  /** Nobody wants anything unless there is one. */
  readonly sink?: Sink;
}

/** A link with what stands on it. */
export class Host implements AsyncDisposable {
  readonly #link: Link;
  readonly #identity: Identity;
  readonly #log: Log;
  readonly #replies = new Replies(MAX_WAITING);
  readonly #archives = new ArchiveResults();
  readonly #sink: Sink | undefined;
  readonly #running: Promise<void>;
  readonly #stopping = new AbortController();
  /** While a batch is being kept. */
  #keeping: Promise<void> | undefined;
  #answering = 0;
  /** Stanzas that the server has not confirmed yet. */
  #sending = 0;

  /** Takes over the link and starts to handle what comes in. */
  constructor(link: Link, { identity, log, sink }: HostOptions) {
    this.#link = link;
    this.#identity = identity;
    this.#log = log;
    this.#sink = sink;
    this.#running = this.#run();
  }

  /** The domain that is served, or the account that the link acts for. */
  get address(): Jid {
    return this.#link.address;
  }

  /** How many requests wait for an answer, or for the word that their stanza has arrived. */
  get waiting(): number {
    return this.#replies.size + this.#sending;
  }

  /** Gives up what waits: without a link no answer can come. To be called when the link is no longer online. */
  linkLost(): void {
    this.#replies.rejectAll(new RestanzaError('link-lost', undefined, { retryAfter: 1 }));
  }

  /**
   * Sends a message or a presence; where the server confirms what it has (XEP-0198), resolves when it did.
   *
   * @throws RestanzaError `unconfirmed` when that takes too long, and what `Link.send` throws
   */
  send(stanza: Stanza): Promise<void> {
    return this.#link.confirms ? this.#confirmed(stanza) : this.#link.send(stanza);
  }

  /** Sends a stanza; resolves when it is known to be handled. */
  async #confirmed(stanza: Stanza): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new RestanzaError('unconfirmed')), CONFIRM_WAIT);
    this.#link.send(stanza, 'acked').then(resolve, reject);
    this.#sending += 1;
    try {
      await promise;
    } finally {
      this.#sending -= 1;
      clearTimeout(timer);
    }
  }

  /**
   * Sends a message or a presence and waits until the server has handled it, or its bounce is there. The patience is for the
   * bounce: that the stanza has arrived is known when this returns, as with `send`.
   *
   * @returns the bounce, an error stanza; `undefined` when none came until the server had handled the stanza, or in time
   * @throws RestanzaError `id-in-use`, `too-many-waiting`, `link-lost`, and what `send` throws
   */
  async deliver(stanza: Prepared, patience: Patience): Promise<Stanza | undefined> {
    using waiting = this.#wait(stanza, patience);
    const sent = this.#confirmed(stanza);
    const handled = sent.then(() => this.#allPulled());
    try {
      return await Promise.race([waiting.answer, handled]);
    } catch (error) {
      if (!(error instanceof RestanzaError) || error.code !== 'reply-timeout') throw error;
      await sent;
      return undefined;
    }
  }

  /**
   * Sends an iq and waits for its answer, an error stanza included.
   *
   * @returns the stanzas that answer, in the order in which they came; the iq is the last
   * @throws RestanzaError `reply-timeout`, `id-in-use`, `too-many-waiting`, `link-lost`, and what `Link.send` throws
   */
  async request(iq: Iq & Prepared, patience: Patience): Promise<readonly Stanza[]> {
    using archive = this.#archives.collect(iq, this.#ownOf(iq.from), iq.to ?? this.#ownOf(iq.from));
    using waiting = this.#wait(iq, patience);
    this.#link.send(iq).catch(waiting.giveUp);
    const answer = await waiting.answer;
    return [...archive.results, answer];
  }

  /** Waits for the answer to a stanza that is sent next, until the deadline or until the caller leaves. */
  #wait(stanza: Prepared, { timeout, gone }: Patience): Disposable & Expectation {
    const peer = stanza.to ?? this.#ownOf(stanza.from);
    const { answer, giveUp } = this.#expect(stanza, peer);
    // When sending fails nobody awaits the answer any more, and its rejection is not news.
    answer.catch(() => {});
    const timer = setTimeout(() => giveUp(timedOut(peer, timeout)), timeout);
    const leave = () => giveUp(gone.reason);
    gone.addEventListener('abort', leave, { once: true });
    if (gone.aborted) leave();
    const end = () => {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
      giveUp(undefined);
    };
    return { answer, giveUp, [Symbol.dispose]: end };
  }

  #expect({ kind, from, id }: Prepared, peer: Jid): Expectation {
    try {
      return this.#replies.expect({ kind, own: this.#ownOf(from), peer, id });
    } catch (error) {
      if (!(error instanceof ReplyConflict)) throw error;
      if (error.reason === 'id-in-use') throw new RestanzaError('id-in-use', 'choose another id or leave it out');
      throw new RestanzaError('too-many-waiting', undefined, { retryAfter: 5 });
    }
  }

  /** The address that answers come to: an account has one session, whose resource is the server's business. */
  #ownOf(address: Jid): Jid {
    return localOf(this.#link.address) === undefined ? address : this.#link.address;
  }

  async #run(): Promise<void> {
    for await (const batch of this.#link.incoming) {
      const wanted = batch.filter(stanza => !this.#handle(stanza));
      if (wanted.length === 0) continue;
      this.#keeping = this.#keep(wanted);
      await this.#keeping;
      this.#keeping = undefined;
    }
  }

  /**
   * Lets the loop come to everything that is there: a bounce that came in before the confirmation may stand behind a batch
   * that is being kept, and is in the next one then.
   */
  async #allPulled(): Promise<undefined> {
    await new Promise(setImmediate);
    if (this.#keeping === undefined) return undefined;
    await this.#keeping;
    await new Promise(setImmediate);
    return undefined;
  }

  /** @returns whether nothing is left to do; otherwise the sink wants the stanza */
  #handle(stanza: Stanza): boolean {
    if (this.#settle(stanza)) return true;
    const own = answerOf(stanza, this.#identity);
    const wanted = this.#sink?.wants(stanza) === true;
    if (wanted && (own === undefined || this.#identity.category === 'component')) return false;
    const answer = own ?? refuse(stanza);
    if (answer !== undefined) this.#answer(answer);
    else this.#log.debug({ kind: stanza.kind, type: stanza.type }, 'stanza without a receiver dropped');
    return true;
  }

  /** Hands a stanza to the request that waits for it. */
  #settle(stanza: Stanza): boolean {
    const answer = stanza.to === undefined ? stanza : { ...stanza, to: this.#ownOf(stanza.to) };
    return this.#replies.settle(answer) || this.#archives.take(answer);
  }

  /** What cannot be kept is not handled: nothing further is pulled until it can. */
  async #keep(stanzas: readonly Stanza[]): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#sink?.take(stanzas);
        return;
      } catch (error) {
        this.#log.error({ address: this.address, err: error }, 'what came in cannot be kept; trying again');
        await delay(KEEP_AGAIN, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  /** Not awaited: a link that is slow to send must not stop the reading that makes it fast again. */
  #answer(answer: Stanza): void {
    if (this.#answering >= MAX_ANSWERING) {
      this.#log.debug({ address: this.address }, 'answer dropped, the link is slow');
      return;
    }
    this.#answering += 1;
    this.#link
      .send(answer)
      .catch((error: unknown) => this.#log.debug({ address: this.address, err: error }, 'answer not sent'))
      .finally(() => {
        this.#answering -= 1;
      });
  }

  /** Closes the link and waits until all that came in has been looked at. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#link[Symbol.asyncDispose]();
    this.linkLost();
    await this.#running;
  }
}

function timedOut(peer: Jid, timeout: number): RestanzaError {
  return new RestanzaError('reply-timeout', `${peer} did not answer within ${timeout / 1000} s`);
}

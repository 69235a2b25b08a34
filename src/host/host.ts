/**
 * One served identity: a domain or an account with its link.
 *
 * Decides the order in which an incoming stanza is looked at (an answer that somebody waits for, a request that the domain
 * answers itself, everything else) and what waiting for an answer means: a deadline, a caller who may leave, a link that
 * may fall. The loop over `incoming` never waits for another stanza, so it cannot lock itself out.
 */
import { RestanzaError } from '../errors.ts';
import type { Link } from '../link/link.ts';
import type { Log } from '../log.ts';
import { domainOf, type Jid } from '../xmpp/jid.ts';
import { Replies, ReplyConflict } from '../xmpp/replies.ts';
import type { Iq, Stanza } from '../xmpp/stanza.ts';
import { type Identity, respond } from './respond.ts';
import type { Prepared } from './submit.ts';

/** How many iqs may wait on one link; Prosody's bound for mod_rest is 256 per session. */
const MAX_WAITING = 10_000;
/** How many of our own answers may wait for a slow link; strangers' requests past that go without. */
const MAX_ANSWERING = 1_000;

/** How long an answer may take, and who may give up earlier. */
export interface Patience {
  /** Milliseconds. */
  readonly timeout: number;
  /** The caller has gone. */
  readonly gone: AbortSignal;
}

/** A link with what stands on it. */
export class Host implements AsyncDisposable {
  readonly #link: Link;
  readonly #identity: Identity;
  readonly #log: Log;
  readonly #replies = new Replies(MAX_WAITING);
  readonly #running: Promise<void>;
  #answering = 0;

  /** Takes over the link and starts to handle what comes in. */
  constructor(link: Link, identity: Identity, log: Log) {
    this.#link = link;
    this.#identity = identity;
    this.#log = log;
    this.#running = this.#run();
  }

  /** The domain that is served. */
  get domain(): Jid {
    return domainOf(this.#link.address);
  }

  /** Gives up what waits: without a link no answer can come. To be called when the link is no longer online. */
  linkLost(): void {
    this.#replies.rejectAll(new RestanzaError('link-lost', undefined, { retryAfter: 1 }));
  }

  /**
   * Sends a message or a presence.
   *
   * @throws RestanzaError what `Link.send` throws
   */
  send(stanza: Prepared): Promise<void> {
    return this.#link.send(stanza);
  }

  /**
   * Sends an iq and waits for its answer, an error stanza included.
   *
   * @returns the stanzas that answer, in the order in which they came; the iq is the last
   * @throws RestanzaError `reply-timeout`, `id-in-use`, `too-many-waiting`, `link-lost`, and what `Link.send` throws
   */
  async request(iq: Iq & Prepared, { timeout, gone }: Patience): Promise<readonly Stanza[]> {
    const peer = iq.to ?? iq.from;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(timedOut(peer, timeout)), timeout);
    const leave = () => deadline.abort(gone.reason);
    gone.addEventListener('abort', leave, { once: true });
    try {
      const answer = this.#expect(iq, peer, deadline.signal);
      await Promise.race([this.#link.send(iq), answer]);
      return [await answer];
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
      // Ends the wait when sending failed; after an answer it changes nothing.
      deadline.abort();
    }
  }

  #expect(iq: Iq & Prepared, peer: Jid, signal: AbortSignal): Promise<Iq> {
    try {
      const answer = this.#replies.expect({ own: iq.from, peer, id: iq.id }, signal);
      // When sending fails nobody awaits the answer any more, and its rejection is not news.
      answer.catch(() => {});
      return answer;
    } catch (error) {
      if (!(error instanceof ReplyConflict)) throw error;
      if (error.reason === 'id-in-use') throw new RestanzaError('id-in-use', 'choose another id or leave it out');
      throw new RestanzaError('too-many-waiting', undefined, { retryAfter: 5 });
    }
  }

  async #run(): Promise<void> {
    for await (const stanza of this.#link.incoming) {
      if (this.#replies.settle(stanza)) continue;
      const answer = respond(stanza, this.#identity);
      if (answer !== undefined) this.#answer(answer);
      else this.#log.debug({ kind: stanza.kind, type: stanza.type }, 'stanza without a receiver dropped');
    }
  }

  /** Not awaited: a link that is slow to send must not stop the reading that makes it fast again. */
  #answer(answer: Stanza): void {
    if (this.#answering >= MAX_ANSWERING) {
      this.#log.debug({ domain: this.domain }, 'answer dropped, the link is slow');
      return;
    }
    this.#answering += 1;
    this.#link
      .send(answer)
      .catch((error: unknown) => this.#log.debug({ domain: this.domain, err: error }, 'answer not sent'))
      .finally(() => {
        this.#answering -= 1;
      });
  }

  /** Closes the link and waits until all that came in has been looked at. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    this.linkLost();
    await this.#running;
  }
}

function timedOut(peer: Jid, timeout: number): RestanzaError {
  return new RestanzaError('reply-timeout', `${peer} did not answer within ${timeout / 1000} s`);
}

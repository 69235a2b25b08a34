/**
 * How long an archive that does not answer is waited for.
 *
 * Decides when messages go through without it, and what the log is told of that: that asking has failed, that it is not waited
 * for any more, and that it answers again; each once, not with each attempt. A link that is down says nothing about the archive.
 */
import { type ErrorCode, RestanzaError } from '../errors.ts';
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';

/** Milliseconds without an answer after which messages go through. */
const PATIENCE = 60_000;

const LINK_FAULTS: ReadonlySet<ErrorCode> = new Set(['link-down', 'link-lost']);

/** What the log knows of an archive that fails. */
type Told = 'nothing' | 'failure' | 'silence';

/** What is known of an archive's silence. */
export class ArchiveSilence {
  readonly #account: Jid;
  readonly #clock: Clock;
  readonly #log: Log;
  /** When it was asked first of the times that it has not answered, by the clock. */
  #since: number | undefined;
  #isWaitedFor = true;
  #told: Told = 'nothing';

  constructor(account: Jid, clock: Clock, log: Log) {
    this.#account = account;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether messages wait for what the archive has. */
  get isWaitedFor(): boolean {
    return this.#isWaitedFor;
  }

  /** Whether it has not answered for so long that messages should go through. */
  get isTooLong(): boolean {
    return this.#since !== undefined && this.#clock.now() - this.#since >= PATIENCE;
  }

  /** The archive is asked. */
  asked(): void {
    this.#since ??= this.#clock.now();
  }

  /** The archive has answered, or there is a new session in which it may: what comes from now on waits. */
  answered(): void {
    this.#since = undefined;
    this.#isWaitedFor = true;
  }

  /** It could not be taken over, and will be tried again. */
  failed(error: unknown): void {
    // A server that is slow is no fault of the program, whose place in it would be of use.
    const reason = error instanceof RestanzaError ? { cause: error.message } : { err: error };
    const fields = { account: this.#account, ...reason };
    const isLinkFault = error instanceof RestanzaError && LINK_FAULTS.has(error.code);
    if (isLinkFault) this.#since = undefined;
    const isNews = !isLinkFault && this.#told === 'nothing';
    if (isNews) this.#told = 'failure';
    this.#log[isNews ? 'warn' : 'debug'](fields, 'the archive could not be taken over; trying again');
  }

  /** Messages go through from now on. */
  giveUp(): void {
    this.#isWaitedFor = false;
    if (this.#told === 'silence') return;
    this.#told = 'silence';
    this.#log.warn(
      { account: this.#account },
      'the archive does not answer: messages go on as they come, and those that were missed follow when it does',
    );
  }

  /** The archive has been taken over. */
  end(): void {
    if (this.#told !== 'nothing') this.#log.info({ account: this.#account }, 'the archive answers again');
    this.#told = 'nothing';
  }
}

/**
 * Senders that wait for a client which reads slowly.
 *
 * Decides the backpressure on what comes in through the link rather than from a client: a stanza waits in line, first come
 * first served for each account that it is for, until the client has taken enough of what came before. Whoever waits too
 * long is refused, and so is whoever comes while too much waits. What is free is the caller's to say.
 */
import { RestanzaError } from '../../errors.ts';
import type { Jid } from '../../xmpp/jid.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds that a stanza may stand in line. */
export const LINE_WAIT = 10_000;
/** Bytes that may stand in all lines together. */
const LINE_BYTES = 16 * 1024 * 1024;
/** What a waiting stanza takes beside its bytes, roughly. */
const OVERHEAD = 1_024;
/** Milliseconds between two looks at who is free: a socket tells when it has taken all, not when it has taken enough. */
const LOOK = 20;
/** Seconds after which a refused stanza may be tried again. */
const RETRY = 10;

/** A stanza on its way. */
export interface Errand {
  /** The account that it is for: its errands keep their order. */
  readonly account: Jid;
  readonly bytes: number;
  /** Whether it can go now. */
  free(): boolean;
  /** Goes. What it throws is told to the one who waits. */
  go(): void;
}

interface Waiting {
  readonly errand: Errand;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** The lines of one host. */
export class Lines {
  readonly #clock: Clock;
  readonly #lines = new Map<Jid, Waiting[]>();
  #bytes = 0;
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets an errand go: at once when it is free and nobody stands before it, else when it is its turn. */
  run(errand: Errand): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { errand, deadline: this.#clock.now() + LINE_WAIT, resolve, reject };
    if (!this.#lines.has(errand.account) && errand.free()) go(waiting);
    else if (this.#bytes + errand.bytes > LINE_BYTES) reject(congested());
    else this.#queue(waiting);
    return promise;
  }

  #queue(waiting: Waiting): void {
    const { account, bytes } = waiting.errand;
    const line = this.#lines.get(account);
    if (line === undefined) this.#lines.set(account, [waiting]);
    else line.push(waiting);
    this.#bytes += bytes + OVERHEAD;
    this.#timer ??= this.#clock.after(LOOK, () => this.#look());
  }

  #look(): void {
    for (const [account, line] of this.#lines) {
      const stay = line.findIndex(waiting => !this.#settle(waiting));
      line.splice(0, stay === -1 ? line.length : stay);
      if (line.length === 0) this.#lines.delete(account);
    }
    this.#timer = this.#lines.size === 0 ? undefined : this.#clock.after(LOOK, () => this.#look());
  }

  /** Lets the head of a line go, or gives it up; returns whether it has left. */
  #settle(waiting: Waiting): boolean {
    const free = waiting.errand.free();
    if (!free && this.#clock.now() < waiting.deadline) return false;
    this.#bytes -= waiting.errand.bytes + OVERHEAD;
    if (free) go(waiting);
    else waiting.reject(congested());
    return true;
  }

  /** Sends everyone away. */
  close(reason: RestanzaError): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const line of this.#lines.values()) for (const { reject } of line) reject(reason);
    this.#lines.clear();
    this.#bytes = 0;
  }
}

function go({ errand, resolve, reject }: Waiting): void {
  try {
    errand.go();
    resolve();
  } catch (error) {
    reject(error);
  }
}

/** The refusal of a stanza for which there is no room in time. */
export function congested(): RestanzaError {
  return new RestanzaError('link-congested', undefined, { retryAfter: RETRY });
}

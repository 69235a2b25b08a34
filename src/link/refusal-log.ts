/**
 * The log of stanzas that were not let in.
 *
 * Decides that a stranger cannot fill the log: all are counted, at most one per second is written, and each line has the
 * count so far. What a stanza holds is never written; who sent it is.
 */
import type { Log } from '../log.ts';
import type { Refusal } from '../xmpp/refusal.ts';
import type { Clock } from './clock.ts';

/** Milliseconds between two lines. */
const PACE = 1_000;
/** Characters of a sender's address that are written. */
const FROM_LENGTH = 200;

/** The refusals of one link. */
export class RefusalLog {
  readonly #log: Log;
  readonly #fields: object;
  readonly #clock: Clock;
  #count = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** @param fields what stands in each line */
  constructor(log: Log, fields: object, clock: Clock) {
    this.#log = log;
    this.#fields = fields;
    this.#clock = clock;
  }

  /** Counts a refusal, and writes a line if the last one is long enough ago. */
  note({ kind, reason }: Refusal, from: string | undefined): void {
    this.#count += 1;
    const now = this.#clock.now();
    if (now - this.#writtenAt < PACE) return;
    this.#writtenAt = now;
    const fields = { ...this.#fields, kind, reason, from: from?.slice(0, FROM_LENGTH), count: this.#count };
    this.#log.warn(fields, 'stanza dropped');
  }
}

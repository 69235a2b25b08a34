/**
 * What was written to a client and is not acknowledged (XEP-0198 §4).
 *
 * Decides what is kept of a stanza until then: its text, which takes the least room of all its forms and is what has to be
 * sent again.
 */
import { Acknowledged } from '../../xmpp/stream-management.ts';
import type { Copies } from './copies.ts';

/** What an entry takes beside its text, roughly, in characters. */
const OVERHEAD = 128;

/** A stanza that was written, or would have been. */
export interface Written {
  readonly text: string;
  /** When, in milliseconds of the clock. */
  readonly at: number;
}

interface Entry extends Written {
  /** Absent when nobody would miss it. */
  readonly copies: Copies | undefined;
}

/** The queue of one session, the oldest first. */
export class Unacknowledged {
  readonly #acknowledged: Acknowledged;
  #entries: Entry[] = [];
  #weight = 0;

  /** @param count how many were acknowledged before; other than 0 in tests only */
  constructor(count = 0) {
    this.#acknowledged = new Acknowledged(count);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Characters that it takes, roughly. */
  get weight(): number {
    return this.#weight;
  }

  /** All texts. */
  get text(): string {
    return this.#entries.map(({ text }) => text).join('');
  }

  /** A stanza is written, or would be if there was a connection. */
  add(text: string, at: number, copies: Copies | undefined): void {
    this.#entries.push({ text, at, copies });
    this.#weight += text.length + OVERHEAD;
  }

  /**
   * The client has handled stanzas.
   *
   * @param h its count, as it stands on the wire
   * @throws CountTooHigh when there are not as many
   */
  acknowledge(h: number): void {
    const count = this.#acknowledged.take(h, this.#entries.length);
    for (const { copies, text } of this.#entries.splice(0, count)) {
      copies?.taken();
      this.#weight -= text.length + OVERHEAD;
    }
  }

  /** Gives all up; returns those that nobody else has taken or may take. */
  giveUp(): readonly Written[] {
    const missed = this.#entries.filter(({ copies }) => copies?.missed());
    this.#entries = [];
    this.#weight = 0;
    return missed;
  }
}

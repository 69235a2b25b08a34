/**
 * The bound on what was sent and is not known to be handled (the house's rule on backpressure).
 *
 * Decides whether one more stanza may go out, when a probe is due, and what its answer confirms: everything that went out
 * before it, because a stream keeps its order, or as much as the other side has counted (XEP-0198 §4). Positions count the
 * stanzas of one session from 1. There is neither a clock nor a socket here, and at most one probe is out at a time.
 */

/** Bounds of a window. */
export interface WindowLimits {
  /** Stanzas that may be unconfirmed. */
  readonly stanzas: number;
  /** Bytes that may be unconfirmed; a single stanza may exceed them. */
  readonly bytes: number;
  /** Stanzas after which a probe is due even when nobody is in a hurry. */
  readonly probeEvery: number;
}

/**
 * What is going on:
 * - `idle`: all is confirmed
 * - `gathering`: stanzas have gone out since the last probe, and no probe is out
 * - `probing`: a probe is out
 */
export type WindowPhase = 'idle' | 'gathering' | 'probing';

/** A place in the stream, as what had gone out when it was passed; or an amount. */
export interface Mark {
  readonly stanzas: number;
  readonly bytes: number;
}

/** The window of one stream. */
export class Window {
  readonly #limits: WindowLimits;
  #sent: Mark = { stanzas: 0, bytes: 0 };
  #probed: Mark = this.#sent;
  #confirmed: Mark = this.#sent;
  #probing = false;
  #hurried = false;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** How much is unconfirmed. */
  get unconfirmed(): Mark {
    return { stanzas: this.#sent.stanzas - this.#confirmed.stanzas, bytes: this.#sent.bytes - this.#confirmed.bytes };
  }

  get phase(): WindowPhase {
    if (this.#probing) return 'probing';
    return this.#unprobed === 0 ? 'idle' : 'gathering';
  }

  /** Stanzas that no probe has followed yet. */
  get #unprobed(): number {
    return this.#sent.stanzas - this.#probed.stanzas;
  }

  /** Whether a stanza of so many bytes may go out now. */
  fits(bytes: number): boolean {
    const { stanzas, bytes: waiting } = this.unconfirmed;
    return stanzas === 0 || (stanzas < this.#limits.stanzas && waiting + bytes <= this.#limits.bytes);
  }

  /** Counts a stanza that goes out; returns its position. */
  add(bytes: number): number {
    this.#sent = { stanzas: this.#sent.stanzas + 1, bytes: this.#sent.bytes + bytes };
    return this.#sent.stanzas;
  }

  /** Someone waits for the confirmation of what has gone out so far. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Whether a probe has to go out now. */
  get probeDue(): boolean {
    if (this.#probing || this.#unprobed === 0) return false;
    return this.#hurried || this.#unprobed >= this.#limits.probeEvery;
  }

  /** Counts a probe that goes out, now that none is out. */
  probe(): void {
    this.#probing = true;
    this.#probed = this.#sent;
    this.#hurried = false;
  }

  /** The probe came back; returns the position up to which all is confirmed. */
  confirm(): number {
    this.#probing = false;
    this.#confirmed = this.#probed;
    if (this.#unprobed === 0) this.#hurried = false;
    return this.#confirmed.stanzas;
  }

  /** So much more than before is confirmed, by a count. The probe is still out when the count does not reach it. */
  acknowledge(more: Mark): void {
    const stanzas = this.#confirmed.stanzas + more.stanzas;
    this.#confirmed = { stanzas, bytes: this.#confirmed.bytes + more.bytes };
    if (stanzas >= this.#probed.stanzas) {
      this.#probing = false;
      this.#probed = this.#confirmed;
    }
    if (this.#unprobed === 0) this.#hurried = false;
  }

  /** The probe is lost, and so is perhaps what went out before it: all of it needs another one. */
  unprobe(): void {
    this.#probing = false;
    this.#probed = this.#confirmed;
  }
}

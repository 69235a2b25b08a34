/**
 * The costly step between a password and its keys: PBKDF2 (RFC 8018 §5.2), which RFC 5802 calls Hi.
 *
 * Decides how much of it may run at once. Anybody can make us compute it by guessing passwords, so a few run while the rest
 * wait in line, and past a bound nobody is let into the line.
 */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { RestanzaError } from '../../errors.ts';

const compute = promisify(pbkdf2);

/** How many run at once: half of libuv's four threads, so that file access never waits for strangers' passwords. */
const CONCURRENT = 2;

/** How many may wait: about a quarter of a second of work for two threads at two milliseconds each. */
const WAITING = 256;

/** What is derived. */
export interface Derivation {
  /** As `preparePassword` returns it. */
  readonly password: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** As node:crypto names it. */
  readonly digest: string;
  /** Bytes of the outcome. */
  readonly length: number;
}

/** Computes PBKDF2 within bounds. Its owner is whoever owns the accounts; it holds nothing that must be closed. */
export class Kdf {
  readonly #line: (() => void)[] = [];
  readonly #concurrent: number;
  readonly #waiting: number;
  #running = 0;
  #started = 0;

  /**
   * @param concurrent how many run at once
   * @param waiting how many may wait for their turn
   */
  constructor(concurrent: number = CONCURRENT, waiting: number = WAITING) {
    this.#concurrent = concurrent;
    this.#waiting = waiting;
  }

  /** How many were begun so far: what has been spent on passwords, known and unknown. */
  get started(): number {
    return this.#started;
  }

  /** How many run now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Derives a key, after those that came before.
   *
   * @throws RestanzaError `too-many-waiting` when the line is full
   */
  async derive({ password, salt, iterations, length, digest }: Derivation): Promise<Uint8Array> {
    await this.#turn();
    try {
      this.#started += 1;
      return await compute(password, salt, iterations, length, digest);
    } finally {
      this.#leave();
    }
  }

  /** Resolves when one of the places is ours. */
  #turn(): Promise<void> | undefined {
    if (this.#running < this.#concurrent) {
      this.#running += 1;
      return undefined;
    }
    if (this.#line.length >= this.#waiting) {
      throw new RestanzaError('too-many-waiting', 'too many passwords are being checked', { retryAfter: 1 });
    }
    return new Promise(resolve => this.#line.push(resolve));
  }

  /** Hands the place on to the next in line, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

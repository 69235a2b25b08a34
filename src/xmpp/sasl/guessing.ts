/**
 * Guessing passwords over SASL (RFC 4422 §6, RFC 5802 §9).
 *
 * Decides when a login counts as a guess: where credentials are judged, and not where an exchange is begun and left. How many
 * may be wrong is decided by whoever counts them. Few are judged at once while the others wait, so that many right logins at
 * the same time, as after a restart, are not taken for somebody who guesses.
 */
import type { Jid } from '../jid.ts';
import { localpartOf } from './credentials.ts';

/** A guess at somebody's password. Its owner says, once, how it went. */
export interface Guess {
  right(): void;
  wrong(): void;
  /** It was not looked at. */
  untried(): void;
}

/** Counts the guesses. */
export interface Guesses {
  /**
   * Begins one.
   *
   * @param account the bare address, without a localpart where nobody can have the name
   * @param address the IP address that it comes from
   * @throws RestanzaError when too many were wrong
   */
  begin(account: string, address: string): Guess;
}

/** Whose credentials are judged, and for whom. */
export interface Login {
  /** The name as it came. */
  readonly name: string;
  readonly domain: Jid;
  /** The IP address of the client. */
  readonly address: string;
}

/** How many are judged at once: as many derivations as run at the same time, and as many again. */
const AT_ONCE = 4;

/** Judges the logins of one host. */
export class Judges {
  readonly #guesses: Guesses;
  readonly #line: (() => void)[] = [];
  #running = 0;

  constructor(guesses: Guesses) {
    this.#guesses = guesses;
  }

  /**
   * Judges credentials when it is their turn, unless too many guesses were wrong: then nobody looks at them.
   *
   * @param judge finds the localpart whose credentials were right; `undefined` when they were not
   * @returns what `judge` found
   * @throws RestanzaError when too many were wrong, or what `judge` throws
   */
  async judge(login: Login, judge: () => Promise<string | undefined>): Promise<string | undefined> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else await new Promise<void>(resolve => this.#line.push(resolve));
    try {
      return await this.#counted(login, judge);
    } finally {
      this.#leave();
    }
  }

  async #counted(
    { name, domain, address }: Login,
    judge: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const guess = this.#guesses.begin(`${localpartOf(name) ?? ''}@${domain}`, address);
    try {
      const localpart = await judge();
      if (localpart === undefined) guess.wrong();
      else guess.right();
      return localpart;
    } catch (error) {
      guess.untried();
      throw error;
    }
  }

  /** Hands the place on to the next in line, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

/**
 * Guessing passwords, slowed down.
 *
 * Decides how many logins may fail before nobody looks at the next one. Within a minute these are
 * - 10 for an account from one client (`network.ts`),
 * - 100 from one client, whatever the accounts,
 * - 100 for an account, whatever the clients.
 *
 * Somebody who got in from an address is bounded there by the first alone, so that who guesses elsewhere, however many
 * they are, does not keep him out. From the same address they do: right credentials are not looked at over the bound, for
 * whoever could tell them from wrong ones there could go on guessing.
 *
 * Only wrong credentials count. What cannot be read or is of another scheme guesses nothing, nor does a token with too many
 * random bits to be guessed; what could not be checked was not tried. An attempt takes its place before it is checked, so that requests at the same time get no more tries than
 * others. All that is kept is bounded, and lost when the process ends.
 */
import { hash } from 'node:crypto';
import { RestanzaError } from '../errors.ts';
import { TokenEnded } from './bearer.ts';
import { networkOf } from './network.ts';
import type { Authenticator, Claim, Guessable, Principal } from './principal.ts';
import { type Attempt, Windows } from './windows.ts';

/** How many failures are taken. */
export interface ThrottleLimits {
  /** Of an account from a client. */
  readonly pair: number;
  /** From a client. */
  readonly client: number;
  /** Of an account. */
  readonly account: number;
  /** Milliseconds within which they count. */
  readonly time: number;
  /** How many pairs, clients and accounts are remembered, of each. */
  readonly keys: number;
}

const LIMITS: ThrottleLimits = { pair: 10, client: 100, account: 100, time: 60_000, keys: 10_000 };

/** A login that may be tried. Its owner must say, once, how it went. */
export interface Trial {
  /** The credentials were right. */
  right(): void;
  /** The credentials were wrong. */
  wrong(): void;
  /** They were not looked at. */
  untried(): void;
}

/** Characters of a name that is kept as it is. */
const SHORT = 128;

/** A place where an attempt counts. */
interface Place {
  readonly windows: Windows;
  readonly key: string;
}

/** Counts failed logins. */
export class Throttle {
  readonly #pairs: Windows;
  readonly #clients: Windows;
  readonly #accounts: Windows;
  /** Pairs that got in, the one that did so last at the end. */
  readonly #known = new Set<string>();
  readonly #keys: number;
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(limits: ThrottleLimits = LIMITS, now: () => number = () => performance.now()) {
    const { pair, client, account, time, keys } = limits;
    this.#pairs = new Windows({ attempts: pair, time, keys });
    this.#clients = new Windows({ attempts: client, time, keys });
    this.#accounts = new Windows({ attempts: account, time, keys });
    this.#keys = keys;
    this.#now = now;
  }

  /** How many pairs, clients and accounts are remembered now. */
  get size(): number {
    return this.#pairs.size + this.#clients.size + this.#accounts.size + this.#known.size;
  }

  /**
   * Begins an attempt.
   *
   * @param account in the one spelling that it has
   * @param address the IP address that it comes from
   * @throws RestanzaError `too-many-failures`
   */
  begin(account: string, address: string): Trial {
    const client = networkOf(address);
    const pair = keyOf(`${client} ${account}`);
    const places = this.#placesOf(pair, client, account);
    const now = this.#now();
    let wait = 0;
    for (const { windows, key } of places) wait = Math.max(wait, windows.wait(key, now));
    if (wait > 0) throw tooMany(wait / 1000);
    const attempt: Attempt = { at: now, undecided: true };
    for (const { windows, key } of places) windows.add(key, attempt);
    const untried = () => {
      for (const { windows, key } of places) windows.remove(key, attempt);
    };
    return {
      untried,
      right: () => {
        untried();
        this.#remember(pair);
      },
      wrong: () => {
        attempt.undecided = false;
      },
    };
  }

  #placesOf(pair: string, client: string, account: string): readonly Place[] {
    const own = { windows: this.#pairs, key: pair };
    if (this.#known.has(pair)) return [own];
    return [own, { windows: this.#clients, key: client }, { windows: this.#accounts, key: keyOf(account) }];
  }

  #remember(pair: string): void {
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size <= this.#keys) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Names have any length; what is kept of a long one is its digest, in a form that no name has. */
function keyOf(text: string): string {
  return text.length <= SHORT ? text : `sha256 ${hash('sha256', text, 'base64')}`;
}

function tooMany(seconds: number): RestanzaError {
  const retryAfter = Math.ceil(seconds);
  return new RestanzaError('too-many-failures', `try again in ${retryAfter} s`, { retryAfter });
}

/**
 * Makes an authenticator of what somebody could guess, with a throttle before it.
 *
 * Requests that come with the same credentials while these are checked wait for that check; when they are wrong, each
 * request still is an attempt of its own. So a client with many right requests at once is never taken for one that guesses.
 */
export function throttled(guessable: Guessable, throttle: Throttle): Authenticator {
  const running = new Map<string, Promise<Principal>>();

  async function attempt(claim: Claim, address: string): Promise<Principal> {
    const trial = throttle.begin(claim.account, address);
    try {
      const principal = await claim.check();
      trial.right();
      return principal;
    } catch (error) {
      if (isRejection(error) && !(error instanceof TokenEnded)) trial.wrong();
      else trial.untried();
      throw error;
    }
  }

  return {
    challenge: guessable.challenge,
    async authenticate(credentials) {
      const claim = guessable.claimOf(credentials);
      const { address, hostname, authorization } = credentials;
      // Neither of the first two has a space.
      const key = `${address} ${hostname} ${authorization}`;
      for (let other = running.get(key); other !== undefined; other = running.get(key)) {
        const principal = await other.catch(unlessRejected);
        if (principal !== undefined) return principal;
      }
      const own = attempt(claim, address);
      running.set(key, own);
      try {
        return await own;
      } finally {
        running.delete(key);
      }
    },
  };
}

function isRejection(error: unknown): boolean {
  return error instanceof RestanzaError && error.code === 'credentials-rejected';
}

function unlessRejected(error: unknown): undefined {
  if (!isRejection(error)) throw error;
}

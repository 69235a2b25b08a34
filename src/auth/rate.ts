/**
 * Requests per second, for each principal and for each token that has a bound of its own.
 *
 * Decides by the virtual scheduling of GCRA (ITU-T I.371): each key has one number, the moment at which it will have used
 * up what it was given. A burst may run ahead of it, and no further. Has no timer; a key that was not used for the longest
 * time makes room for a new one, and then starts afresh.
 */

import { RestanzaError } from '../errors.ts';
import type { Authenticator, Credentials, Principal } from './principal.ts';

/** How much a key may do. */
export interface Rate {
  /** Requests per second in the long run; above 0. */
  readonly perSecond: number;
  /** Requests at once after a rest; at least 1. */
  readonly burst: number;
  /** Keys that are kept. */
  readonly keys: number;
}

/** Bounds requests by key, say the address of a principal. */
export class RateLimit {
  /** Milliseconds that one request uses up. */
  readonly #cost: number;
  /** Milliseconds that a key may run ahead before a request. */
  readonly #ahead: number;
  readonly #keys: number;
  readonly #used = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor({ perSecond, burst, keys }: Rate, now: () => number = () => performance.now()) {
    this.#cost = 1000 / perSecond;
    this.#ahead = (burst - 1) * this.#cost;
    this.#keys = keys;
    this.#now = now;
  }

  /** How many keys are kept now. */
  get size(): number {
    return this.#used.size;
  }

  /**
   * Asks for one request. One that is refused uses nothing up.
   *
   * @returns seconds until it may be made; 0 when it may be made now
   */
  take(key: string): number {
    const now = this.#now();
    const used = Math.max(this.#used.get(key) ?? now, now);
    const wait = used - now - this.#ahead;
    if (wait > 0) return wait / 1000;
    this.#used.delete(key);
    this.#used.set(key, used + this.#cost);
    if (this.#used.size <= this.#keys) return 0;
    const [idle] = this.#used.keys();
    if (idle !== undefined) this.#used.delete(idle);
    return 0;
  }
}

/** Principals whose rate is kept. */
const PRINCIPALS = 10_000;

/** How many may come at once after a rest. */
function burstOf(perSecond: number): number {
  return Math.max(10, perSecond);
}

/** Whose requests are counted together. */
export type CountedAs = (principal: Principal, credentials: Credentials) => string;

/**
 * Puts a bound on the requests of each principal behind an authenticator.
 *
 * @param perSecond requests in the long run; as many, and 10 at least, may come at once after a rest
 * @param countedAs counts by something else than the principal's address
 * @returns an authenticator that also throws RestanzaError `too-many-requests`, with the seconds to wait
 */
export function limited(
  authenticator: Authenticator,
  perSecond: number,
  countedAs: CountedAs = ({ address }) => address,
): Authenticator {
  const limit = new RateLimit({ perSecond, burst: burstOf(perSecond), keys: PRINCIPALS });
  return {
    challenge: authenticator.challenge,
    async authenticate(credentials) {
      const principal = await authenticator.authenticate(credentials);
      requireTime(limit.take(countedAs(principal, credentials)), perSecond);
      return principal;
    },
  };
}

function requireTime(retryAfter: number, perSecond: number): void {
  if (retryAfter > 0) throw new RestanzaError('too-many-requests', `${perSecond} a second are allowed`, { retryAfter });
}

/**
 * Holds those who come with a token to the bound that the token has.
 *
 * @returns an authenticator that also throws RestanzaError `too-many-requests`, with the seconds to wait
 */
export function limitedByToken(
  authenticator: Authenticator,
  now: () => number = () => performance.now(),
): Authenticator {
  const limits = new Map<string, RateLimit>();
  const limitOf = (key: string, perSecond: number) => {
    const limit = limits.get(key) ?? new RateLimit({ perSecond, burst: burstOf(perSecond), keys: 1 }, now);
    limits.delete(key);
    limits.set(key, limit);
    const [idle] = limits.keys();
    if (limits.size > PRINCIPALS && idle !== undefined) limits.delete(idle);
    return limit;
  };
  return {
    challenge: authenticator.challenge,
    async authenticate(credentials) {
      const principal = await authenticator.authenticate(credentials);
      const { token } = principal;
      if (token?.rate === undefined) return principal;
      const key = `${token.kind} ${token.id} ${token.rate}`;
      requireTime(limitOf(key, token.rate).take(''), token.rate);
      return principal;
    },
  };
}

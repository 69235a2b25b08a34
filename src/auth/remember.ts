/**
 * Credentials that were right a moment ago.
 *
 * Decides that a name and password are not derived anew for every request: checking a password is slow on purpose, and a bot
 * sends the same one with each stanza. What is kept is a hash under a key that lives only in this process, for a short time,
 * so that a changed password is noticed. Wrong ones are not kept.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Principal } from './principal.ts';
import type { Verify } from './realm.ts';

/** How much is remembered. */
export interface Memory {
  /** Credentials at most; the oldest make room. */
  readonly size: number;
  /** Milliseconds after which credentials are checked again. */
  readonly time: number;
}

const MEMORY: Memory = { size: 10_000, time: 30_000 };

interface Remembered {
  readonly until: number;
  readonly principal: Promise<Principal | undefined>;
}

/**
 * Puts a memory before a verifier. Requests with the same credentials that come while they are checked wait for that check.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function remembering(
  verify: Verify,
  memory: Memory = MEMORY,
  now: () => number = () => performance.now(),
): Verify {
  const key = randomBytes(32).toString('base64');
  const known = new Map<string, Remembered>();

  async function check(digest: string, name: string, password: string): Promise<Principal | undefined> {
    let principal: Principal | undefined;
    try {
      principal = await verify(name, password);
      return principal;
    } finally {
      if (principal === undefined) known.delete(digest);
    }
  }

  return (name, password) => {
    // The length keeps the two apart: without it «a» and «bc» would be «ab» and «c». The key stands first; nobody sees a
    // digest who could lengthen it.
    const digest = hash('sha256', `${key}${name.length}:${name}${password}`, 'base64');
    const found = known.get(digest);
    if (found !== undefined && found.until > now()) return found.principal;
    const principal = check(digest, name, password);
    known.delete(digest);
    known.set(digest, { until: now() + memory.time, principal });
    const [oldest] = known.keys();
    if (known.size > memory.size && oldest !== undefined) known.delete(oldest);
    return principal;
  };
}

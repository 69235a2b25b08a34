/**
 * How a target is, seen from its calls: a state machine without clock and chance of its own.
 *
 * Decides that a receiver which is not well is left alone as a whole: no call is made for a while, then a single one, and
 * with its first good answer all go on. The pause is about a second at first, twice as long after each failed probe, never more
 * than a minute, and at least what `Retry-After` asks for, so that a short outage costs seconds and a restarted receiver is
 * not overrun. Status 410 ends all calls until somebody says otherwise (Standard Webhooks 1.0).
 */
import { bearingOf } from './bearing.ts';
import type { CallResult } from './exchange.ts';
import { readRetryAfter } from './retry-after.ts';

/** How a target is. All times are milliseconds since 1970. */
export type Health =
  | { readonly name: 'healthy' }
  /** Nothing is called before `until`, then one call at a time. */
  | { readonly name: 'paused'; readonly failures: number; readonly since: number; readonly until: number }
  /** Nothing is called until the gateway is started again or a delivery is retried by hand. */
  | { readonly name: 'disabled' };

/** How every target is at the start, and after its operator has asked for a new try. */
export const HEALTHY: Health = { name: 'healthy' };

/** When a call began and ended, and a number from 0 up to, but not including, 1. */
export interface Call {
  readonly began: number;
  readonly now: number;
  readonly random: number;
}

/** The first pause at most, and the longest; in milliseconds. */
const [FIRST, LONGEST] = [1_000, 60_000];

/** How a target is after a call. */
export function healthAfter(health: Health, result: CallResult, call: Call): Health {
  if (health.name === 'disabled') return health;
  const { name } = bearingOf(result);
  if (name === 'none') return health;
  if (name === 'gone') return { name: 'disabled' };
  if (name !== 'unwell') return HEALTHY;
  const asked = result.name === 'answer' ? readRetryAfter(result.retryAfter, call.now) : 0;
  // Many calls may end by one outage, some in the millisecond in which they began; what began before the pause is no news.
  if (health.name === 'paused' && call.began <= health.since) {
    return { ...health, until: Math.max(health.until, call.now + asked) };
  }
  const before = health.name === 'paused' ? health.failures : 0;
  const wait = (Math.min(LONGEST, FIRST * 2 ** before) / 2) * (1 + call.random);
  return { name: 'paused', failures: before + 1, since: call.now, until: call.now + Math.max(wait, asked) };
}

/**
 * How many calls may be begun now.
 *
 * @param inFlight calls under way
 * @param concurrency how many there may be
 */
export function allowance(health: Health, now: number, inFlight: number, concurrency: number): number {
  if (health.name === 'disabled') return 0;
  if (health.name === 'healthy') return Math.max(0, concurrency - inFlight);
  return now >= health.until && inFlight === 0 ? 1 : 0;
}

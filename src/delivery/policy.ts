/**
 * What follows from a try: it is done, it is made again later, or it is given up.
 *
 * Decides when. What failed alone is tried again after the steps of Standard Webhooks 1.0, each up to a fifth longer, and is
 * given up after the last. What met a receiver that is not well waits until that one is tried again (`health.ts`), and is
 * given up when the last step would be over. A call that may itself be the reason for the state of the receiver goes back to
 * the steps after some tries, so that others come first. Pure: time and chance come from outside.
 */
import { bearingOf } from './bearing.ts';
import type { CallResult } from './exchange.ts';
import type { Health } from './health.ts';
import { readRetryAfter } from './retry-after.ts';
import type { Target } from './target.ts';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** How long to wait before each try, the first included; in milliseconds. */
export const SCHEDULE: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** When each try is made at the earliest, counted from the first. */
const OFFSETS: readonly number[] = SCHEDULE.map((_, index) => SCHEDULE.slice(0, index + 1).reduce((a, b) => a + b));
/** How long a delivery is tried at most while its receiver is not well, in milliseconds: 75 h 35 min. */
export const LIFETIME = OFFSETS.at(-1) ?? 0;
/** How much longer a wait may be by chance, as a part of it. */
const JITTER = 0.2;
/** Tries after which a delivery that may be the reason itself no longer goes first. */
const SUSPECT_AFTER = 3;

/** A try and its delivery. */
export interface Trial {
  /** Tries before this one. */
  readonly tries: number;
  /** When the stanza came in, in milliseconds since 1970. */
  readonly since: number;
  /** When the try ended. */
  readonly now: number;
  /** From 0 up to, but not including, 1. */
  readonly random: number;
}

/** What follows. */
export type Verdict =
  /** The service has judged; its answer or its error goes to the sender. */
  | { readonly name: 'done' }
  /** To be tried again at this time, milliseconds since 1970. */
  | { readonly name: 'retry'; readonly at: number }
  /** Given up: the sender gets the error of the last try, once. */
  | { readonly name: 'dead' };

/**
 * Judges a try.
 *
 * @param health of the target, after this try
 */
export function judge(result: CallResult, delivery: Target['delivery'], trial: Trial, health: Health): Verdict {
  const { name, suspect } = bearingOf(result);
  if (name === 'answered' || name === 'gone') return { name: 'done' };
  if (name === 'none') return later(trial.now);
  if (delivery === 'bounce') return { name: 'dead' };
  const asked = result.name === 'answer' ? readRetryAfter(result.retryAfter, trial.now) : 0;
  const step = stepOf(trial);
  const wait = Math.max(asked, (SCHEDULE[step] ?? 0) * (1 + JITTER * trial.random));
  if (name === 'failed') return step < SCHEDULE.length ? later(trial.now + wait) : { name: 'dead' };
  if (trial.now - trial.since >= LIFETIME) return { name: 'dead' };
  const until = health.name === 'paused' ? health.until : trial.now;
  return later(suspect && trial.tries >= SUSPECT_AFTER ? Math.max(until, trial.now + wait) : until);
}

function later(at: number): Verdict {
  return { name: 'retry', at: Math.ceil(at) };
}

/**
 * The step after this try. Tries at a receiver that was not well come in quick succession and do not count for more than
 * the time that has passed.
 */
function stepOf({ tries, since, now }: Trial): number {
  const byAge = OFFSETS.filter(offset => offset <= now - since).length;
  return Math.min(tries + 1, Math.max(1, byAge));
}

/**
 * How much arrives at a recipient while a load runs.
 *
 * Decides when is counted: the first quarter of the time is left out, and after a load everything that was accepted is
 * waited for, so that no load disturbs the next one and what was lost is known.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Worker, workOf } from './cpu.ts';
import type { Peer } from './peers/process.ts';
import type { Count, RecipientOrder } from './peers/recipient.ts';
import type { Sample } from './row.ts';

/** The share of the time that is not counted. */
const WARM = 0.25;
/** Milliseconds between two looks, and how many without a change say that nothing more comes. */
const LOOK = 50;
const QUIET = 40;

/** What a load says of itself. */
export interface Sent {
  /** Messages that were accepted. */
  readonly accepted: number;
  readonly faults: Readonly<Record<string, number>>;
}

/**
 * Runs a load.
 *
 * @param load begins it; it runs for so many seconds
 * @param worker whose processor time is shared among the messages
 * @returns messages per second at the recipient
 */
export async function delivered(
  recipient: Peer<RecipientOrder>,
  seconds: number,
  load: () => Promise<Sent>,
  worker?: Worker,
): Promise<Sample> {
  const count = () => recipient.ask<Count>({ what: 'count' });
  const run = async () => {
    const before = await count();
    const [sent, figure] = await Promise.all([load(), rateDuring(count, seconds)]);
    const received = (await settle(count, before.count + sent.accepted)) - before.count;
    return { sent, figure, received };
  };
  const { result, beside } = await workOf(worker, run, ({ received }) => received);
  const { sent, figure, received } = result;
  if (received === 0) throw new Error('nothing has arrived at the recipient');
  const lost = sent.accepted - received;
  const faults = { ...sent.faults, ...(lost > 0 && { lost }) };
  return { figure, faults, beside };
}

async function rateDuring(count: () => Promise<Count>, seconds: number): Promise<number> {
  await delay(seconds * 1000 * WARM);
  const from = await count();
  await delay(seconds * 1000 * (1 - WARM));
  const to = await count();
  return ((to.count - from.count) * 1000) / (to.at - from.at);
}

/** Waits until so many have come, or no more come; returns how many there are. */
export async function settle(count: () => Promise<Count>, wanted: number): Promise<number> {
  let last = await count();
  for (let quiet = 0; last.count < wanted && quiet < QUIET; ) {
    await delay(LOOK);
    const next = await count();
    quiet = next.count === last.count ? quiet + 1 : 0;
    last = next;
  }
  return last.count;
}

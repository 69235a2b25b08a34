/**
 * What is aimed at, as ratios within one run.
 *
 * Decides how each is computed: of two contenders, round by round; and when it is met.
 */

import type { Outcome, Standing } from './row.ts';
import type { MemoryReport } from './rows/memory.ts';
import { median, ratios } from './statistics.ts';

/** A row and a contender in it. */
type Place = readonly [row: string, contender: string];

interface Goal {
  readonly name: string;
  readonly over: Place;
  readonly under: Place;
  /** The ratio that is aimed at; `most` where less is better. */
  readonly least?: number;
  readonly most?: number;
}

/** What came of a goal. */
export interface Verdict {
  readonly name: string;
  readonly aim: string;
  /** The median over the rounds, with the lowest and the highest; absent where it could not be measured. */
  readonly value?: number;
  readonly lowest?: number;
  readonly highest?: number;
  readonly met?: boolean;
}

const PROSODY = 'messages-prosody';

/** The ratios. */
const GOALS: readonly Goal[] = [
  {
    name: 'messages: Restanza component on Prosody ÷ mod_rest (plain)',
    over: [PROSODY, 'component-json'],
    under: [PROSODY, 'peer'],
    least: 3.5,
  },
  {
    name: 'messages: Restanza component on Prosody ÷ ready-made stanzas',
    over: [PROSODY, 'component-json'],
    under: [PROSODY, 'limit'],
    least: 0.9,
  },
  {
    name: 'pings: Restanza component on Prosody ÷ mod_rest (plain)',
    over: ['pings', 'component-Prosody'],
    under: ['pings', 'peer'],
    least: 4,
  },
  {
    name: 'messages: Restanza user session on Prosody ÷ mod_rest (hashed)',
    over: [PROSODY, 'user'],
    under: [PROSODY, 'peer-hashed'],
    least: 10,
  },
  {
    name: 'messages: Restanza component on ejabberd ÷ send_message',
    over: ['messages-ejabberd', 'component-json'],
    under: ['messages-ejabberd', 'peer'],
    least: 1.8,
  },
  {
    name: 'callbacks: Restanza with journal ÷ mod_rest without',
    over: ['callbacks', 'component-Prosody'],
    under: ['callbacks', 'peer'],
    least: 4,
  },
  {
    name: 'messages: Restanza embedded ÷ bare Fastify POST',
    over: ['messages-embedded', 'embedded-json'],
    under: ['messages-embedded', 'limit'],
    least: 0.5,
  },
  {
    name: 'p99 at 500 messages/s: Restanza component on Prosody ÷ mod_rest',
    over: ['latency-steady', 'component-Prosody'],
    under: ['latency-steady', 'peer'],
    most: 0.5,
  },
];

/** Bytes that a gateway may take after a million messages. */
const MEMORY = 150 * 1024 * 1024;

/** Judges a run. */
export function judge(outcomes: readonly Outcome[], memory: MemoryReport | undefined): readonly Verdict[] {
  return [...GOALS.map(goal => judgeGoal(goal, outcomes)), ...(memory === undefined ? [] : [judgeMemory(memory)])];
}

function judgeGoal({ name, over, under, least, most }: Goal, outcomes: readonly Outcome[]): Verdict {
  const aim = least === undefined ? `≤ ${most}` : `≥ ${least}`;
  const [left, right] = [standingAt(over, outcomes), standingAt(under, outcomes)];
  const values = ratios(left?.samples ?? [], right?.samples ?? []);
  if (values.length === 0) return { name, aim };
  const value = median(values);
  const met = least === undefined ? value <= (most ?? 0) : value >= least;
  return { name, aim, value, lowest: Math.min(...values), highest: Math.max(...values), met };
}

function standingAt([row, contender]: Place, outcomes: readonly Outcome[]): Standing | undefined {
  return outcomes.find(({ id }) => id === row)?.standings.find(({ id }) => id === contender);
}

function judgeMemory({ messages, highest, flat }: MemoryReport): Verdict {
  const name = `memory over ${messages.toLocaleString('en')} messages: flat, and the highest in MiB`;
  const aim = `≤ ${MEMORY / 1024 / 1024}`;
  return { name, aim, value: highest / 1024 / 1024, met: flat && highest <= MEMORY };
}

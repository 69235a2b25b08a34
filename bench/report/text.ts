/**
 * The results as tables: on the terminal, and in Markdown.
 */
import type { Verdict } from '../goals.ts';
import type { Outcome, Standing } from '../row.ts';
import type { MemoryReport } from '../rows/memory.ts';

/** Everything that a run found. */
export interface Results {
  readonly outcomes: readonly Outcome[];
  readonly memory: MemoryReport | undefined;
  readonly verdicts: readonly Verdict[];
}

/** A number with three digits that matter. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 999.5 ? Math.round(value).toLocaleString('en') : `${Number(value.toPrecision(3))}`;
}

const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

function spread(samples: readonly number[]): string {
  return samples.length === 0 ? '' : `${figure(Math.min(...samples))} – ${figure(Math.max(...samples))}`;
}

/** What is to be said beside the figure. */
function remarks({ beside, faults, why }: Standing): string {
  const further = Object.entries(beside).map(([name, value]) => `${name} ${figure(value)}`);
  const wrong = Object.entries(faults).map(([name, count]) => `${name}: ${count}`);
  return [...further, ...wrong, ...(why === undefined ? [] : [`not measured: ${why.split('\n', 1).join('')}`])].join(
    ', ',
  );
}

/** The cells of each contender: name, median, spread, remarks. */
function cells(outcome: Outcome): readonly (readonly string[])[] {
  return outcome.standings.map(one => [one.name, figure(one.median), spread(one.samples), remarks(one)]);
}

/** One row, for the terminal. */
export function printOutcome(outcome: Outcome): string {
  const lines = cells(outcome).map(([name = '', value = '', between = '', more = '']) =>
    `  ${name.padEnd(48)}${value.padStart(9)}   ${between.padEnd(20)} ${more}`.trimEnd(),
  );
  return [`${outcome.title}, ${outcome.unit}`, ...lines, ''].join('\n');
}

/** The memory, as a sentence. */
export function describeMemory({
  messages,
  seconds,
  before,
  highest,
  secondQuarter,
  lastQuarter,
}: MemoryReport): string {
  const rate = `${messages.toLocaleString('en')} messages in ${Math.round(seconds)} s`;
  const grown = `${mib(secondQuarter)} in the second quarter, ${mib(lastQuarter)} in the last`;
  return `${rate} through the component on ejabberd: ${mib(before)} before, ${grown}, ${mib(highest)} at most`;
}

function ratio({ value, lowest, highest }: Verdict): string {
  if (value === undefined) return 'not measured';
  const between = lowest === undefined || highest === undefined ? '' : ` (${figure(lowest)} – ${figure(highest)})`;
  return `${figure(value)}${between}`;
}

const MET: Readonly<Record<string, string>> = { true: 'met', false: 'missed', undefined: '' };
const met = (verdict: Verdict) => MET[`${verdict.met}`] ?? '';

/** The goals, for the terminal. */
export function printVerdicts(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(verdict =>
    `  ${verdict.name.padEnd(72)} ${verdict.aim.padEnd(6)} ${ratio(verdict).padEnd(22)} ${met(verdict)}`.trimEnd(),
  );
  return ['Goals: ratios within this run, median (lowest – highest)', ...lines].join('\n');
}

/** A table in Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The goals, in Markdown. */
export function goalTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(verdict => [verdict.name, verdict.aim, ratio(verdict), met(verdict)]);
  return table(['ratio', 'aim', 'found', ''], rows);
}

/** All rows, in Markdown. */
export function outcomeTables(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(outcome => `**${outcome.title}**\n\n${table(['', outcome.unit, 'between', 'beside'], cells(outcome))}`)
    .join('\n\n');
}

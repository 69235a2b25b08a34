/**
 * `npm run bench`: how Restanza stands to its peers and to what is possible, on one machine, in one run.
 *
 * Decides the order of the rows and how long each takes. Figures are medians of rounds in which the contenders take turns;
 * messages are counted where they arrive. Everything is on loopback, bounded, and ends with this process. `--quick` is a
 * smoke test.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Field, openField } from './field.ts';
import { type Flags, readFlags, USAGE } from './flags.ts';
import { judge } from './goals.ts';
import { describeMachine } from './machine.ts';
import { provideNeeds } from './needs.ts';
import { writePage } from './report/page.ts';
import { describeMemory, printOutcome, printVerdicts, type Results } from './report/text.ts';
import { type Effort, measure, type Outcome, type Row } from './row.ts';
import { archiveRow, callbackRow, echoRow, pingRow } from './rows/exchanges.ts';
import { latencyRows } from './rows/latency.ts';
import { type MemoryReport, watchMemory } from './rows/memory.ts';
import { messageRows } from './rows/messages.ts';
import { startRow } from './rows/start.ts';
import { moduleFolder } from './servers/prosody.ts';

/** How much is done: turns, and what passes while the memory is watched. */
interface Extent extends Effort {
  readonly messages: number;
  /** Seconds that those may take. */
  readonly patience: number;
  /** Seconds after which no further row is begun: on a machine that is far too busy, some are left out. */
  readonly bound: number;
}

const FULL: Extent = { rounds: 5, seconds: 2, messages: 1_000_000, patience: 150, bound: 700 };
const QUICK: Extent = { rounds: 2, seconds: 0.4, messages: 10_000, patience: 3, bound: 70 };

process.exitCode = await main();

/** @returns the exit code */
async function main(): Promise<number> {
  const flags = flagsOrUsage();
  if (flags === undefined) return 2;
  const lacking = provideNeeds();
  if (lacking !== undefined) {
    console.error(lacking);
    return 1;
  }
  const modules = moduleFolder(process.env['MOD_REST_DIR']);
  if (modules === undefined) console.log('mod_rest is left out: MOD_REST_DIR does not name a folder with the module\n');
  if (flags.profiles !== undefined) await mkdir(flags.profiles, { recursive: true });
  const extent = flags.quick ? QUICK : FULL;
  const [before, machine] = [performance.now(), describeMachine()];
  await using stack = new AsyncDisposableStack();
  const profiles = flags.profiles && resolve(flags.profiles);
  const field = await openField(stack, { modules, profiles });
  const results = await compare(field, extent, flags, stack);
  const known = results.verdicts.filter(({ value }) => flags.only.length === 0 || value !== undefined);
  if (known.length > 0) console.log(printVerdicts(known));
  const circumstances = { machine, ...extent, peer: modules !== undefined };
  if (flags.json !== undefined)
    await writeFile(flags.json, `${JSON.stringify({ ...circumstances, ...results }, null, 2)}\n`);
  if (flags.writeDocs) await writePage(results, circumstances);
  console.log(`\n${Math.round((performance.now() - before) / 1000)} s`);
  return results.outcomes.some(({ standings }) => standings.some(({ why }) => why !== undefined)) ? 1 : 0;
}

function flagsOrUsage(): Flags | undefined {
  try {
    return readFlags(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return undefined;
  }
}

async function compare(field: Field, extent: Extent, { only }: Flags, stack: AsyncDisposableStack): Promise<Results> {
  const chosen = (id: string) => only.length === 0 || only.some(part => id.includes(part));
  const outcomes: Outcome[] = [];
  const end = performance.now() + extent.bound * 1000;
  const take = async (rows: readonly Row[]) => {
    for (const row of rows.filter(({ id }) => chosen(id))) {
      if (performance.now() > end) {
        console.log(`${row.title}: left out, there was no time for it\n`);
        continue;
      }
      const outcome = await measure(row, extent);
      console.log(printOutcome(outcome));
      outcomes.push(outcome);
    }
  };
  await take([...messageRows(field), pingRow(field), callbackRow(field), echoRow(field), archiveRow(field)]);
  const capacity = (row: string, contender: string) =>
    outcomes.find(({ id }) => id === row)?.standings.find(({ id }) => id === contender)?.median ?? Number.NaN;
  await take(latencyRows(field, capacity));
  await take([await startRow(field, stack)]);
  const memory = chosen('memory') && performance.now() < end ? await memoryOf(field, extent) : undefined;
  return { outcomes, memory, verdicts: judge(outcomes, memory) };
}

async function memoryOf(field: Field, { messages, patience }: Extent): Promise<MemoryReport> {
  const memory = await watchMemory(field, messages, patience);
  console.log(`Memory\n  ${describeMemory(memory)}\n`);
  return memory;
}

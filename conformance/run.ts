/**
 * The conformance suite: asks an implementation of the dialect of mod_rest what each case asks, and prints a table of what
 * is the same, what is mended, and what is different.
 *
 * Decides how the cases run, one after the other, and what is printed. Run with `npm run conformance -- --help`.
 */
import process from 'node:process';
import { ArgumentError, helpText, type Plan, readArguments } from './arguments.ts';
import type { Case } from './case.ts';
import { CASES } from './cases.ts';
import { judge, type Outcome, type Verdict } from './comparison.ts';
import { ask, fill, type Reply, type Target } from './exchange.ts';

/** What the suite has of the process it runs in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
}

const SAME = 0;
const DIFFERENT = 1;
const FAILED = 2;

/**
 * Runs the suite.
 *
 * @param args the words of the command line
 * @returns the exit code: 0 when nothing is different, 1 when something is, 2 when the suite could not run
 */
export async function main(args: readonly string[], around: Surroundings): Promise<number> {
  try {
    const plan = readArguments(args, around.environment);
    if (plan !== undefined) return await run(plan, around);
    around.out(helpText());
    return SAME;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    around.err(`conformance: ${error.message}\nnpm run conformance -- --help lists all options.\n`);
    return FAILED;
  }
}

async function run({ target, only }: Plan, { out, err }: Surroundings): Promise<number> {
  const cases = CASES.filter(({ name }) => only.test(name));
  if (cases.length === 0) throw new ArgumentError(`--only '${only.source}' matches the name of no case`);
  const fault = await hindrance(target);
  if (fault !== undefined) {
    err(`conformance: ${fault}\n`);
    return FAILED;
  }
  const width = Math.max(...cases.map(({ name }) => name.length));
  const counts: Record<Outcome, number> = { same: 0, mended: 0, different: 0, skipped: 0 };
  for (const one of cases) {
    const { outcome, note } = await verdictOn(one, target);
    counts[outcome] += 1;
    out(`${outcome.padEnd(9)}  ${one.name.padEnd(width)}  ${note}`.trimEnd().concat('\n'));
  }
  const sums = Object.entries(counts).map(([outcome, count]) => `${outcome} ${count}`);
  out(`\n${sums.join(', ')}\n`);
  return counts.different === 0 ? SAME : DIFFERENT;
}

/** Why no case can be judged, in a sentence. */
async function hindrance(target: Target): Promise<string | undefined> {
  const reply = await attempt({ method: 'GET', path: '{rest}/ping/{domain}' }, target);
  if (reply instanceof Error) return `${target.url.origin} does not answer: ${reply.message}; is the server running?`;
  if (reply.status !== 401 && reply.status !== 403) return undefined;
  return `${target.url.origin} answers ${reply.status} to --user and --password; are they right?`;
}

async function verdictOn(one: Case, target: Target): Promise<Verdict> {
  const missing = one.needs?.find(need => target[need] === undefined);
  if (missing !== undefined) return { outcome: 'skipped', note: `needs --${missing}` };
  const reply = await attempt(one.request, target);
  if (reply instanceof Error) return { outcome: 'different', note: `no answer: ${reply.message}` };
  return judge(one, reply, text => fill(text, target));
}

/** The answer, or why there is none. */
async function attempt(exchange: Case['request'], target: Target): Promise<Reply | Error> {
  try {
    return await ask(exchange, target);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

if (import.meta.main) {
  // A reader that has seen enough, such as head, is no fault.
  process.stdout.on('error', () => process.exit(FAILED));
  process.exitCode = await main(process.argv.slice(2), {
    environment: process.env,
    out: text => process.stdout.write(text),
    err: text => process.stderr.write(text),
  });
}

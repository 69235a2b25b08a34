/**
 * How much work a process does for each thing that it does.
 *
 * Decides that the processor time of user and kernel counts together. On a busy machine it says more than a rate does: what
 * others take away is not in it.
 */
import { readFile } from 'node:fs/promises';

/** Clock ticks of Linux in a second (`USER_HZ`), the same on all machines that Node runs on. */
const TICKS = 100;

/** Whose time is counted. */
export interface Worker {
  readonly pid: number | undefined;
}

/** Processor time of a process so far, in microseconds. */
export async function processorTime({ pid }: Worker): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name stands in brackets and may hold anything; utime and stime are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
}

/**
 * Runs a task and shares the processor time that it took among what it has done.
 *
 * @param worker none when nobody's time is of interest
 * @param count how many things the task has done
 * @returns what the task returned, and a figure to stand beside that of a sample
 */
export async function workOf<Result>(
  worker: Worker | undefined,
  task: () => Promise<Result>,
  count: (result: Result) => number,
): Promise<{ readonly result: Result; readonly beside: Readonly<Record<string, number>> }> {
  if (worker === undefined) return { result: await task(), beside: {} };
  const before = await processorTime(worker);
  const result = await task();
  const each = ((await processorTime(worker)) - before) / count(result);
  return { result, beside: { 'µs of CPU each': each } };
}

/**
 * The part of docs/performance.md that a run writes.
 *
 * Decides where it stands: between two markers, so that what people write around it stays.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Machine } from '../machine.ts';
import { drawChart } from './chart.ts';
import { describeMemory, goalTable, outcomeTables, type Results } from './text.ts';

const PAGE = new URL('../../docs/performance.md', import.meta.url);
const CHART = new URL('../../docs/performance.svg', import.meta.url);
const [BEGIN, END] = ['<!-- bench -->', '<!-- end of bench -->'];

/** How a run was made. */
export interface Circumstances {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  /** Whether mod_rest was there. */
  readonly peer: boolean;
}

/**
 * Writes the results into the page, and the chart beside it.
 *
 * @throws Error when the page has no markers
 */
export async function writePage(results: Results, circumstances: Circumstances): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/performance.md has no '${BEGIN}' … '${END}'`);
  const part = `${BEGIN}\n${section(results, circumstances)}\n`;
  await writeFile(PAGE, page.slice(0, begin) + part + page.slice(end));
  await writeFile(CHART, drawChart(results.outcomes));
}

function section({ outcomes, memory, verdicts }: Results, { machine, rounds, seconds, peer }: Circumstances): string {
  const { processor, cores, memoryGiB, system, load, versions } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const command = `${peer ? 'MOD_REST_DIR=… ' : ''}npm run bench -- --write-docs`;
  return `
${goalTable(verdicts)}

![Rates of Restanza, its peers and the limits](performance.svg)

\`${command}\`: ${rounds} rounds, ${seconds} s for each turn; medians. ${cores} cores (${processor}), ${memoryGiB} GiB,
${system}; ${names.join(', ')}. Before the run the load of the machine was ${load.toFixed(1)}.

${outcomeTables(outcomes)}

**Memory**: ${memory === undefined ? 'not measured' : describeMemory(memory)}.
`;
}

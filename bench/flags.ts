/**
 * The command line of the benchmark.
 */
import { parseArgs } from 'node:util';

/** What a run is asked for. */
export interface Flags {
  /** A run of less than 90 seconds, as a smoke test. */
  readonly quick: boolean;
  /** Parts of the names of rows to be measured; all when empty. */
  readonly only: readonly string[];
  /** Where the results go as JSON. */
  readonly json: string | undefined;
  /** Whether docs/performance.md gets the results. */
  readonly writeDocs: boolean;
  /** A folder for CPU profiles of the gateways. */
  readonly profiles: string | undefined;
}

/** How the benchmark is called. */
export const USAGE = `npm run bench -- [--quick] [--only ROW]... [--json FILE] [--write-docs] [--cpu-prof FOLDER]
  --quick            less than 90 seconds, as a smoke test; the figures mean little
  --only ROW         only rows whose id has this in it, such as messages-prosody; can be repeated
  --json FILE        writes the results as JSON
  --write-docs       writes the results into docs/performance.md and docs/performance.svg
  --cpu-prof FOLDER  writes a CPU profile of each gateway`;

/**
 * Reads the flags.
 *
 * @throws TypeError when there is one that is not known
 */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
    },
  });
  const { quick, only, json, 'write-docs': writeDocs, 'cpu-prof': profiles } = values;
  return { quick, only, json, writeDocs, profiles };
}

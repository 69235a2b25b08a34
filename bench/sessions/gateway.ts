/**
 * A gateway in a process of its own that can be asked how much memory it has.
 *
 * Decides when memory is looked at: after the collector has done all that it can, and the least of several looks. By itself it
 * keeps tens of MiB of free pages for some time, which would count as sessions or hide them. To be started with `--expose-gc`,
 * an IPC channel, and the path of a configuration.
 */
import { setTimeout } from 'node:timers/promises';
import { startGateway } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/log.ts';

/** What the process says. */
export type Said = { readonly url: string } | { readonly memory: Memory };

/** Bytes. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  /** Outside of the heap, as far as Node knows of it. */
  readonly external: number;
}

const LOOKS = 5;
/** Milliseconds between two looks. */
const BETWEEN = 400;

const [file] = process.argv.slice(2);
const { config } = await loadConfig({ file, environment: {}, folder: process.cwd() });
const gateway = await startGateway(config, createLog('warn'));

process.on('message', async message => {
  if (message === 'measure') say({ memory: await measure() });
});
process.once('disconnect', () => void gateway[Symbol.asyncDispose]());
say({ url: gateway.url });

async function measure(): Promise<Memory> {
  const seen: Memory[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await setTimeout(BETWEEN);
    const { rss, heapUsed, external } = process.memoryUsage();
    seen.push({ rss, heap: heapUsed, external });
  }
  const least = (part: keyof Memory) => Math.min(...seen.map(memory => memory[part]));
  return { rss: least('rss'), heap: least('heap'), external: least('external') };
}

function say(said: Said): void {
  process.send?.(said);
}

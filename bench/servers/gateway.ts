/**
 * Restanza as its users start it: a process of its own with a configuration file.
 *
 * Decides how it is started and ended, and how its memory is read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Folder } from '../../test/support/folder.ts';
import { freePorts } from '../../test/support/ports.ts';
import { Child, describeExit, type Program } from '../../test/support/process.ts';

/** The configuration's `hosts`, as docs/config.md describes it. */
export type Hosts = Readonly<Record<string, object>>;

/** Milliseconds that it may take to listen, and to drain. */
const START = 30_000;
const DRAIN = 15_000;

/** What is needed to start one, again and again. */
export interface Recipe extends AsyncDisposable {
  readonly port: number;
  readonly program: Program;
}

/** What is run. */
export interface Package {
  /** The module to start. */
  readonly main: string;
  /** The folder for CPU profiles, which are written when processes end; none are made when absent. */
  readonly profiles: string | undefined;
}

/** Writes a configuration into a private folder. */
export async function prepareGateway({ main, profiles }: Package, hosts: Hosts): Promise<Recipe> {
  const [folder, [port = 0]] = [await Folder.make(), await freePorts(1)];
  const config = { listen: `127.0.0.1:${port}`, data: join(folder.path, 'data'), hosts };
  const file = await folder.write('restanza.yaml', stringify(config, { aliasDuplicateObjects: false }));
  const profiling = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles];
  const args = [process.execPath, ...profiling, main, 'start', '--config', file];
  return {
    port,
    // Ended by the kernel when the benchmark is gone.
    program: { command: '/usr/bin/setpriv', args: ['--pdeathsig', 'KILL', '--', ...args], cwd: folder.path },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A running gateway. */
export class Gateway implements AsyncDisposable {
  /** Where it takes HTTP requests. */
  readonly port: number;
  readonly #child: Child;
  readonly #recipe: Recipe;

  private constructor(child: Child, recipe: Recipe) {
    this.port = recipe.port;
    this.#child = child;
    this.#recipe = recipe;
  }

  /**
   * Starts one; it takes requests when this returns, though links may still be connecting.
   *
   * @throws Error with its output when it does not start
   */
  static async start(what: Package, hosts: Hosts): Promise<Gateway> {
    await using undo = new AsyncDisposableStack();
    const recipe = undo.use(await prepareGateway(what, hosts));
    const child = undo.use(new Child(recipe.program));
    await child.line(['"msg":"listening"'], START);
    undo.move();
    return new Gateway(child, recipe);
  }

  /** Resolves when this has been logged. */
  async logged(...texts: readonly string[]): Promise<string> {
    return this.#child.line(texts, START);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resident memory in bytes. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = await this.#child.stop(DRAIN);
    await this.#recipe[Symbol.asyncDispose]();
    if (exit.code !== 0) console.error(`a gateway ended with ${describeExit(exit)}\n${this.#child.transcript()}`);
  }
}

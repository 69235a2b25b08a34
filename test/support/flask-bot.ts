/**
 * The Flask bots of the document that mod_rest describes itself with, run as they stand there by Debian's Flask.
 *
 * Decides where the document is looked for and how a program is found in it: it is no part of the project, and where it is
 * missing there is nothing to run. The bots would listen at a fixed port if they were run as programs; `flask run` chooses
 * another one without a change of the file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Folder } from './folder.ts';
import { freePorts } from './ports.ts';
import { Child } from './process.ts';

const DOCUMENT = new URL('../../../shared/seeds/mod_rest.txt', import.meta.url);
/** Debian's own Python, whose packages are not seen by others that may stand before it in PATH. */
const PYTHON = '/usr/bin/python3';
/** From the first import to the call that would start the server. */
const PROGRAM = /^from flask import .*\n(?:.*\n)*? {4}app\.run\(\)$/gm;
/** Milliseconds that Flask may take to start. */
const START = 30_000;

/** Why there are no bots, or `false` when they are there: what `node:test` takes as `skip`. */
export const NO_BOTS: string | false = existsSync(DOCUMENT) ? false : 'the description of mod_rest is not there';

/** The programs of the document, in their order: the one that speaks XML, and the one that speaks JSON. */
export function flaskPrograms(): readonly string[] {
  if (NO_BOTS !== false) return [];
  return (readFileSync(DOCUMENT, 'utf8').match(PROGRAM) ?? []).map(program => `${program}\n`);
}

/** A running bot. */
export class FlaskBot implements AsyncDisposable {
  readonly url: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(url: string, owned: AsyncDisposableStack) {
    this.url = url;
    this.#owned = owned;
  }

  /** Starts a program; it listens when this returns. */
  static async start(program: string): Promise<FlaskBot> {
    await using undo = new AsyncDisposableStack();
    const folder = undo.use(await Folder.make());
    const file = await folder.write('bot.py', program);
    const [port = 0] = await freePorts(1);
    // Flask says that it listens on standard error.
    const both = ['-c', 'exec "$@" 2>&1', 'sh'];
    const flask = [PYTHON, '-u', '-m', 'flask', '--app', file, 'run', '--port', `${port}`];
    const child = undo.use(new Child({ command: '/bin/sh', args: [...both, ...flask], cwd: folder.path }));
    await child.line([`Running on http://127.0.0.1:${port}`], START);
    return new FlaskBot(`http://127.0.0.1:${port}/`, undo.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

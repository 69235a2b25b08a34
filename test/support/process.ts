/**
 * A program that a test runs beside itself.
 *
 * Decides how one is started, listened to and ended: its output is kept for the message of a failure, waiting means
 * waiting for a line or for its end, and it never outlives the test: SIGTERM, after a bound SIGKILL, and SIGKILL when the
 * test's own process ends first.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Arrivals } from './arrivals.ts';

/** What to start. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables beside PATH, HOME and LANG, which are set for every program. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended: exactly one of both is set, none when it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 20_000;
/** Lines of output that the message of a failure shows. */
const SHOWN = 60;

/** A started program. */
export class Child implements AsyncDisposable {
  /** When it has ended and all its output is read. */
  readonly exited: Promise<Exit>;
  /** Every line of standard output, in order. */
  readonly stdout: string[] = [];
  /** Every line of standard error, in order. */
  readonly stderr: string[] = [];
  readonly #program: Program;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Arrivals<string>;
  readonly #transcript: string[] = [];
  #exit: Exit | undefined;

  /** @param onLine is told each line of standard output; without it, `line` waits for them */
  constructor(program: Program, onLine?: (line: string) => void) {
    this.#program = program;
    this.#lines = new Arrivals(() => this.transcript());
    this.#process = spawn(program.command, program.args, {
      cwd: program.cwd,
      env: { PATH: process.env['PATH'], HOME: program.cwd, LANG: 'C.UTF-8', ...program.env },
    });
    this.#read(this.#process.stdout, this.stdout, onLine ?? (line => this.#lines.push(line)));
    this.#read(this.#process.stderr, this.stderr, () => {});
    // Writing to a program that is gone is found out by its end.
    this.#process.stdin.on('error', () => {});
    this.#process.on('error', error => this.#transcript.push(error.message));
    this.exited = this.#watch();
  }

  async #watch(): Promise<Exit> {
    const killNow = () => this.kill();
    process.once('exit', killNow);
    // `close` comes after a failed start too, unlike `exit`.
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.#process.once('close', (code, signal) => resolve({ code, signal }));
    this.#exit = await promise;
    process.off('exit', killNow);
    this.#lines.end(new Error(`${this.#program.command} has ended (${describeExit(this.#exit)})`));
    return this.#exit;
  }

  #read(stream: Readable, lines: string[], each: (line: string) => void): void {
    let rest = '';
    const line = (text: string) => {
      lines.push(text);
      this.#transcript.push(text);
      each(text);
    };
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) line(part);
    });
    stream.on('end', () => {
      if (rest !== '') line(rest);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The last lines of both outputs, for the message of a failure. */
  transcript(): string {
    const shown = this.#transcript.slice(-SHOWN).map(line => `  | ${line}`);
    return [`output of ${[this.#program.command, ...this.#program.args].join(' ')}:`, ...shown].join('\n');
  }

  /**
   * The first line of standard output that holds all these texts and was not taken before.
   *
   * @param within milliseconds
   * @throws Error with the output when the line does not come
   */
  line(texts: readonly string[], within?: number): Promise<string> {
    const wanted = (line: string) => texts.every(text => line.includes(text));
    return this.#lines.take(wanted, `the line '${texts.join(' … ')}'`, within);
  }

  /** Writes a line to standard input. */
  write(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** SIGKILL. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /**
   * SIGTERM, and SIGKILL when it has not ended after `grace` milliseconds.
   *
   * @returns how it ended; a signal `SIGKILL` says that the bound was needed
   */
  async stop(grace: number = GRACE): Promise<Exit> {
    this.#process.kill('SIGTERM');
    const bound = setTimeout(() => this.kill(), grace);
    try {
      return await this.exited;
    } finally {
      clearTimeout(bound);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === undefined) await this.stop();
  }
}

/** `code 1` or `signal SIGKILL`. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `code ${code}` : `signal ${signal}`;
}

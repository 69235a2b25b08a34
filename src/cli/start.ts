/**
 * The life of a gateway, from its configuration to the exit code.
 *
 * Decides what ends it: a signal, after which what is under way may finish; a second signal, which waits for nothing; the
 * end of every link; or a fault of the program, after which nothing goes on in an unknown state. What a gateway is made of
 * is decided in `compose.ts`.
 */
import type { Gateway } from '../compose.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { problemLine } from '../config/problem.ts';
import { createLog, type Log } from '../log.ts';
import { EXIT, SIGNALS } from './command-line.ts';
import { startFault } from './start-fault.ts';
import { welcomeText } from './welcome.ts';

/** How long stopping may take before the process ends all the same, in milliseconds. */
const DRAIN = 10_000;

/** The process around a command. */
export interface Surroundings {
  readonly environment: Environment;
  /** The working directory. */
  readonly folder: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Tells of signals, and of faults that nobody caught: `process`. */
  readonly events: NodeJS.EventEmitter;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/**
 * Runs a gateway until it is told to stop or cannot go on.
 *
 * @param file the configuration file that was named
 * @returns the exit code
 * @throws ConfigError when the configuration cannot be used; nothing was started then
 */
export async function start(file: string | undefined, around: Surroundings): Promise<number> {
  const { environment, folder, out, err, exit } = around;
  const { config, entries, warnings } = await loadConfig({ file, environment, folder });
  const log = createLog(config.log.level);
  using _faults = watchFaults(around, error => log.fatal({ err: error }, 'a fault of the program ends it'));
  using signals = watchSignals(around);
  for (const warning of warnings) log.warn({ warning: problemLine(warning) }, 'configuration');
  // Only here, so that the other commands do not load the whole program.
  const { startGateway } = await import('../compose.ts');
  const starting = startGateway(config, log);
  try {
    return await live({ starting, stop: signals.first, drain: DRAIN, log, out, exit });
  } catch (error) {
    const reason = startFault(error, entries);
    if (reason === undefined) throw error;
    err(`${reason}\n`);
    return EXIT.failed.code;
  }
}

/** A gateway on its way, and what can end it. */
export interface Life {
  readonly starting: Promise<Gateway>;
  /** Resolves with the name of the signal that asks to stop. */
  readonly stop: Promise<string>;
  /** How long stopping may take, in milliseconds. */
  readonly drain: number;
  readonly log: Log;
  readonly out: Surroundings['out'];
  readonly exit: Surroundings['exit'];
}

/**
 * Waits for the end of a gateway and stops it.
 *
 * @returns the exit code
 * @throws what `starting` rejects with
 */
export async function live({ starting, stop, drain, log, out, exit }: Life): Promise<number> {
  const failed = starting.then(gateway => {
    if (gateway.welcome !== undefined) out(welcomeText(gateway.url, gateway.welcome));
    return gateway.failed;
  });
  const end = await Promise.race([stop, failed]);
  if (end instanceof Error) log.error({ reason: end.message }, 'no host can be served any more');
  else log.info({ signal: end }, 'stopping');
  const isStopped = await within(drain, dispose(starting));
  if (!isStopped) {
    log.error({ drain }, 'stopping takes too long; what is still under way is given up');
    exit(EXIT.failed.code);
  }
  return end instanceof Error || !isStopped ? EXIT.failed.code : EXIT.ok.code;
}

async function dispose(starting: Promise<Gateway>): Promise<void> {
  const gateway = await starting;
  await gateway[Symbol.asyncDispose]();
}

/** Whether a task is done before a time in milliseconds is over. */
async function within(time: number, task: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, time, false);
  try {
    return await Promise.race([task.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Listens for the signals that stop; a second one ends the process. */
export function watchSignals({ events, exit }: Pick<Surroundings, 'events' | 'exit'>) {
  const { promise: first, resolve } = Promise.withResolvers<string>();
  let count = 0;
  const listeners = Object.entries(SIGNALS).map(([signal, code]) => {
    const listener = () => {
      count += 1;
      if (count > 1) exit(code);
      resolve(signal);
    };
    return [signal, listener] as const;
  });
  for (const [signal, listener] of listeners) events.on(signal, listener);
  const stopListening = () => {
    for (const [signal, listener] of listeners) events.off(signal, listener);
  };
  return { first, [Symbol.dispose]: stopListening };
}

/** Ends the process on what nobody caught; Node.js reports rejections that nobody handled in the same way. */
function watchFaults({ events, exit }: Surroundings, report: (error: unknown) => void): Disposable {
  const listener = (error: unknown) => {
    try {
      report(error);
    } finally {
      exit(EXIT.bug.code);
    }
  };
  events.on('uncaughtException', listener);
  return { [Symbol.dispose]: () => events.off('uncaughtException', listener) };
}

#!/usr/bin/env node
/**
 * The program: does what the command line asks for, and ends with the exit code that says how it went.
 *
 * Decides which command does what, and what is said of a configuration that cannot be used. What the words of the command
 * line mean is decided in `cli/command-line.ts`; how long a gateway runs, in `cli/start.ts`.
 */
import process from 'node:process';
import { type Command, EXIT, helpText, type Request, readCommandLine } from './cli/command-line.ts';
import { invocation } from './cli/invocation.ts';
import { type Surroundings, start } from './cli/start.ts';
import { loadConfig } from './config/load.ts';
import { ConfigError, problemLine } from './config/problem.ts';
import { valueTable } from './config/report.ts';
import { packageVersion } from './version.ts';

type Work = (request: Request, around: Surroundings) => Promise<number>;

const COMMANDS: Readonly<Record<Command, Work>> = {
  start: ({ file }, around) => start(file, around).catch(error => refuse(error, around, EXIT.usage.code)),
  check: ({ file }, around) => check(file, around).catch(error => refuse(error, around, EXIT.failed.code)),
  schema: async (_request, { out }) => {
    const { stanzaSchema } = await import('./mapping/schema.ts');
    out(`${JSON.stringify(stanzaSchema(), null, 2)}\n`);
    return EXIT.ok.code;
  },
  'token create': manageTokens,
  'token list': manageTokens,
  'token revoke': manageTokens,
  help: async ({ about }, { out }) => {
    out(helpText(about));
    return EXIT.ok.code;
  },
  version: async (_request, { out }) => {
    out(`restanza ${await packageVersion()}\n`);
    return EXIT.ok.code;
  },
};

/**
 * Runs one command.
 *
 * @param args the words after the program's name
 * @returns the exit code
 */
export async function main(args: readonly string[], around: Surroundings): Promise<number> {
  const request = readCommandLine(args);
  if ('reason' in request) {
    around.err(`restanza: ${request.reason}\n${invocation('--help')} lists all commands and options.\n`);
    return EXIT.usage.code;
  }
  try {
    return await COMMANDS[request.command](request, around);
  } catch (error) {
    around.err(`restanza: a fault of the program; please report it\n${error instanceof Error ? error.stack : error}\n`);
    return EXIT.bug.code;
  }
}

async function check(file: string | undefined, { environment, folder, out, err }: Surroundings): Promise<number> {
  const { config, entries, warnings } = await loadConfig({ file, environment, folder });
  out(valueTable(entries));
  if (config.demo) out('No host is configured: localhost is served, with the accounts alice and bob, to try.\n');
  for (const warning of warnings) err(`warning: ${problemLine(warning)}\n`);
  return EXIT.ok.code;
}

/** Only here is loaded what the other commands do not need. */
async function manageTokens(request: Request, around: Surroundings): Promise<number> {
  const { token } = await import('./cli/token.ts');
  return token(request, around).catch(error => refuse(error, around, EXIT.usage.code));
}

/** Says what is wrong with a configuration; every other error is somebody else's. */
function refuse(error: unknown, { err }: Surroundings, code: number): number {
  if (!(error instanceof ConfigError)) throw error;
  err(`${error.message}\n`);
  return code;
}

if (import.meta.main) {
  // A reader that has seen enough, such as head, is no fault.
  process.stdout.on('error', () => process.exit(EXIT.failed.code));
  process.exitCode = await main(process.argv.slice(2), {
    environment: process.env,
    folder: process.cwd(),
    out: text => process.stdout.write(text),
    err: text => process.stderr.write(text),
    events: process,
    exit: code => process.exit(code),
  });
}

/**
 * The command line: which words mean what.
 *
 * Decides the commands, the options and the exit codes, what `--help` says of them, and what one is told who wrote
 * something else. Does nothing; `main.ts` does what was asked.
 */
import { parseArgs } from 'node:util';
import { DEFAULT_FILE } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import { printable } from '../config/problem.ts';

const COMMANDS = {
  start: 'run the gateway until SIGTERM or SIGINT',
  check: 'show the configuration that is in force, or what is wrong with it',
  schema: 'print the JSON Schema of stanzas as JSON',
  help: 'show this text',
  version: 'show the version',
} as const;

const OPTIONS = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    doc: `the configuration; else ./${DEFAULT_FILE} where it exists`,
  },
  help: { type: 'boolean', short: 'h', doc: COMMANDS.help },
  version: { type: 'boolean', short: 'v', doc: COMMANDS.version },
} as const satisfies Readonly<Record<string, Option>>;

interface Option {
  readonly type: 'string' | 'boolean';
  readonly short: string;
  /** What stands after it. */
  readonly value?: string;
  readonly doc: string;
}

/** How the process ends, with what it means. */
export const EXIT = {
  ok: { code: 0, doc: 'done, or stopped by a signal and all requests finished' },
  failed: { code: 1, doc: 'check found faults; or start could not go on: the log or standard error says why' },
  usage: { code: 2, doc: 'the command line or the configuration is wrong; nothing was started' },
  /** EX_SOFTWARE of sysexits(3). */
  bug: { code: 70, doc: 'a fault of Restanza itself; please report it' },
} as const;

/** The signals that stop the gateway, and the exit code when a second one comes before it is done (128 + number). */
export const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

type Command = keyof typeof COMMANDS;

/** What was asked for. */
export interface Request {
  readonly command: Command;
  /** The configuration file that was named. */
  readonly file?: string;
}

/** What was asked for cannot be understood. */
export interface Misunderstanding {
  /** What is wrong, and what to do about it. */
  readonly reason: string;
}

/**
 * Understands a command line.
 *
 * @param args the words after the program's name
 */
export function readCommandLine(args: readonly string[]): Request | Misunderstanding {
  const { tokens, values } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const reason = tokens.map(token => (token.kind === 'option' ? optionFault(token) : undefined)).find(isText);
  if (reason !== undefined) return { reason };
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const words = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []));
  return commandOf(words, values.config);
}

interface Token {
  readonly name: string;
  /** As it was written. */
  readonly rawName: string;
  readonly value?: string | undefined;
  /** The value stands in the same word. */
  readonly inlineValue?: boolean | undefined;
}

function optionFault({ name, rawName, value, inlineValue }: Token): string | undefined {
  const option: Option | undefined = isOption(name) ? OPTIONS[name] : undefined;
  if (option === undefined)
    return unknown(
      'option',
      rawName,
      Object.keys(OPTIONS).map(known => `--${known}`),
    );
  if (option.value === undefined) return value === undefined ? undefined : `${rawName} takes no value`;
  const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'));
  return isMissing ? `${rawName} needs a ${option.value} after it` : undefined;
}

function commandOf([word, extra]: readonly string[], file: string | boolean | undefined): Request | Misunderstanding {
  if (word === undefined) return { reason: `say what to do: ${Object.keys(COMMANDS).join(', ')}` };
  if (!isCommand(word)) return { reason: unknown('command', word, Object.keys(COMMANDS)) };
  if (extra !== undefined) return { reason: `there is one word too many: '${printable(extra)}'` };
  return { command: word, ...(typeof file === 'string' && { file }) };
}

function unknown(what: string, word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return `unknown ${what} '${printable(word)}'; ${hint}`;
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** What `--help` prints. */
export function helpText(): string {
  const commands = Object.entries(COMMANDS);
  const options = Object.entries<Option>(OPTIONS).map(([name, { short, value = '', doc }]) => {
    return [`-${short}, --${name} ${value}`.trimEnd(), doc] as const;
  });
  const codes = Object.values(EXIT).map(({ code, doc }) => [String(code), doc] as const);
  const signals = Object.entries(SIGNALS).map(
    ([name, code]) => [String(code), `a second ${name} came while stopping`] as const,
  );
  return [
    'Usage: restanza COMMAND [OPTIONS]\n',
    '\nThe HTTP API for XMPP.\n',
    `\nCommands:\n${columns(commands)}`,
    `\nOptions:\n${columns(options)}`,
    `\nExit codes:\n${columns([...codes, ...signals])}`,
    '\nEach key of the configuration can also be set by an environment variable: RESTANZA_LISTEN for listen.\n',
    'All keys: docs/config.md\n',
  ].join('');
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}\n`).join('');
}

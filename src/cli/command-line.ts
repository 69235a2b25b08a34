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
import { invocation } from './invocation.ts';

/** A command is one word or two; an operand stands after it. */
const COMMANDS = {
  start: { doc: 'run the gateway until SIGTERM or SIGINT' },
  check: { doc: 'show the configuration that is in force, or what is wrong with it' },
  schema: { doc: 'print the JSON Schema of stanzas as JSON' },
  'token create': { doc: 'make an API token, and print it: the only time that it is shown' },
  'token list': { doc: 'show the API tokens, without their text' },
  'token revoke': { doc: 'end an API token at once', operand: 'ID' },
  help: { doc: 'show this text' },
  version: { doc: 'show the version' },
} as const satisfies Readonly<Record<string, CommandRow>>;

interface CommandRow {
  readonly doc: string;
  /** What stands after it. */
  readonly operand?: string;
}

/** The name of a command. */
export type Command = keyof typeof COMMANDS;

const OPTIONS = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    doc: `the configuration; else ./${DEFAULT_FILE} where it exists`,
  },
  help: { type: 'boolean', short: 'h', doc: COMMANDS.help.doc },
  version: { type: 'boolean', short: 'v', doc: COMMANDS.version.doc },
  jid: {
    type: 'string',
    value: 'PATTERN',
    of: 'token create',
    doc: 'whom it is for: bot@example.org, *@rest.example.net or *',
  },
  scope: {
    type: 'string',
    multiple: true,
    value: 'SCOPE',
    of: 'token create',
    doc: 'what it permits, such as send; may be repeated',
  },
  expires: {
    type: 'string',
    value: 'TIME',
    of: 'token create',
    doc: 'when it ends: 90d, 12h, 30m or 2030-12-31T00:00:00Z; never when left out',
  },
  label: { type: 'string', value: 'TEXT', of: 'token create', doc: 'what it is for, to tell it from others' },
  rate: { type: 'string', value: 'N', of: 'token create', doc: 'how many requests per second it is good for' },
  from: {
    type: 'string',
    multiple: true,
    value: 'CIDR',
    of: 'token create',
    doc: 'an address or network from which it may be used; may be repeated',
  },
} as const satisfies Readonly<Record<string, Option>>;

interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: true;
  /** What stands after it. */
  readonly value?: string;
  /** The only command that has it. */
  readonly of?: Command;
  readonly doc: string;
}

/** How the process ends, with what it means. */
export const EXIT = {
  ok: { code: 0, doc: 'done, or stopped by a signal and all requests finished' },
  failed: { code: 1, doc: 'check found faults; or a command could not go on: the log or standard error says why' },
  usage: { code: 2, doc: 'the command line or the configuration is wrong; nothing was started' },
  /** EX_SOFTWARE of sysexits(3). */
  bug: { code: 70, doc: 'a fault of Restanza itself; please report it' },
} as const;

/** The signals that stop the gateway, and the exit code when a second one comes before it is done (128 + number). */
export const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The words of `token create`, as they were written. */
export interface TokenWords {
  readonly jid?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly expires?: string | undefined;
  readonly label?: string | undefined;
  readonly rate?: string | undefined;
  readonly from?: readonly string[] | undefined;
}

/** What was asked for. */
export interface Request {
  readonly command: Command;
  /** The configuration file that was named. */
  readonly file?: string;
  /** What stands after a command that needs it. */
  readonly operand?: string;
  /** For `token create`. */
  readonly token?: TokenWords;
  /** For `help`: the command that it was asked for; else all are shown. */
  readonly about?: Command;
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
  const lax = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const written = lax.tokens.flatMap(token => (token.kind === 'option' ? [token] : []));
  const about = commandIn(lax.positionals);
  const reason = written.map(token => optionFault(token, about)).find(isText);
  if (reason !== undefined) return { reason };
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) return { command: 'help', ...(about !== undefined && { about }) };
  if (values.version) return { command: 'version' };
  const request = commandOf(positionals);
  if ('reason' in request) return request;
  const strange = written.find(({ name }) => isOption(name) && belongsElsewhere(OPTIONS[name], request.command));
  if (strange !== undefined) return { reason: `${strange.rawName} does not belong to ${request.command}` };
  const { config: file, help: _help, version: _version, ...token } = values;
  return { ...request, ...(file !== undefined && { file }), ...(request.command === 'token create' && { token }) };
}

interface Token {
  readonly name: string;
  /** As it was written. */
  readonly rawName: string;
  readonly value?: string | undefined;
  /** The value stands in the same word. */
  readonly inlineValue?: boolean | undefined;
}

function optionFault({ name, rawName, value, inlineValue }: Token, command: Command | undefined): string | undefined {
  const option: Option | undefined = isOption(name) ? OPTIONS[name] : undefined;
  if (option === undefined) return unknown('option', rawName, optionsOf(command));
  if (option.value === undefined) return value === undefined ? undefined : `${rawName} takes no value`;
  const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'));
  return isMissing ? `${rawName} needs a ${option.value} after it` : undefined;
}

/** The options that a command takes; all of them where it is not known yet. */
function optionsOf(command: Command | undefined): readonly string[] {
  const known = Object.entries<Option>(OPTIONS);
  const own = known.filter(([, option]) => command === undefined || !belongsElsewhere(option, command));
  return own.map(([name]) => `--${name}`);
}

function belongsElsewhere({ of }: Option, command: Command): boolean {
  return of !== undefined && of !== command;
}

function commandOf(words: readonly string[]): Request | Misunderstanding {
  const known = Object.keys(COMMANDS).filter(isCommand);
  const [word] = words;
  if (word === undefined) return { reason: `say what to do: ${known.join(', ')}` };
  const command = commandIn(words);
  if (command === undefined) {
    const pairs = known.filter(name => name.startsWith(`${word} `));
    return { reason: pairs.length > 0 ? `say which: ${pairs.join(', ')}` : unknown('command', word, known) };
  }
  return withOperand(command, words.slice(command.split(' ').length));
}

/** The command that some words begin with. */
function commandIn([word = '', second = '']: readonly string[]): Command | undefined {
  return [`${word} ${second}`, word].find(isCommand);
}

function withOperand(command: Command, rest: readonly string[]): Request | Misunderstanding {
  const row: CommandRow = COMMANDS[command];
  const [operand, extra] = row.operand === undefined ? [undefined, ...rest] : rest;
  if (extra !== undefined) return { reason: `there is one word too many: '${printable(extra)}'` };
  if (row.operand === undefined) return { command };
  return operand === undefined ? { reason: `${command} needs an ${row.operand} after it` } : { command, operand };
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

/** What `--help` prints: of one command, or of all. */
export function helpText(about?: Command): string {
  return about === undefined ? wholeHelp() : helpOf(about);
}

function helpOf(command: Command): string {
  const { doc, operand = '' }: CommandRow = COMMANDS[command];
  const own = optionRows(command);
  const usage = invocation([command, operand, '[OPTIONS]'].filter(word => word !== '').join(' '));
  return `Usage: ${usage}\n\nTo ${doc}.\n\nOptions:\n${columns([...own, ...optionRows(undefined)])}`;
}

function wholeHelp(): string {
  const commands = Object.entries<CommandRow>(COMMANDS).map(
    ([name, { doc, operand = '' }]) => [`${name} ${operand}`.trimEnd(), doc] as const,
  );
  const codes = Object.values(EXIT).map(({ code, doc }) => [String(code), doc] as const);
  const signals = Object.entries(SIGNALS).map(
    ([name, code]) => [String(code), `a second ${name} came while stopping`] as const,
  );
  return [
    'Usage: restanza COMMAND [OPTIONS]\n',
    '\nThe HTTP API for XMPP.\n',
    `\nCommands:\n${columns(commands)}`,
    `\nOptions:\n${columns(optionRows(undefined))}`,
    `\nOptions of token create:\n${columns(optionRows('token create'))}`,
    `\nExit codes:\n${columns([...codes, ...signals])}`,
    '\nEach key of the configuration can also be set by an environment variable: RESTANZA_LISTEN for listen.\n',
    'All keys: docs/config.md\n',
  ].join('');
}

function optionRows(command: Command | undefined): (readonly [string, string])[] {
  return Object.entries<Option>(OPTIONS)
    .filter(([, { of }]) => of === command)
    .map(([name, { short, value = '', doc }]) => {
      const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
      return [`${names} ${value}`.trimEnd(), doc] as const;
    });
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}\n`).join('');
}

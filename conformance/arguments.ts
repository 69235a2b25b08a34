/**
 * The command line of the conformance suite.
 *
 * Decides which options there are and which values make sense; a wrong one gets a sentence that says what to do.
 */
import { parseArgs } from 'node:util';
import type { Target } from './exchange.ts';

/** What the command line asks for. */
export interface Plan {
  readonly target: Target;
  /** Which cases run, by their names. */
  readonly only: RegExp;
}

/** The command line cannot be used. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

interface Option {
  readonly type: 'string';
  readonly default?: string;
  /** What stands after it in `--help`. */
  readonly value: string;
  readonly doc: string;
}

const OPTIONS = {
  url: { type: 'string', value: 'URL', doc: 'where the implementation is, such as http://127.0.0.1:5280; needed' },
  user: { type: 'string', value: 'NAME', doc: 'the account that asks, with or without its domain; needed' },
  password: { type: 'string', value: 'TEXT', doc: 'its password; or the variable CONFORMANCE_PASSWORD' },
  peer: {
    type: 'string',
    value: 'JID',
    doc: 'a bare address that takes messages; without it, those cases are skipped',
  },
  domain: { type: 'string', value: 'DOMAIN', doc: 'the XMPP domain; default: that of --user, of --peer, or localhost' },
  rest: { type: 'string', default: '/rest', value: 'PATH', doc: 'where mod_rest is; default: /rest' },
  msg: {
    type: 'string',
    value: 'PATH',
    doc: 'where mod_post_msg is, such as /msg; without it, those cases are skipped',
  },
  only: { type: 'string', default: '', value: 'PATTERN', doc: 'only cases whose names match this regular expression' },
} as const satisfies Readonly<Record<string, Option>>;

/** What `--help` prints. */
export function helpText(): string {
  const rows = Object.entries<Option>(OPTIONS).map(([name, { value, doc }]) => [`--${name} ${value}`, doc] as const);
  const width = Math.max(...rows.map(([first]) => first.length));
  return [
    'Usage: npm run conformance -- --url URL --user NAME --password TEXT [OPTIONS]\n\nOptions:\n',
    ...rows.map(([first, doc]) => `  ${first.padEnd(width)}  ${doc}\n`),
    '\nExit codes:\n  0  nothing is different\n  1  something is different\n  2  the suite could not run\n',
  ].join('');
}

/**
 * Understands the command line.
 *
 * @returns undefined when help is asked for
 * @throws ArgumentError when something is missing or wrong
 */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Plan | undefined {
  const values = optionsOf(args);
  if (values.help) return undefined;
  const user = needed('user', values.user);
  const { peer, msg } = values;
  const target = {
    url: urlOf(needed('url', values.url)),
    rest: pathOf('rest', values.rest),
    ...(msg !== undefined && { msg: pathOf('msg', msg) }),
    user: matching(user, /^[^\s"&'<>/:@]+(@[^\s"&'<>/:@]+)?$/, `--user '${user}' is neither a name nor a bare address`),
    password: needed('password', values.password ?? environment['CONFORMANCE_PASSWORD']),
    domain: values.domain ?? user.split('@')[1] ?? peer?.split('@')[1] ?? 'localhost',
    ...(peer !== undefined && {
      peer: matching(
        peer,
        /^[^\s"&'<>/:@]+@[^\s"&'<>/@]+$/,
        `--peer '${peer}' is no bare address, such as bob@localhost`,
      ),
    }),
  };
  matching(target.domain, /^[^\s"&'<>/@]+$/, `--domain '${target.domain}' is no domain, such as localhost`);
  return { target, only: patternOf(values.only) };
}

function optionsOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { ...OPTIONS, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new ArgumentError(error.message);
    throw error;
  }
}

function needed(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new ArgumentError(`--${name} is missing`);
  return value;
}

function matching(value: string, pattern: RegExp, fault: string): string {
  if (!pattern.test(value)) throw new ArgumentError(fault);
  return value;
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === '/';
  if (isBase && url.username === '' && url.password === '') return url;
  throw new ArgumentError(
    '--url must be http:// or https:// with host and port alone; paths have options of their own',
  );
}

function pathOf(name: string, path: string): string {
  return matching(path, /^(\/[^\s/?#{}]+)+$/, `--${name} '${path}' must begin with a slash and not end with one`);
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new ArgumentError(`--only '${text}' is no regular expression`);
  }
}

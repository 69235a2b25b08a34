/**
 * The commands for API tokens.
 *
 * Decides what they print: a new token stands alone on standard output, so that a script can take it, and what there is to
 * say of it on standard error. They work on the data folder of the configuration, whether or not the gateway runs.
 */

import type { TokenStore } from '../auth/token-store.ts';
import { readTerms, type Term, TermError } from '../auth/token-terms.ts';
import { isLive, type TokenRecord } from '../auth/tokens.ts';
import { openTokens, tokenFault } from '../compose/api-tokens.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { RestanzaError } from '../errors.ts';
import { DatabaseError } from '../sqlite.ts';
import { EXIT, type Request, type TokenWords } from './command-line.ts';
import { invocation } from './invocation.ts';
import type { Surroundings } from './start.ts';

type Work = (tokens: TokenStore, request: Request, config: Config) => number;

/** The options by which the terms are written. */
const OPTION_OF: Readonly<Record<Term, string>> = {
  jid: '--jid',
  scopes: '--scope',
  expires: '--expires',
  rate: '--rate',
  networks: '--from',
  label: '--label',
};

/**
 * Does one of the commands.
 *
 * @returns the exit code
 * @throws ConfigError when the configuration cannot be used
 */
export async function token(request: Request, around: Surroundings): Promise<number> {
  const { environment, folder, out, err } = around;
  const { config } = await loadConfig({ file: request.file, environment, folder });
  const works: Readonly<Record<string, Work>> = {
    'token create': (tokens, { token: words = {} }) => create(tokens, words, config, { out, err }),
    'token list': tokens => list(tokens, { out }),
    'token revoke': (tokens, { operand = '' }) => revoke(tokens, operand, { out, err }),
  };
  try {
    using tokens = openTokens(config, { error: () => {} });
    return works[request.command]?.(tokens, request, config) ?? EXIT.usage.code;
  } catch (error) {
    if (!(error instanceof DatabaseError || error instanceof RestanzaError)) throw error;
    const cause = error.cause instanceof Error && error instanceof RestanzaError ? ` (${error.cause.message})` : '';
    err(`restanza: ${error.message}${cause}\n`);
    return EXIT.failed.code;
  }
}

type Output = Pick<Surroundings, 'out' | 'err'>;

function create(tokens: TokenStore, words: TokenWords, config: Config, { out, err }: Output): number {
  const terms = readWords(words, err);
  if (terms === undefined) return EXIT.usage.code;
  const fault = tokenFault(terms, config.hosts);
  if (fault !== undefined) {
    err(`restanza: --jid: ${fault}\n`);
    return EXIT.usage.code;
  }
  const made = tokens.create(terms);
  out(`${made.token}\n`);
  err(`${made.record.id} for ${terms.pattern}: ${[...terms.scopes].join(' ')}; ${endOf(made.record)}\n`);
  err('Keep it now: it is not shown again.\n');
  return EXIT.ok.code;
}

function readWords({ jid, scope, expires, label, rate, from }: TokenWords, err: Output['err']) {
  const scopes = scope?.flatMap(words => words.split(/[ ,]+/)).filter(word => word !== '');
  try {
    if (jid === undefined) throw new TermError('jid', 'say whom it is for, such as bot@example.org');
    const written = { jid, scopes: scopes ?? [], expires, label, networks: from?.flatMap(list => list.split(',')) };
    return readTerms({ ...written, ...(rate !== undefined && { rate: numberOf(rate) }) }, Date.now());
  } catch (error) {
    if (!(error instanceof TermError)) throw error;
    err(`restanza: ${OPTION_OF[error.term]}: ${error.message}\n`);
    return undefined;
  }
}

function numberOf(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function list(tokens: TokenStore, { out }: Pick<Output, 'out'>): number {
  const now = Date.now();
  const rows = tokens.list().map(record => columnsOf(record, now));
  const widths = COLUMNS.map((_, column) => Math.max(...[COLUMNS, ...rows].map(row => row[column]?.length ?? 0)));
  for (const row of [COLUMNS, ...rows]) {
    const line = row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
    out(`${line.trimEnd()}\n`);
  }
  return EXIT.ok.code;
}

const COLUMNS = ['ID', 'JID', 'SCOPES', 'STATE', 'LAST USED', 'BOUNDS', 'LABEL'] as const;

function columnsOf(record: TokenRecord, now: number): readonly string[] {
  const { id, pattern, scopes, used, rate, networks, label = '' } = record;
  const bounds = [...(rate === undefined ? [] : [`${rate}/s`]), ...networks].join(' ');
  return [
    id,
    pattern,
    [...scopes].join(' '),
    stateOf(record, now),
    used === undefined ? 'never' : dayAndTime(used),
    bounds,
    label,
  ];
}

function stateOf(record: TokenRecord, now: number): string {
  if (record.revoked !== undefined) return `revoked ${dayAndTime(record.revoked)}`;
  return isLive(record, now) ? endOf(record) : `ended ${dayAndTime(record.expires ?? now)}`;
}

function endOf({ expires }: TokenRecord): string {
  return expires === undefined ? 'does not end' : `ends ${dayAndTime(expires)}`;
}

/** To the minute, in UTC. */
function dayAndTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

function revoke(tokens: TokenStore, id: string, { out, err }: Output): number {
  const record = tokens.find(id);
  if (record === undefined) {
    err(`restanza: no token has this id; '${invocation('token list')}' shows them all\n`);
    return EXIT.failed.code;
  }
  const isNew = tokens.revoke(id);
  out(isNew ? `${id} for ${record.pattern} is revoked.\n` : `${id} was revoked before.\n`);
  return EXIT.ok.code;
}

/**
 * The terms of a new token, as somebody writes them.
 *
 * Decides how each is written, the same on the command line and in JSON, and what one is told who wrote something else.
 * Whether a token for the pattern can be of use is decided where the hosts are known.
 */
import { JidError } from '../xmpp/jid.ts';
import { type JidPattern, PatternError, parsePattern } from './jid-pattern.ts';
import { isNetwork } from './network-list.ts';
import { isScope, SCOPES, type Scope } from './scopes.ts';
import type { TokenTerms } from './tokens.ts';

/** The terms in words. */
export interface WrittenTerms {
  readonly jid: string;
  readonly scopes: readonly string[];
  /** A time from now, such as `90d`, or a moment as RFC 3339 writes it. */
  readonly expires?: string | undefined;
  readonly rate?: number | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly label?: string | undefined;
}

/** The name of a term. */
export type Term = keyof WrittenTerms;

/** A term that cannot be used. */
export class TermError extends Error {
  override readonly name = 'TermError';
  readonly term: Term;

  /** @param reason what is wrong and what to write, without the name of the term */
  constructor(term: Term, reason: string) {
    super(reason);
    this.term = term;
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(?<count>[1-9][0-9]{0,8})(?<unit>[smhd])$/;
const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/i;
/** Ten years, in milliseconds. */
const LONGEST = 3650 * 86_400_000;
const HIGHEST_RATE = 100_000;
const MOST_NETWORKS = 100;
const LABEL = /^[^\p{C}]{1,200}$/u;

/**
 * Reads the terms of a new token.
 *
 * @param now milliseconds since 1970
 * @throws TermError
 */
export function readTerms({ jid, scopes, expires, rate, networks = [], label }: WrittenTerms, now: number): TokenTerms {
  const end = expires === undefined ? undefined : readEnd(expires, now);
  if (rate !== undefined && !(Number.isInteger(rate) && rate >= 1 && rate <= HIGHEST_RATE)) {
    throw new TermError('rate', `write a whole number of requests per second from 1 to ${HIGHEST_RATE}`);
  }
  if (label !== undefined && !LABEL.test(label)) throw new TermError('label', 'write 1 to 200 characters on one line');
  return {
    pattern: readPattern(jid),
    scopes: readScopes(scopes),
    networks: readNetworks(networks),
    ...(end !== undefined && { expires: end }),
    ...(rate !== undefined && { rate }),
    ...(label !== undefined && { label }),
  };
}

function readPattern(text: string): JidPattern {
  try {
    return parsePattern(text);
  } catch (error) {
    if (error instanceof JidError || error instanceof PatternError) throw new TermError('jid', error.message);
    throw error;
  }
}

function readScopes(words: readonly string[]): ReadonlySet<Scope> {
  if (words.length === 0 || !words.every(isScope)) {
    throw new TermError('scopes', `write one or more of ${Object.keys(SCOPES).join(', ')}`);
  }
  return new Set(words.filter(isScope));
}

function readNetworks(texts: readonly string[]): readonly string[] {
  if (texts.length > MOST_NETWORKS || !texts.every(isNetwork)) {
    throw new TermError('networks', `write up to ${MOST_NETWORKS} IP addresses or networks such as 10.0.0.0/8`);
  }
  return [...new Set(texts.map(text => text.toLowerCase()))];
}

function readEnd(text: string, now: number): number {
  const { count, unit = '' } = DURATION.exec(text)?.groups ?? {};
  const moment = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  const end = count === undefined ? moment : now + Number(count) * (UNITS[unit] ?? Number.NaN);
  if (end > now && end - now <= LONGEST) return end;
  throw new TermError(
    'expires',
    'write a time from now, such as 90d, 12h or 30m, or a moment such as 2030-12-31T00:00:00Z',
  );
}

/**
 * The parameters of a query string, read by a table.
 *
 * Decides that a parameter is said once, has the form that its row asks for, and is one that the route knows: a filter with
 * a slip in its name would otherwise let everything through. What the values mean is decided in the routes.
 */
import { parsePairs } from '../bridge/form.ts';
import { decodeStrictly } from '../bridge/percent.ts';
import { RestanzaError } from '../errors.ts';

/** One parameter that a route knows. */
export interface Parameter<Value> {
  /** Its value, or `undefined` for a text that is none. */
  readonly read: (text: string) => Value | undefined;
  /** What it must be, as the rest of a sentence. */
  readonly form: string;
}

/** The values of a table of parameters; those that are not in the query string are absent. */
export type Values<Table extends Readonly<Record<string, Parameter<unknown>>>> = {
  readonly [Name in keyof Table]?: Table[Name] extends Parameter<infer Value> ? Value : never;
};

/**
 * Reads the query string of a URL.
 *
 * @param url the request's target, such as `/events?after=7`
 * @throws RestanzaError `body-malformed` for a bad percent-encoding, `request-malformed` for a name that is not in the table
 *   or stands there twice, `value-invalid` for a value of another form
 */
export function readParameters<Table extends Readonly<Record<string, Parameter<unknown>>>>(
  url: string,
  table: Table,
): Values<Table> {
  const search = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const pairs = parsePairs(search, part => decodeStrictly(part, 'the query string'));
  const values = [...pairs].map(([name, texts]): [string, unknown] => [name, valueAt(name, texts, table)]);
  return Object.fromEntries(values) as Values<Table>;
}

function valueAt(name: string, texts: readonly string[], table: Readonly<Record<string, Parameter<unknown>>>): unknown {
  const parameter = Object.hasOwn(table, name) ? table[name] : undefined;
  if (parameter === undefined) {
    const known = Object.keys(table).join(', ') || 'none';
    throw new RestanzaError('request-malformed', `the parameter '${shown(name)}' is not known here; known: ${known}`);
  }
  const [text = '', ...more] = texts;
  if (more.length > 0) throw new RestanzaError('request-malformed', `the parameter '${name}' stands there twice`);
  const value = parameter.read(text);
  if (value === undefined)
    throw new RestanzaError('value-invalid', `the parameter '${name}' must be ${parameter.form}`);
  return value;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64).toWellFormed()).slice(1, -1);
}

const DIGITS = /^\d{1,16}$/;

/** Reads a whole number without sign; `undefined` for every other text, and for one that is not exact any more. */
export function readWholeNumber(text: string): number | undefined {
  const number = DIGITS.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A whole number from `least` on; one above `most` stands for `most`. */
export function wholeNumber(least: number, most: number): Parameter<number> {
  return {
    form: `a whole number from ${least} to ${most}`,
    read: text => {
      const number = readWholeNumber(text);
      return number === undefined || number < least ? undefined : Math.min(number, most);
    },
  };
}

/** One of some words. */
export function oneOf<Word extends string>(words: readonly Word[]): Parameter<Word> {
  return {
    form: words.length === 1 ? words.join() : `one of ${words.join(', ')}`,
    read: text => words.find(word => word === text),
  };
}

/** A text of 1 to `most` characters. */
export function someText(most: number): Parameter<string> {
  return { form: `a text of 1 to ${most} characters`, read: text => inBounds(text, most) };
}

function inBounds(text: string, most: number): string | undefined {
  return text === '' || text.length > most ? undefined : text;
}

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A time as ISO 8601 with its zone, or a day in UTC; its value is milliseconds since 1970. */
export const TIME_PARAMETER: Parameter<number> = {
  form: 'a time such as 2026-01-31T12:00:00Z, with + written as %2B',
  read: text => {
    const time = TIME.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  },
};

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

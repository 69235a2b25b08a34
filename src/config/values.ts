/**
 * The forms that a configured value can have.
 *
 * Decides, per form, which texts are values, what one is told who wrote something else, and how a value is shown again.
 * Knows no key; `keys.ts` says which key has which form.
 */
import { resolve } from 'node:path';
import { JidError, makeJid, resourceOf } from '../xmpp/jid.ts';

/** What YAML makes of a scalar. */
export type Scalar = string | number | bigint | boolean | null;

/** What was written for a key: a scalar or a sequence of them. An environment variable is always a string. */
export type Raw = Scalar | readonly Scalar[];

/** A value, or the reason why there is none. */
export type Parsed<T> = { readonly value: T } | { readonly reason: string };

/** One form of value. */
export interface Form<T> {
  /** What a value is; follows "expected". */
  readonly expected: string;
  /** Any text can be a value, so YAML's numbers and booleans are refused: `0123` would silently become `123`. */
  readonly quoted?: true;
  /**
   * The value that a text means, or `undefined` when it means none.
   *
   * @param base the folder from which a relative path starts
   */
  read(text: string, base: string): T | undefined;
  /** The same for a list whose items stand alone already. Only a list has it. */
  readItems?(items: readonly string[], base: string): T | undefined;
  /** What exactly is wrong with a text that is no value, where that can be told; without the text. */
  hint?(text: string): string | undefined;
  /** The value as one would write it, or what may be shown of it. */
  print(value: T): string;
  /** Whether a part of the value is shown to nobody, where that depends on the value. */
  holdsSecret?(value: T): boolean;
}

/** A form with a value to show to those who missed it. */
export interface Illustrated<T> {
  readonly form: Form<T>;
  readonly example: string;
}

/**
 * Reads a value in its form.
 *
 * @param base the folder from which a relative path starts
 */
export function parseValue<T>(illustrated: Illustrated<T>, raw: Raw, base: string): Parsed<T> {
  const { form } = illustrated;
  if (form.quoted && raw === null) {
    const why = 'as what begins with # or &';
    return { reason: `expected ${form.expected}, but YAML reads this as nothing, ${why}; put it in quotes` };
  }
  const unquoted = form.quoted ? scalarsOf(raw).find(scalar => scalar !== null && typeof scalar !== 'string') : null;
  if (unquoted !== undefined && unquoted !== null) {
    return { reason: `expected ${form.expected}, but YAML reads this as a ${typeof unquoted}; put it in quotes` };
  }
  const value = isSequence(raw) ? form.readItems?.(raw.map(textOf), base) : form.read(textOf(raw), base);
  if (value !== undefined) return { value };
  const hint = isSequence(raw) ? undefined : form.hint?.(textOf(raw));
  return { reason: [expectation(illustrated), ...(hint === undefined ? [] : [hint])].join('; ') };
}

function isSequence(raw: Raw): raw is readonly Scalar[] {
  return typeof raw === 'object' && raw !== null;
}

function scalarsOf(raw: Raw): readonly Scalar[] {
  return isSequence(raw) ? raw : [raw];
}

function textOf(scalar: Scalar): string {
  return scalar === null ? '' : String(scalar);
}

/** What to tell someone who wrote something else. */
export function expectation({ form, example }: Illustrated<unknown>): string {
  return `expected ${form.expected}, for example ${example}`;
}

/** A whole number within bounds; the unit is what it counts. */
export function wholeNumber(unit: string, least: number, most: number): Form<number> {
  return {
    expected: `a whole number of ${unit} from ${least} to ${most}`,
    read: text => {
      const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    print: String,
  };
}

/** Whole seconds, from one second to one day. */
export const seconds: Form<number> = wholeNumber('seconds', 1, 86_400);

/** A size in bytes. RFC 6120 §13.12 forbids stanza limits below 10,000. */
export const stanzaBytes: Form<number> = wholeNumber('bytes', 10_000, 16_777_216);

/** Requests per second; 0 stands for no bound. */
export const requestRate: Form<number> = wholeNumber('requests per second', 0, 100_000);

/** What a unit is worth, the largest first. */
type Units = readonly (readonly [unit: string, worth: number])[];

const TIMES: Units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

const SIZES: Units = [
  ...[4, 3, 2, 1].flatMap(power => {
    const letter = ' KMGT'[power];
    return [[`${letter}iB`, 1024 ** power] as const, [`${letter}B`, 1000 ** power] as const];
  }),
  ['B', 1],
];

/** A number with a unit after it; without one, the last unit is meant. */
function quantity(units: Units, what: string, least: string, most: string): Form<number> {
  const worthOf = (text: string): number | undefined => {
    const { count, unit } = /^(?<count>[0-9]{1,15}) ?(?<unit>[a-z]*)$/i.exec(text)?.groups ?? {};
    const wanted = unit === '' ? units.at(-1)?.[0] : unit;
    const worth = units.find(([name]) => name.toLowerCase() === wanted?.toLowerCase())?.[1];
    return worth === undefined ? undefined : Number(count) * worth;
  };
  const [lowest = 0, highest = 0] = [worthOf(least), worthOf(most)];
  return {
    expected: `${what} from ${least} to ${most}`,
    read: text => {
      const value = worthOf(text);
      return value !== undefined && value >= lowest && value <= highest ? value : undefined;
    },
    print: value => {
      const [unit, worth] = units.find(([, each]) => value % each === 0) ?? ['', 1];
      return `${value / worth}${unit}`;
    },
  };
}

/** A span of time in seconds, written as `3d`, `72h`, `90m` or `30s`. */
export const duration: Form<number> = quantity(TIMES, 'a time such as 3d, 72h or 90m,', '1m', '3650d');

/** Room for data in bytes, written as `1GB` (powers of 1000) or `512MiB` (powers of 1024). */
export const byteSize: Form<number> = quantity(SIZES, 'a size such as 512MiB or 1GB,', '1MiB', '100TiB');

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** Yes or no. */
export const boolean: Form<boolean> = {
  expected: 'true or false',
  read: text => BOOLEANS.get(text),
  print: String,
};

/**
 * Several values of one form: a sequence in YAML, else a text with commas between the items, and with or without brackets
 * around them. What stands twice counts once.
 *
 * @param what what the items are; follows "a list of"
 * @param least how many there must be
 */
export function listOf<T>(item: Form<T>, what: string, least: 0 | 1 = 1): Form<readonly T[]> {
  const readItems = (texts: readonly string[], base: string): readonly T[] | undefined => {
    const values = new Set<T>();
    for (const text of texts) {
      const value = item.read(text, base);
      if (value === undefined) return undefined;
      values.add(value);
    }
    return values.size < least ? undefined : [...values];
  };
  return {
    expected: `a list of ${what}`,
    ...(item.quoted && { quoted: item.quoted }),
    read: (text, base) => readItems(itemsOf(text), base),
    readItems,
    print: values => `[${values.map(value => item.print(value)).join(', ')}]`,
  };
}

function itemsOf(text: string): readonly string[] {
  const inner = text
    .trim()
    .replace(/^\[(.*)\]$/s, '$1')
    .trim();
  return inner === '' ? [] : inner.split(',').map(item => item.trim());
}

const URL_PATH = /^(?:\/[A-Za-z0-9._~-]{1,64}){1,8}$/;

/** The beginning of URL paths, such as `/rest`: no slash at its end, and nothing that would have to be encoded. */
export const urlPath: Form<string> = {
  expected: 'a path such as /rest, of letters, digits and ._~- between the slashes',
  read: text => (URL_PATH.test(text) && !/\/\.{1,2}(?:\/|$)/.test(text) ? text : undefined),
  print: text => text,
};

/** One word of a list. */
export function oneOf<const T extends string>(words: readonly T[]): Form<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    read: text => words.find(word => word === text),
    print: word => word,
  };
}

function path(what: string): Form<string> {
  return {
    expected: `the path of a ${what}`,
    quoted: true,
    read: (text, base) => (text === '' || text.includes('\0') ? undefined : resolve(base, text)),
    print: value => value,
  };
}

/** The absolute path of a folder. */
export const folder: Form<string> = path('folder');

/** The absolute path of a file. */
export const file: Form<string> = path('file');

/** The absolute path of a file of certificates. */
export const certificatesFile: Form<string> = path('file');

/** The absolute path of a file of a certificate of ours. */
export const ownCertificateFile: Form<string> = path('file');

/** The absolute path of a file that holds a private key. */
export const privateKeyFile: Form<string> = path('file');

/** A password or shared secret: any text that a person can type on one line. */
export const secret: Form<string> = {
  expected: 'a text of 1 to 1024 characters on one line',
  quoted: true,
  read: text => (text.length <= 1024 && /^[^\p{Cc}\p{Cs}]+$/u.test(text) ? text : undefined),
  print: () => '[set]',
};

/** The resource of an address (RFC 7622 §3.4), prepared. */
export const resource: Form<string> = {
  expected: 'a resource of up to 1023 bytes',
  quoted: true,
  read: text => {
    try {
      return resourceOf(makeJid({ domain: 'localhost', resource: text }));
    } catch (error) {
      if (error instanceof JidError) return undefined;
      throw error;
    }
  },
  print: text => text,
};

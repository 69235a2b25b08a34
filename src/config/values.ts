/**
 * The forms that a configured value can have.
 *
 * Decides, per form, which texts are values, what one is told who wrote something else, and how a value is shown again.
 * Knows no key; `keys.ts` says which key has which form.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { resolve } from 'node:path';

/** What YAML makes of a scalar. An environment variable is always a string. */
export type Raw = string | number | bigint | boolean | null;

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
  /** The value as one would write it, or what may be shown of it. */
  print(value: T): string;
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
  if (form.quoted && raw !== null && typeof raw !== 'string') {
    return { reason: `expected ${form.expected}, but YAML reads this as a ${typeof raw}; put it in quotes` };
  }
  const value = form.read(raw === null ? '' : String(raw), base);
  return value === undefined ? { reason: expectation(illustrated) } : { value };
}

/** What to tell someone who wrote something else. */
export function expectation({ form, example }: Illustrated<unknown>): string {
  return `expected ${form.expected}, for example ${example}`;
}

/** A host and a TCP port. */
export interface Address {
  /** An IPv4 address, an IPv6 address without brackets, or a host name. */
  readonly host: string;
  /** 0–65535; 0, for listening only, lets the system choose. */
  readonly port: number;
}

/** An address as `host:port`, with brackets around an IPv6 host. */
export function printAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const ADDRESS = /^(?:\[(?<v6>[^\]]{2,64})\]|(?<name>[^:]{1,253}))(?::(?<port>[0-9]{1,5}))?$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

function readAddress(text: string, defaultPort?: number): Address | undefined {
  const { v6, name, port } = ADDRESS.exec(text)?.groups ?? {};
  const number = port === undefined ? defaultPort : Number(port);
  if (number === undefined || number > 65_535) return undefined;
  const known = v6 === undefined ? name !== undefined && isHostName(name) : isIPv6(v6);
  const host = v6 ?? name;
  return known && host !== undefined ? { host, port: number } : undefined;
}

/** Whether a text names a host: digits and dots alone must be a whole IPv4 address. */
function isHostName(text: string): boolean {
  return /^[0-9.]+$/.test(text) ? isIPv4(text) : text.split('.').every(label => LABEL.test(label));
}

/** Where to listen: `host:port`. */
export const listenAddress: Form<Address> = {
  expected: 'host:port',
  read: text => readAddress(text),
  print: printAddress,
};

/** The component port of XEP-0114's servers by convention. */
const COMPONENT_PORT = 5347;

/** Where to connect: `xmpp://host` or `xmpp://host:port`. */
export const componentServer: Form<Address> = {
  expected: 'xmpp://host:port',
  read: text => {
    const address = text.startsWith('xmpp://') ? readAddress(text.slice('xmpp://'.length), COMPONENT_PORT) : undefined;
    return address?.port === 0 ? undefined : address;
  },
  print: address => `xmpp://${printAddress(address)}`,
};

function wholeNumber(unit: string, least: number, most: number): Form<number> {
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

/** A password or shared secret: any text that a person can type on one line. */
export const secret: Form<string> = {
  expected: 'a text of 1 to 1024 characters on one line',
  quoted: true,
  read: text => (text.length <= 1024 && /^[^\p{Cc}\p{Cs}]+$/u.test(text) ? text : undefined),
  print: () => '[set]',
};

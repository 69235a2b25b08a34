/**
 * Single values: how text in XML becomes a JSON string, number or boolean, and back.
 *
 * Decides what counts as a number or a boolean in XML (XML Schema part 2, §3.2.2 and §3.3) and that no string with a
 * character outside XML 1.0 gets past this point.
 */
import { isText } from '../xml/element.ts';
import { type Json, type JsonSchema, MappingError, wrongType } from './json.ts';

/** One kind of value, both ways. */
export interface Scalar<Value extends Json = Json> {
  /** What a message calls it, with its article. */
  readonly expected: string;
  readonly schema: JsonSchema;
  /** The value of a text; `undefined` when the text has no such value, and the key is then left out. */
  parse(text: string): Value | undefined;
  /** @throws MappingError naming `path` when the value is not of this kind */
  print(value: Json, path: string): string;
}

/** Text as it is, white space included. */
export const STRING: Scalar<string> = {
  expected: 'a string',
  schema: { $ref: '#/$defs/text' },
  parse: text => text,
  print(value, path) {
    if (typeof value !== 'string') throw wrongType(path, this.expected, value);
    if (!isText(value)) throw new MappingError(path, 'holds a character that XML 1.0 does not allow; leave it out');
    return value;
  },
};

/** `true` or `1`, `false` or `0`; written as `1` and `0`, as mod_rest does. */
export const BOOLEAN: Scalar<boolean> = {
  expected: 'true or false',
  schema: { type: 'boolean' },
  parse: text => BOOLEANS.get(text),
  print(value, path) {
    if (typeof value !== 'boolean') throw wrongType(path, this.expected, value);
    return value ? '1' : '0';
  },
};

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const INTEGER = /^[ \t\r\n]*([+-]?\d{1,15})[ \t\r\n]*$/;

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): Scalar<number> {
  const within = (value: number) => Number.isInteger(value) && value >= least && value <= most;
  return {
    expected: `an integer from ${least} to ${most}`,
    schema: { type: 'integer', minimum: least, maximum: most },
    parse(text) {
      const digits = INTEGER.exec(text)?.[1];
      if (digits === undefined) return undefined;
      const value = Number(digits);
      // Adding 0 turns the -0 that «-0» gives into 0, which JSON can say.
      return within(value) ? value + 0 : undefined;
    },
    print(value, path) {
      if (typeof value !== 'number') throw wrongType(path, this.expected, value);
      if (!within(value)) throw new MappingError(path, `must be ${this.expected}`);
      return String(value + 0);
    },
  };
}

/** A number of things, bytes or seconds: any whole number that JSON can hold exactly, from 0. */
export const COUNT = integer(0, 999_999_999_999_999);

const NUMBER = /^[ \t\r\n]*([+-]?(?:\d{1,17}(?:\.\d{0,17})?|\.\d{1,17})(?:[eE][+-]?\d{1,3})?)[ \t\r\n]*$/;

/** Any finite number. */
export const NUMBER_VALUE: Scalar<number> = {
  expected: 'a number',
  schema: { type: 'number' },
  parse(text) {
    const value = Number(NUMBER.exec(text)?.[1] ?? Number.NaN);
    return Number.isFinite(value) ? value + 0 : undefined;
  },
  print(value, path) {
    if (typeof value !== 'number') throw wrongType(path, this.expected, value);
    return String(value + 0);
  },
};

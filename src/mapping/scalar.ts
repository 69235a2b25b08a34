/**
 * Single values: how text in XML becomes a JSON string, number or boolean, and back.
 *
 * Decides what counts as an integer or a boolean in XML (XML Schema part 2, §3.2.2 and §3.3.13) and that no string with a
 * character outside XML 1.0 gets past this point.
 */
import { isText } from '../xml/element.ts';
import { type Json, MappingError, wrongType } from './json.ts';

/** One kind of value, both ways. */
export interface Scalar<Value extends Json = Json> {
  /** What a message calls it, with its article. */
  readonly expected: string;
  /** The value of a text; `undefined` when the text has no such value, and the key is then left out. */
  parse(text: string): Value | undefined;
  /** @throws MappingError naming `path` when the value is not of this kind */
  print(value: Json, path: string): string;
}

/** Text as it is, white space included. */
export const STRING: Scalar<string> = {
  expected: 'a string',
  parse: text => text,
  print(value, path) {
    if (typeof value !== 'string') throw wrongType(path, this.expected, value);
    if (!isText(value)) throw new MappingError(path, 'holds a character that XML 1.0 does not allow; leave it out');
    return value;
  },
};

const INTEGER = /^[ \t\r\n]*([+-]?\d{1,15})[ \t\r\n]*$/;

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): Scalar<number> {
  const within = (value: number) => Number.isInteger(value) && value >= least && value <= most;
  return {
    expected: `an integer from ${least} to ${most}`,
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

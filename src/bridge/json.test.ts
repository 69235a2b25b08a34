/**
 * What is said of a body that is no JSON.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './json.ts';

const FAULTS: readonly (readonly [text: string, place: string, reason: RegExp])[] = [
  ['', 'line 1, column 1', /the body is empty/],
  [' \n', 'line 2, column 1', /the body is empty/],
  ['{"a":1,}', 'line 1, column 8', /a comma too many/],
  ['[1,\n]', 'line 2, column 1', /a comma too many/],
  ['{a:1}', 'line 1, column 2', /double quotes/],
  ["{'a':1}", 'line 1, column 2', /double quotes/],
  ['{"a" 1}', 'line 1, column 6', /a colon is missing/],
  ['{"a":}', 'line 1, column 6', /a value is missing/],
  ['{"a":1', 'line 1, column 7', /a } is missing/],
  ['[1', 'line 1, column 3', /a \] is missing/],
  ['{"a":1 "b":2}', 'line 1, column 8', /a comma is missing/],
  ['{"a":1}{}', 'line 1, column 8', /behind the end/],
  ['{"a":"x', 'line 1, column 6', /ends on its line/],
  ['{"a":"\\q"}', 'line 1, column 6', /a backslash stands only in/],
  ['{"a":"\\u12"}', 'line 1, column 6', /four hexadecimal digits/],
  ['// x\n{}', 'line 1, column 1', /no comments/],
  ['{"a":"\u0001"}', 'line 1, column 6', /control character/],
];

for (const [text, place, reason] of FAULTS) {
  test(`of ${JSON.stringify(text)} is said in plain words what is wrong at ${place}`, () => {
    assert.throws(
      () => parseJson(text),
      (error: Error) => {
        assert.match(error.message, reason);
        assert.ok(error.message.includes(`the JSON is not valid at ${place} (`), error.message);
        assert.doesNotMatch(error.message, /Expected\b|Invalid[A-Z]/);
        return true;
      },
    );
  });
}

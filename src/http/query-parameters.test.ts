/**
 * Query strings against a table: what is read, and what the refusals say.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RestanzaError } from '../errors.ts';
import { oneOf, readParameters, readWholeNumber, someText, TIME_PARAMETER, wholeNumber } from './query-parameters.ts';

const TABLE = { n: wholeNumber(1, 10), word: oneOf(['a', 'b']), text: someText(5), time: TIME_PARAMETER };

test('each parameter has the value of its row, and absent ones are absent', () => {
  assert.deepEqual(readParameters('/x', TABLE), {});
  assert.deepEqual(readParameters('/x?', TABLE), {});
  assert.deepEqual(readParameters('/x?n=7&word=b&text=a%20%3F', TABLE), { n: 7, word: 'b', text: 'a ?' });
});

test('a number above the highest stands for the highest', () => {
  assert.deepEqual(readParameters('/x?n=9007199254740991', TABLE), { n: 10 });
});

const TIMES: readonly (readonly [text: string, time: number | undefined])[] = [
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2026-01-31T12:00Z', Date.UTC(2026, 0, 31, 12)],
  ['2026-01-31T12:00:05.123456Z', Date.UTC(2026, 0, 31, 12, 0, 5, 123)],
  ['2026-01-31T12:00:00+02:00', Date.UTC(2026, 0, 31, 10)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
  ['2026-02-29', undefined],
  ['2026-13-01', undefined],
  ['2026-01-31T25:00Z', undefined],
  ['2026-01-31T12:00', undefined],
  ['2026-01-31T12:00:00 02:00', undefined],
  ['31 Jan 2026', undefined],
  ['0', undefined],
  ['', undefined],
];

for (const [text, time] of TIMES) {
  test(`'${text}' is ${time === undefined ? 'no time' : new Date(time).toISOString()}`, () => {
    assert.equal(TIME_PARAMETER.read(text), time);
  });
}

test('a whole number is digits, and exact', () => {
  for (const [text, number] of [
    ['0', 0],
    ['007', 7],
    ['9007199254740991', 9007199254740991],
  ] as const) {
    assert.equal(readWholeNumber(text), number);
  }
  for (const text of ['', '-1', '+1', '1.0', '1e3', '0x1', ' 1', '1 ', '٣', '9007199254740992', '1'.repeat(400)]) {
    assert.equal(readWholeNumber(text), undefined, text);
  }
});

const REFUSED: readonly (readonly [search: string, code: string, text: RegExp])[] = [
  ['n=0', 'value-invalid', /'n' must be a whole number from 1 to 10/],
  ['word=c', 'value-invalid', /'word' must be one of a, b/],
  ['word', 'value-invalid', /'word' must be one of a, b/],
  ['text=123456', 'value-invalid', /'text' must be a text of 1 to 5 characters/],
  ['n=1&n=1', 'request-malformed', /'n' stands there twice/],
  ['N=1', 'request-malformed', /'N' is not known here; known: n, word, text, time/],
  ['__proto__=1', 'request-malformed', /'__proto__' is not known/],
  ['toString=1', 'request-malformed', /'toString' is not known/],
  ['%0d%0a=1', 'request-malformed', /'\\r\\n' is not known/],
  ['n=%', 'body-malformed', /the query string/],
];

for (const [search, code, text] of REFUSED) {
  test(`${search} is ${code}`, () => {
    assert.throws(() => readParameters(`/x?${search}`, TABLE), { name: 'RestanzaError', code, message: text });
  });
}

test('whatever the query string is, it is read or refused with a code', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('n', 'word', 'time', '=', '&', '%', '%41', '+', '1', 'a'));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), parts => {
      try {
        const { n = 1, text = 'x' } = readParameters(`/x?${parts.join('')}`, TABLE);
        assert.ok(n >= 1 && n <= 10 && text.length <= 5);
      } catch (error) {
        assert.ok(error instanceof RestanzaError);
      }
    }),
    { numRuns: 500 },
  );
});

/**
 * How long a receiver may put calls off.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRetryAfter } from './retry-after.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const DAY = 24 * 60 * 60 * 1000;

const CASES: readonly (readonly [field: string | undefined, wait: number])[] = [
  [undefined, 0],
  ['', 0],
  ['0', 0],
  [' 120 ', 120_000],
  ['86400', DAY],
  ['9999999999', DAY],
  ['99999999999999999999', 0],
  ['-1', 0],
  ['1.5', 0],
  ['1e3', 0],
  ['soon', 0],
  ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['Wed, 22 Nov 2034 12:00:00 GMT', DAY],
  ['Sunday, 22-Nov-26 12:00:30 GMT', 30_000],
  ['Sun Nov 22 12:00:30 2026', 30_000],
  ['Thu Jan  1 00:00:00 1970', 0],
  ['Sun, 99 Nov 2026 12:00:30 GMT', 0],
  ['2026-11-22T13:00:00Z', 0],
];

for (const [field, wait] of CASES) {
  test(`${JSON.stringify(field)} is ${wait} ms`, () => assert.equal(readRetryAfter(field, NOW), wait));
}

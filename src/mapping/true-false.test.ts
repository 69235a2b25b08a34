/**
 * Truth as a word, against both spellings of XML Schema.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRUE_FALSE } from './true-false.ts';

test('both spellings are read', () => {
  assert.deepEqual(['true', '1', 'false', '0', 'True', ''].map(TRUE_FALSE.parse), [
    true,
    true,
    false,
    false,
    undefined,
    undefined,
  ]);
});

test('words are written', () => {
  assert.deepEqual([TRUE_FALSE.print(true, 'approved'), TRUE_FALSE.print(false, 'approved')], ['true', 'false']);
});

test('a word as a string is refused', () => {
  assert.throws(() => TRUE_FALSE.print('true', 'approved'), {
    name: 'MappingError',
    message: "'approved' must be true or false, not a string",
  });
});

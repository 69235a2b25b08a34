/**
 * Counts are asked for often enough for the rates that servers are packaged with.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counting, repeatsFor } from './counting.ts';
import { PROBE_WAIT } from './pulse.ts';

/** Bytes a second that ejabberd's `normal` shaper lets through. */
const EJABBERD = 3_000;
const KIB = 1_024;

test('a count is asked for after each 8 KiB, however they come', () => {
  const counting = new Counting();
  const asked = Array.from({ length: 64 }, () => counting.add(KIB)).flatMap((is, index) => (is ? [index + 1] : []));
  assert.deepEqual(asked, [8, 16, 24, 32, 40, 48, 56, 64]);
  assert.ok(new Counting().add(100 * KIB));
});

test('ejabberd counts the largest stanza, and what is before the request, in the time that there is', () => {
  for (const bytes of [1, 300, 8 * KIB, 20_000, 50_000, 100_000, 180_000, 256 * KIB]) {
    const seconds = (bytes + 8 * KIB) / EJABBERD;
    assert.ok(seconds * 1_000 < PROBE_WAIT + repeatsFor(bytes) * 10_000, `${bytes} bytes`);
  }
});

test('what is small has no more time than usual', () => {
  assert.equal(repeatsFor(9_999), 0);
});

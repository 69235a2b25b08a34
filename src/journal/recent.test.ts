/**
 * What of the newest entries is in memory, and that it is known what is not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf, LINK, messageOf } from '../../test/support/journal-place.ts';
import { Recent } from './recent.ts';

const MIB = 1024 * 1024;
const kept = (seq: number, size: number) => ({
  entry: { ...entryOf(messageOf(String(seq))), seq, at: 0 },
  owner: '',
  size,
});

test('only what is whole is taken for whole, also when the oldest had to go', () => {
  const recent = new Recent(4);
  for (const seq of [5, 6, 7]) recent.add(kept(seq, 10));
  assert.deepEqual(
    [3, 4, 5].map(seq => recent.covers(seq)),
    [false, true, true],
  );
  recent.forget(6);
  assert.deepEqual(
    [4, 5, 6].map(seq => recent.covers(seq)),
    [false, true, true],
  );
  recent.add(kept(8, 1024 * MIB));
  assert.deepEqual(
    [6, 7, 8].map(seq => recent.covers(seq)),
    [false, true, true],
  );
  const found = recent.read(7, { readable: [{ link: LINK }] }, 10);
  assert.deepEqual(
    found.map(({ seq }) => seq),
    [8],
  );
});

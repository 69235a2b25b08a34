/**
 * The checker of fault runs finds each fault that it is for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checker, type Counts, table } from './support/checker.ts';

const NOTHING: Counts = { ok: 0, lost: 0, unknown: 0, refused: 0, repeated: 0, resent: 0, inverted: 0, phantom: 0 };

/** A run of two pairs, with this many payloads sent on each. */
function run(first: number, second: number): Checker {
  const checker = new Checker('r', 2);
  for (let count = 0; count < first; count += 1) checker.send(0);
  for (let count = 0; count < second; count += 1) checker.send(1);
  return checker;
}

test('what came in order is ok, in whatever order the pairs are', () => {
  const checker = run(2, 1);
  assert.equal(checker.sent, 3);
  for (const payload of ['r-1-0', 'r-0-0', 'r-0-1']) checker.deliver(payload, payload);
  assert.deepEqual(checker.counts(), { ...NOTHING, ok: 3 });
  assert.equal(checker.isOver, true);
});

test('what did not come is lost when it was acknowledged, refused when that was said, and unknown otherwise', () => {
  const checker = run(3, 1);
  checker.acknowledge(0);
  checker.refuse('r-0-1');
  assert.deepEqual(checker.counts(), { ...NOTHING, lost: 2, unknown: 1, refused: 1 });
  assert.equal(checker.isOver, false);
  checker.acknowledge(0, 1);
  assert.deepEqual(checker.counts(), { ...NOTHING, lost: 1, unknown: 2, refused: 1 });
});

test('what comes again is repeated under its id and resent under another one', () => {
  const checker = run(1, 0);
  for (const id of ['a', 'a', 'b', 'a', 'b']) checker.deliver('r-0-0', id);
  assert.deepEqual(checker.counts(), { ...NOTHING, ok: 1, repeated: 3, resent: 1 });
});

test('what is overtaken on its pair is inverted, and a repetition is not', () => {
  const checker = run(4, 1);
  for (const payload of ['r-0-0', 'r-0-2', 'r-1-0', 'r-0-1', 'r-0-0', 'r-0-3']) checker.deliver(payload, payload);
  assert.deepEqual(checker.counts(), { ...NOTHING, ok: 5, inverted: 1, repeated: 1 });
});

test('what was never sent, or was refused and came, is a phantom', () => {
  const checker = run(1, 1);
  for (const payload of ['r-0-1', 'r-7-0', 's-0-0', 'nonsense', 'r-1-0']) checker.deliver(payload, payload);
  checker.refuse('r-1-0');
  assert.deepEqual(checker.counts(), { ...NOTHING, ok: 1, unknown: 1, phantom: 5 });
});

test('a wait ends with what is waited for, and with its time', async () => {
  const checker = run(1, 0);
  await checker.until(() => checker.isOver, 1);
  assert.equal(checker.isOver, false);
  const over = checker.until(() => checker.isOver, 60_000);
  checker.deliver('r-0-0', 'a');
  await over;
  assert.match(table(1, checker.counts()), /^sent {2}ok.*\n {3}1 {3}1 /);
});

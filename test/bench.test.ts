import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../bench/goals.ts';
import { Occurrences } from '../bench/peers/stream.ts';
import { drawChart } from '../bench/report/chart.ts';
import { figure, goalTable, printOutcome } from '../bench/report/text.ts';
import { type Contender, measure, type Outcome, type Row } from '../bench/row.ts';
import { median, quantile, ratios } from '../bench/statistics.ts';
import { CLIENT_LIMITS } from '../src/xml/limits.ts';
import { parseDocument } from '../src/xml/parse.ts';

const standing = (id: string, samples: readonly number[]) => ({
  ...{ id, name: `Restanza ${id}`, samples, median: median(samples) },
  ...{ faults: {}, beside: {} },
});
const outcome = (id: string, standings: Outcome['standings']): Outcome => ({
  id,
  title: id,
  unit: 'things/s',
  standings,
});

test('the median of an even count is the mean of the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
  assert.ok(Number.isNaN(median([])));
});

test('a quantile is one of the numbers', () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  assert.equal(quantile(numbers, 0.99), 99);
  assert.equal(quantile(numbers, 0.5), 50);
  assert.equal(quantile([7], 1), 7);
});

test('ratios are taken round by round', () => {
  assert.deepEqual(ratios([10, 40], [5, 10]), [2, 4]);
  assert.deepEqual(ratios([10, 40], [5]), [2]);
});

test('a text is counted once, however the bytes are cut', () => {
  const bytes = Buffer.from('<body>a</body><body></body></bod</body>');
  for (let size = 1; size <= bytes.length; size += 1) {
    const bodies = new Occurrences('</body>');
    let count = 0;
    for (let at = 0; at < bytes.length; at += size) count += bodies.in(bytes.subarray(at, at + size));
    assert.equal(count, 3, `in pieces of ${size}`);
  }
});

/** A contender that notes its turns. */
function noting(id: string, turns: string[], more: Partial<Contender> = {}): Contender {
  const run = async () => {
    turns.push(id);
    return { figure: turns.length, faults: { lost: 1 } };
  };
  return { id, name: id, run, ...more };
}

const row = (contenders: readonly Contender[], warmUp: boolean): Row => ({
  ...{ id: 'row', title: 'Row', unit: 'things/s', contenders, warmUp },
});

test('contenders take turns, and the first turn is not counted', async () => {
  const turns: string[] = [];
  const effort = { rounds: 2, seconds: 1 };
  const { standings } = await measure(row([noting('a', turns), noting('b', turns)], true), effort);
  assert.deepEqual(turns, ['a', 'b', 'a', 'b', 'a', 'b']);
  assert.deepEqual(standings[0]?.samples, [3, 5]);
  assert.deepEqual(standings[0]?.faults, { lost: 2 });
});

test('a contender that cannot be measured is left out with its reason', async () => {
  const turns: string[] = [];
  const check = async () => {
    throw new Error('it answers 404');
  };
  const result = await measure(row([noting('a', turns, { check }), noting('b', turns)], false), {
    rounds: 1,
    seconds: 1,
  });
  assert.deepEqual(turns, ['b']);
  assert.match(printOutcome(result), /^ {2}a +– .*not measured: it answers 404$/m);
});

test('a goal is met or missed by the median of its ratios, and unknown without figures', () => {
  const peer = standing('peer', [10, 10, 10]);
  const at = (samples: readonly number[]) => [outcome('messages-prosody', [standing('component-json', samples), peer])];
  const judged = (samples: readonly number[]) => judge(at(samples), undefined)[0];
  assert.deepEqual([judged([10, 36, 40])?.met, judged([10, 36, 40])?.value], [true, 3.6]);
  assert.equal(judged([10, 34, 40])?.met, false);
  assert.equal(judged([])?.met, undefined);
  assert.match(goalTable(judge([], undefined)), /not measured/);
});

test('memory must be flat and bounded', () => {
  const memory = { ...{ messages: 1_000_000, seconds: 60, before: 1, secondQuarter: 1, lastQuarter: 1 }, flat: true };
  const met = (highest: number, flat = true) => judge([], { ...memory, highest, flat }).at(-1)?.met;
  assert.equal(met(150 * 1024 * 1024), true);
  assert.equal(met(150 * 1024 * 1024 + 1), false);
  assert.equal(met(1, false), false);
});

test('the chart is well-formed, with a bar for each contender that was measured', () => {
  const drawn = parseDocument(
    drawChart([outcome('a < b', [standing('x', [3, 1]), standing('none', [])])]),
    CLIENT_LIMITS,
  );
  const rectangles = drawn.children.filter(child => typeof child !== 'string' && child.name === 'rect');
  assert.equal(rectangles.length, 2);
});

test('figures have three digits that matter', () => {
  assert.deepEqual([0.12345, 12.345, 123.45, 12_345].map(figure), ['0.123', '12.3', '123', '12,345']);
});

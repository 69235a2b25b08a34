/**
 * The lanes beside a plain list, and that their costs do not grow with what waits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';
import { Lanes, type Queued } from './lanes.ts';
import { SortedQueue } from './sorted-queue.ts';

function queued(seq: number, sender: string, next = 0): Queued {
  return { seq, place: 0, id: String(seq), link: '', target: '', sender, size: 10, tries: 0, made: 0, next };
}

test('a heap gives its values back in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 100 }), values => {
      const heap = new Heap<number>((one, other) => one < other);
      for (const value of values) heap.push(value);
      const taken = values.map(() => heap.pop());
      assert.deepEqual(
        taken,
        values.toSorted((one, other) => one - other),
      );
      assert.equal(heap.pop(), undefined);
    }),
  );
});

test('a sorted queue is a sorted list, whatever is added and taken', () => {
  const step = fc.oneof(
    fc.record({ name: fc.constant('add' as const), value: fc.nat(2_000) }),
    fc.record({ name: fc.constant('shift' as const), value: fc.constant(0) }),
    fc.record({ name: fc.constant('take' as const), value: fc.nat(2_000) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.nat(2_000), { maxLength: 1_500, size: 'max' }),
      fc.array(step, { maxLength: 2_000, size: 'max' }),
      (start, steps) => {
        const queue = new SortedQueue<number>((one, other) => one - other);
        const all = [...new Set(start)];
        queue.addAll(all);
        let list = all.toSorted((one, other) => one - other);
        for (const { name, value } of steps) {
          if (name === 'shift') assert.equal(queue.shift(), list.shift());
          else if (name === 'take') {
            assert.equal(queue.take(value), list.includes(value) ? value : undefined);
            list = list.filter(one => one !== value);
          } else if (!list.includes(value)) {
            queue.add(value);
            list = [...list, value].sort((one, other) => one - other);
          }
          assert.equal(queue.length, list.length);
          assert.equal(queue.at(0), list[0]);
        }
        assert.deepEqual([...queue], list);
      },
    ),
    { numRuns: 30 },
  );
});

/** How many deliveries the shapes of a backlog hold. */
const SHAPES: Readonly<Record<string, (size: number) => readonly Queued[]>> = {
  'one lane': size => Array.from({ length: size }, (_, seq) => queued(seq + 1, 'a')),
  'a lane for each': size => Array.from({ length: size }, (_, seq) => queued(seq + 1, `a${seq}`)),
  'a lane for each, all waiting for their time': size =>
    Array.from({ length: size }, (_, seq) => queued(seq + 1, `a${seq}`, 5 + (seq % 1_000))),
};

/** Deliveries that are claimed and ended, one by one. */
const CLAIMS = 5_000;

/** Milliseconds that claiming and ending them takes, each claim with all that still waits. */
function timeOf(items: readonly Queued[]): number {
  const lanes = new Lanes();
  lanes.addAll(items);
  const began = performance.now();
  for (let count = 0; count < CLAIMS; count += 1) {
    const [item] = lanes.claim(2_000, 1);
    assert.ok(item);
    if (count % 2 === 0) lanes.end(item);
    else lanes.end(item, { ...item, next: 3_000 + count, sender: item.sender });
    if (count % 2 === 1) lanes.hasten(item);
  }
  return performance.now() - began;
}

for (const [name, make] of Object.entries(SHAPES)) {
  test(`a claim does not cost more for a backlog of 100,000: ${name}`, t => {
    const [few, many] = [make(CLAIMS + 1), make(100_000)];
    const best = (items: readonly Queued[]) => Math.min(...Array.from({ length: 3 }, () => timeOf(items)));
    const [small, large] = [best(few), best(many)];
    t.diagnostic(`5,000 claims: ${small.toFixed(2)} ms with 5,001 waiting, ${large.toFixed(2)} ms with 100,000`);
    // What falls due is moved once; looking at all that waits for each claim would take seconds.
    assert.ok(large < 20 * small + 1_000, `${large} ms`);
  });
}

test('many dead letters of one lane go back to their places at once', () => {
  const lanes = new Lanes();
  lanes.addAll(Array.from({ length: 100_000 }, (_, seq) => queued(200_000 + seq, 'a')));
  lanes.addAll(Array.from({ length: 100_000 }, (_, seq) => queued(seq + 1, 'a')));
  assert.deepEqual(
    lanes.claim(0, 10).map(({ seq }) => seq),
    [1],
  );
  assert.deepEqual(lanes.backlog, { entries: 200_000, bytes: 2_000_000 });
});

const seqs = (items: readonly Queued[]) => items.map(({ seq }) => seq);

test('one delivery of a lane is under way at a time, and only its own end lets the next one go', () => {
  const lanes = new Lanes();
  const items = [1, 2, 3].map(seq => queued(seq, 'a'));
  for (const item of items) {
    lanes.add(item);
    lanes.claim(0, 1);
  }
  assert.deepEqual(lanes.claim(0, 10), []);
  const [first, second] = items;
  assert.ok(first && second);
  lanes.end(first);
  assert.deepEqual(seqs(lanes.claim(0, 10)), [2]);
  lanes.end(first);
  assert.deepEqual([lanes.claim(0, 10), lanes.backlog.entries], [[], 2]);
  lanes.end(second, { ...second, next: 9 });
  assert.deepEqual([lanes.claim(8, 10), seqs(lanes.claim(9, 10))], [[], [2]]);
});

test('what is made due at once keeps its place, also while another of its lane is under way', () => {
  const lanes = new Lanes();
  const [first, second, third] = [queued(1, 'a'), queued(2, 'a', 5), queued(3, 'a')];
  lanes.addAll([first, second, third]);
  assert.deepEqual(seqs(lanes.claim(0, 10)), [1]);
  lanes.hasten(first);
  lanes.hasten(second);
  lanes.hasten(third);
  assert.deepEqual(lanes.claim(0, 10), []);
  lanes.end(first);
  const claimed = lanes.claim(0, 10);
  assert.deepEqual(seqs(claimed), [2]);
  for (const item of claimed) lanes.end(item);
  assert.deepEqual(seqs(lanes.claim(0, 10)), [3]);
  assert.equal(lanes.backlog.entries, 1);
});

test('when the older of two presences has gone out, the newer one still gives way', () => {
  const lanes = new Lanes();
  const presence = (seq: number) => ({ ...queued(seq, 'p'), presence: 'p to us' });
  for (const seq of [1, 2]) assert.equal(lanes.add(presence(seq)), undefined);
  assert.deepEqual(seqs(lanes.claim(0, 1)), [1]);
  lanes.addAll(Array.from({ length: 100 }, (_, seq) => queued(seq + 10, `a${seq}`)));
  assert.equal(lanes.add(presence(200))?.seq, 2);
});

test('a presence that has gone out does not give way, nor does a newer one for it', () => {
  const lanes = new Lanes();
  lanes.addAll(Array.from({ length: 100 }, (_, seq) => queued(seq + 10, `a${seq}`)));
  const presence = (seq: number) => ({ ...queued(seq, 'p'), presence: 'p to us' });
  assert.equal(lanes.add(presence(1)), undefined);
  assert.deepEqual(seqs(lanes.claim(0, 1)), [1]);
  assert.equal(lanes.add(presence(200)), undefined);
  assert.equal(lanes.add(presence(201))?.seq, 200);
  assert.equal(lanes.add(presence(202))?.seq, 201);
  assert.deepEqual(lanes.backlog, { entries: 102, bytes: 1_020 });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { destinationsOf, orderRecords, type SrvRecord } from './srv.ts';

const FIRST = () => 0;
const LAST = () => 1 - Number.EPSILON;

function record(name: string, port: number, priority = 0, weight = 0): SrvRecord {
  return { name, port, priority, weight };
}

describe('the order of SRV records', () => {
  it('is by priority, the least first', () => {
    const records = [record('c', 1, 20), record('a', 1, 5), record('b', 1, 10)];
    for (const random of [FIRST, LAST]) {
      assert.deepEqual(
        orderRecords(records, random).map(({ name }) => name),
        ['a', 'b', 'c'],
      );
    }
  });

  it('gives each record of one priority the share of its weight', () => {
    const records = [record('three', 1, 0, 3), record('none', 1, 0, 0), record('one', 1, 0, 1)];
    // The sum is 4: the numbers 0 to 4 are equally likely.
    const firsts = [0, 1, 2, 3, 4].map(number => orderRecords(records, () => (number + 0.5) / 5)[0]?.name);
    assert.deepEqual(firsts, ['none', 'three', 'three', 'three', 'one']);
  });

  it('keeps every record once, whatever the weights and the chance', () => {
    const records = fc.array(
      fc.record({ priority: fc.nat(3), weight: fc.oneof(fc.constant(0), fc.nat(65_535)), id: fc.uuid() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(
        records,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (all, chance) => {
          const ordered = orderRecords(all, () => chance.next().value);
          assert.deepEqual(new Set(ordered), new Set(all));
          assert.equal(ordered.length, all.length);
          assert.ok(ordered.every(({ priority }, index) => priority >= (ordered[index - 1]?.priority ?? 0)));
        },
      ),
    );
  });
});

describe('the destinations of a domain', () => {
  const direct = [record('a.example.', 443, 1)];
  const starttls = [record('b.example', 5222, 0), record('c.example', 5223, 2)];

  it('are those of both services in one order', () => {
    assert.deepEqual(destinationsOf('example.com', { direct, starttls }, true, FIRST), [
      { host: 'b.example', port: 5222, directTls: false },
      { host: 'a.example', port: 443, directTls: true },
      { host: 'c.example', port: 5223, directTls: false },
    ]);
  });

  it('are those of STARTTLS alone where direct TLS may not be used', () => {
    const found = destinationsOf('example.com', { direct, starttls }, false, FIRST);
    assert.deepEqual(
      found.map(({ host }) => host),
      ['b.example', 'c.example'],
    );
    assert.deepEqual(destinationsOf('example.com', { direct, starttls: [] }, false, FIRST), []);
  });

  it('are the domain itself at port 5222 when there are no records', () => {
    assert.deepEqual(destinationsOf('example.com', { direct: [], starttls: [] }, true, FIRST), [
      { host: 'example.com', port: 5222, directTls: false },
    ]);
  });

  for (const target of ['.', '']) {
    it(`are none where the target is ${JSON.stringify(target)}, and the domain itself is not tried`, () => {
      const not = [record(target, 0)];
      assert.deepEqual(destinationsOf('example.com', { direct: not, starttls: not }, true, FIRST), []);
      assert.deepEqual(destinationsOf('example.com', { direct: not, starttls: [] }, true, FIRST), []);
      const found = destinationsOf('example.com', { direct: not, starttls }, true, FIRST);
      assert.deepEqual(
        found.map(({ host }) => host),
        ['b.example', 'c.example'],
      );
    });
  }
});

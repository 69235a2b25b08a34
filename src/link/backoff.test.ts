import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Backoff, type Pace } from './backoff.ts';

const SHORTEST = () => 0;
const LONGEST = () => 1 - Number.EPSILON;

function waits(backoff: Backoff, reconnect: Pace, count: number): readonly number[] {
  return Array.from({ length: count }, () => Math.round(backoff.next(reconnect, 0)));
}

describe('Backoff', () => {
  it('doubles from 1–2 s up to 15–30 s', () => {
    assert.deepEqual(waits(new Backoff(SHORTEST), 'retry', 6), [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    assert.deepEqual(waits(new Backoff(LONGEST), 'retry', 6), [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('starts at 250–500 ms when a session can be resumed, and again once one has lasted a second', () => {
    const backoff = new Backoff(SHORTEST);
    assert.deepEqual(waits(backoff, 'resume', 3), [250, 500, 1_000]);
    assert.equal(backoff.next('resume', 999), 2_000);
    assert.equal(backoff.next('resume', 1_000), 250);
  });

  it('starts at 10 s or more when it yields to another connection', () => {
    assert.deepEqual(waits(new Backoff(SHORTEST), 'yield', 3), [10_000, 15_000, 15_000]);
    assert.deepEqual(waits(new Backoff(LONGEST), 'yield', 3), [20_000, 30_000, 30_000]);
  });

  it('takes minutes while somebody has to do something first', () => {
    assert.deepEqual(waits(new Backoff(SHORTEST), 'refused', 5), [30_000, 60_000, 120_000, 150_000, 150_000]);
    assert.deepEqual(waits(new Backoff(LONGEST), 'refused', 5), [60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it('starts again after a connection that was of use for 10 s', () => {
    const backoff = new Backoff(SHORTEST);
    waits(backoff, 'retry', 5);
    assert.equal(backoff.next('retry', 10_000), 1_000);
  });

  it('goes on slowing down while the server accepts and drops', () => {
    const backoff = new Backoff(SHORTEST);
    const flapping = Array.from({ length: 6 }, () => backoff.next('retry', 9_999));
    assert.deepEqual(flapping, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it('never waits less than 1 s or more than 30 s, whatever happened before', () => {
    const failure = fc.tuple(fc.constantFrom('retry' as const, 'yield' as const), fc.nat(60_000), fc.nat(999));
    fc.assert(
      fc.property(fc.array(failure, { maxLength: 2_000 }), failures => {
        let chance = 0;
        const backoff = new Backoff(() => chance);
        for (const [reconnect, onlineFor, thousandths] of failures) {
          chance = thousandths / 1_000;
          const wait = backoff.next(reconnect, onlineFor);
          assert.ok(wait >= (reconnect === 'yield' ? 10_000 : 1_000) && wait < 30_000, `${wait}`);
        }
      }),
      { numRuns: 50 },
    );
  });
});

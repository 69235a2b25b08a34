import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Retry } from './retry.ts';

describe('Retry', () => {
  it('attempts once, when it said, and knows how long that is', () => {
    const clock = new ManualClock();
    const retry = new Retry(clock, () => 0.5);
    let attempts = 0;
    assert.equal(
      retry.plan('retry', 0, () => {
        attempts += 1;
      }),
      2,
    );
    assert.equal(retry.left, 2);
    clock.advance(1_499);
    assert.deepEqual([attempts, retry.left], [0, 1]);
    clock.advance(1);
    assert.deepEqual([attempts, retry.left], [1, 1]);
    assert.deepEqual(clock.waits, []);
  });

  it('has one plan at most', () => {
    const clock = new ManualClock();
    const retry = new Retry(clock, () => 0);
    for (const pace of ['resume', 'retry', 'yield'] as const) retry.plan(pace, 0, () => {});
    assert.equal(clock.waits.length, 1);
    retry[Symbol.dispose]();
    assert.deepEqual(clock.waits, []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { steadyTime } from './clock.ts';

describe('the time of what is planned', () => {
  it('goes with the clock of the machine, also when that is set forward', () => {
    const clock = new ManualClock();
    let set = 1_000_000;
    const time = steadyTime(clock, () => set + clock.now());
    assert.equal(time(), 1_000_000);
    clock.advance(5_000);
    assert.equal(time(), 1_005_000);
    set += 3_600_000;
    assert.equal(time(), 4_605_000);
  });

  it('goes on when that is set back', () => {
    const clock = new ManualClock();
    let set = 5_000_000;
    const time = steadyTime(clock, () => set + clock.now());
    clock.advance(1_000);
    assert.equal(time(), 5_001_000);
    set -= 3_600_000;
    clock.advance(1_000);
    assert.equal(time(), 5_002_000);
  });
});

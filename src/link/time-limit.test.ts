import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { TimeLimit, TimeUpError, unlessAborted } from './time-limit.ts';

const REASON = new Error('enough');

describe('TimeLimit', () => {
  it('aborts when the time is up, and says how much that was', () => {
    const clock = new ManualClock();
    using limit = new TimeLimit(new AbortController().signal, 2_500, clock);
    clock.advance(2_499);
    assert.equal(limit.signal.aborted, false);
    clock.advance(1);
    assert.ok(limit.signal.reason instanceof TimeUpError);
    assert.equal(limit.signal.reason.message, 'there was no answer within 2.5 s');
  });

  it('aborts with its parent, for the same reason, also when that was before', () => {
    const parent = new AbortController();
    using early = new TimeLimit(parent.signal, 1_000, new ManualClock());
    parent.abort(REASON);
    using late = new TimeLimit(parent.signal, 1_000, new ManualClock());
    assert.deepEqual([early.signal.reason, late.signal.reason], [REASON, REASON]);
  });

  it('leaves neither timer nor listener behind', () => {
    const [parent, clock] = [new AbortController(), new ManualClock()];
    {
      using limit = new TimeLimit(parent.signal, 1_000, clock);
      assert.equal(limit.signal.aborted, false);
      assert.equal(getEventListeners(parent.signal, 'abort').length, 1);
    }
    assert.deepEqual(clock.waits, []);
    assert.equal(getEventListeners(parent.signal, 'abort').length, 0);
  });
});

describe('unlessAborted', () => {
  it('gives what the work gives, and fails as it fails', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessAborted(Promise.resolve(5), signal), 5);
    await assert.rejects(unlessAborted(Promise.reject(REASON), signal), REASON);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('ends with the signal while the work goes on, and does not mind when that fails later', async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<never>();
    const waiting = unlessAborted(work.promise, controller.signal);
    controller.abort(REASON);
    await assert.rejects(waiting, REASON);
    await assert.rejects(unlessAborted(work.promise, controller.signal), REASON);
    work.reject(new Error('too late'));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { ANSWER_TIME, LOGIN_TIME, SILENCE, Watch } from './watch.ts';

function watching() {
  const clock = new ManualClock();
  const told: string[] = [];
  const watch = new Watch(clock, { ask: () => told.push('ask'), over: text => told.push(text) });
  return { clock, told, watch };
}

describe('the watch over a client', () => {
  it('ends a login that takes too long, however much is said', () => {
    const { clock, told, watch } = watching();
    watch.hear();
    clock.advance(LOGIN_TIME - 1);
    assert.deepEqual(told, []);
    clock.advance(1);
    assert.deepEqual([told, clock.waits], [['the login took too long'], []]);
  });

  it('asks after a silence, and waits for the answer', () => {
    const { clock, told, watch } = watching();
    watch.listen();
    clock.advance(SILENCE);
    assert.deepEqual(told, ['ask']);
    clock.advance(ANSWER_TIME);
    assert.deepEqual([told, clock.waits], [['ask', 'there was no answer to a ping'], []]);
  });

  it('asks nobody who speaks, and starts over with every answer', () => {
    const { clock, told, watch } = watching();
    watch.listen();
    for (let n = 0; n < 5; n += 1) {
      clock.advance(SILENCE - 1);
      watch.hear();
      clock.advance(1);
    }
    assert.deepEqual(told, []);
    clock.advance(SILENCE);
    watch.hear();
    clock.advance(ANSWER_TIME);
    assert.deepEqual([told, clock.waits], [['ask'], [SILENCE]]);
  });

  it('takes no silence for an end while the client is not read', () => {
    const { clock, told, watch } = watching();
    watch.listen();
    clock.advance(SILENCE);
    watch.deaf = true;
    clock.advance(10 * SILENCE);
    watch.deaf = false;
    clock.advance(1.5 * SILENCE);
    assert.deepEqual(told, ['ask', 'ask']);
  });

  it('leaves no timer', () => {
    const { clock, watch } = watching();
    watch.listen();
    watch[Symbol.dispose]();
    assert.deepEqual(clock.waits, []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { PacedLog } from './paced-log.ts';

const linesAt = (log: MemoryLog, level: string) => log.lines.filter(line => line['level'] === level);

describe('PacedLog', () => {
  it('writes 20 lines of a message in 10 s, the rest at debug, and says how many those were', () => {
    const clock = new ManualClock();
    const memory = new MemoryLog();
    const log = new PacedLog(memory, clock);
    for (let user = 0; user < 1_000; user += 1) log.warn({ account: `u${user}@example.org` }, 'closed');
    assert.equal(linesAt(memory, 'warn').length, 20);
    assert.equal(linesAt(memory, 'debug').length, 980);
    clock.advance(9_999);
    log.warn({ account: 'alice@example.org' }, 'closed');
    assert.equal(linesAt(memory, 'warn').length, 20);
    clock.advance(1);
    log.warn({ account: 'bob@example.org' }, 'closed');
    log.warn({ account: 'carol@example.org' }, 'closed');
    assert.deepEqual(linesAt(memory, 'warn').slice(20), [
      { level: 'warn', message: 'closed', account: 'bob@example.org', left: 981 },
      { level: 'warn', message: 'closed', account: 'carol@example.org' },
    ]);
  });

  it('has a pace for each message of its own', () => {
    const memory = new MemoryLog();
    const log = new PacedLog(memory, new ManualClock());
    for (let user = 0; user < 30; user += 1) log.info({}, 'begun');
    log.error({}, 'down');
    assert.deepEqual([linesAt(memory, 'info').length, linesAt(memory, 'error').length], [20, 1]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RefusalLog } from './refusal-log.ts';

const REFUSAL = { kind: 'message', reason: "it has no 'to'", answer: undefined } as const;

describe('RefusalLog', () => {
  it('writes one line per second at most, and counts all', () => {
    const clock = new ManualClock();
    const log = new MemoryLog();
    const refusals = new RefusalLog(log, { domain: 'rest.example.net' }, clock);
    for (let count = 0; count < 10_000; count++) refusals.note(REFUSAL, 'mallory@example.org');
    clock.advance(1_000);
    refusals.note(REFUSAL, undefined);
    const line = {
      level: 'warn',
      message: 'stanza dropped',
      domain: 'rest.example.net',
      kind: 'message',
      reason: "it has no 'to'",
    };
    assert.deepEqual(log.lines, [
      { ...line, from: 'mallory@example.org', count: 1 },
      { ...line, from: undefined, count: 10_001 },
    ]);
  });

  it('cuts a long sender', () => {
    const log = new MemoryLog();
    new RefusalLog(log, {}, new ManualClock()).note(REFUSAL, 'm'.repeat(1_000_000));
    assert.equal(log.lines[0]?.['from'], 'm'.repeat(200));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Incoming } from './incoming.ts';

describe('the stanzas of a client', () => {
  it('count in the order in which they came', () => {
    const incoming = new Incoming();
    const steps = ['settle', 'wait', 'settle', 'wait', 'settle', 'settle'] as const;
    for (const step of steps) {
      assert.equal(incoming.receive(), true);
      incoming[step]();
    }
    assert.equal(incoming.answer(), 1);
    incoming.pass();
    assert.equal(incoming.answer(), 3);
    assert.equal(incoming.pass(), true, 'it was asked for, and is all handled');
    assert.deepEqual([incoming.tell(), incoming.handled], [6, 6]);
  });

  it('are counted as a list would count them, whatever waits', () => {
    const history = fc.array(fc.constantFrom('settle', 'wait', 'pass'), { maxLength: 200 });
    fc.assert(
      fc.property(history, steps => {
        const incoming = new Incoming();
        const handled: boolean[] = [];
        for (const step of steps) {
          const oldest = handled.indexOf(false);
          if (step === 'pass') {
            if (oldest === -1) continue;
            incoming.pass();
            handled[oldest] = true;
          } else {
            incoming.receive();
            incoming[step]();
            handled.push(step === 'settle');
          }
          const first = handled.indexOf(false);
          assert.equal(incoming.answer(), first === -1 ? handled.length : first);
        }
      }),
    );
  });

  it('are not taken twice when a session is gone back to while some wait', () => {
    const incoming = new Incoming();
    for (const step of ['settle', 'wait', 'settle'] as const) {
      incoming.receive();
      incoming[step]();
    }
    assert.equal(incoming.resume(), 1);
    assert.deepEqual([incoming.receive(), incoming.receive()], [false, false]);
    assert.equal(incoming.receive(), true);
    incoming.settle();
    assert.equal(incoming.tell(), 1);
    incoming.pass();
    assert.equal(incoming.tell(), 4);
  });
});

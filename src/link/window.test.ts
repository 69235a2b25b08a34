import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Window } from './window.ts';

const LIMITS = { stanzas: 10, bytes: 1_000, probeEvery: 4 };

function filled(...sizes: readonly number[]): Window {
  const window = new Window(LIMITS);
  for (const bytes of sizes) window.add(bytes);
  return window;
}

describe('Window', () => {
  it('takes stanzas up to its count', () => {
    const window = filled(...Array.from({ length: 9 }, () => 1));
    assert.equal(window.fits(1), true);
    window.add(1);
    assert.equal(window.fits(1), false);
    assert.equal(window.fits(0), false);
  });

  it('takes stanzas up to its bytes', () => {
    const window = filled(600);
    assert.equal(window.fits(400), true);
    assert.equal(window.fits(401), false);
  });

  it('takes a stanza larger than its bytes when nothing else is unconfirmed', () => {
    assert.equal(new Window(LIMITS).fits(5_000), true);
    assert.equal(filled(1).fits(5_000), false);
  });

  it('confirms what went out before the probe, not what followed', () => {
    const window = filled(100, 200);
    window.probe();
    window.add(300);
    assert.deepEqual(window.unconfirmed, { stanzas: 3, bytes: 600 });
    assert.equal(window.confirm(), 2);
    assert.deepEqual(window.unconfirmed, { stanzas: 1, bytes: 300 });
  });

  it('wants a probe after the given number of stanzas', () => {
    const window = filled(1, 1, 1);
    assert.equal(window.probeDue, false);
    window.add(1);
    assert.equal(window.probeDue, true);
  });

  it('wants a probe at once when someone waits', () => {
    const window = filled(1);
    window.hurry();
    assert.equal(window.probeDue, true);
  });

  it('wants no second probe while one is out, and the next one right after', () => {
    const window = filled(1);
    window.probe();
    window.add(1);
    window.hurry();
    assert.equal(window.probeDue, false);
    window.confirm();
    assert.equal(window.probeDue, true);
  });

  it('is in no hurry any more once all is confirmed', () => {
    const window = filled(1);
    window.probe();
    window.hurry();
    window.confirm();
    window.add(1);
    assert.equal(window.probeDue, false);
  });

  it('names what is going on', () => {
    const window = new Window(LIMITS);
    const phases = [window.phase];
    window.add(1);
    phases.push(window.phase);
    window.probe();
    phases.push(window.phase);
    window.confirm();
    phases.push(window.phase);
    assert.deepEqual(phases, ['idle', 'gathering', 'probing', 'idle']);
  });

  it('agrees with a plain list of what is unconfirmed', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), bytes: fc.nat(700) }),
      fc.constant({ do: 'probe' as const }),
      fc.constant({ do: 'confirm' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const window = new Window(LIMITS);
        let list: number[] = [];
        let probed: number | undefined;
        let confirmed = 0;
        for (const action of steps) {
          const bytes = list.reduce((sum, one) => sum + one, 0);
          if (action.do === 'add') {
            const fits = list.length === 0 || (list.length < LIMITS.stanzas && bytes + action.bytes <= LIMITS.bytes);
            assert.equal(window.fits(action.bytes), fits);
            if (!fits) continue;
            list.push(action.bytes);
            assert.equal(window.add(action.bytes), confirmed + list.length);
          } else if (action.do === 'probe' && probed === undefined) {
            window.probe();
            probed = list.length;
          } else if (action.do === 'confirm' && probed !== undefined) {
            confirmed += probed;
            assert.equal(window.confirm(), confirmed);
            list = list.slice(probed);
            probed = undefined;
          }
          assert.equal(window.unconfirmed.stanzas, list.length);
          assert.equal(
            window.unconfirmed.bytes,
            list.reduce((sum, one) => sum + one, 0),
          );
        }
      }),
    );
  });

  it('is confirmed by counts as far as they go', () => {
    const window = new Window({ stanzas: 3, bytes: 100, probeEvery: 2 });
    for (let n = 0; n < 3; n++) window.add(10);
    window.probe();
    window.acknowledge({ stanzas: 1, bytes: 10 });
    assert.deepEqual([window.phase, window.unconfirmed, window.fits(10)], ['probing', { stanzas: 2, bytes: 20 }, true]);
    window.add(10);
    window.acknowledge({ stanzas: 3, bytes: 30 });
    assert.deepEqual([window.phase, window.unconfirmed], ['idle', { stanzas: 0, bytes: 0 }]);
  });

  it('wants another probe for all that is unconfirmed when the last one is lost', () => {
    const window = new Window({ stanzas: 3, bytes: 100, probeEvery: 2 });
    for (let n = 0; n < 2; n++) window.add(10);
    window.probe();
    window.unprobe();
    assert.deepEqual([window.phase, window.probeDue], ['gathering', true]);
  });
});

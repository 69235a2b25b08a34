import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { RestanzaError } from '../../errors.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { LINE_WAIT, Lines } from './line.ts';

const [A, B] = [parseJid('a@home.example'), parseJid('b@home.example')];

class Trial {
  readonly clock = new ManualClock();
  readonly lines = new Lines(this.clock);
  readonly gone: string[] = [];
  readonly busy = new Set([A]);

  run(name: string, account = A, bytes = 10): Promise<void> {
    const sent = this.lines.run({
      account,
      bytes,
      free: () => !this.busy.has(account),
      go: () => this.gone.push(name),
    });
    sent.catch(() => {});
    return sent;
  }
}

describe('a line of senders', () => {
  it('lets go at once where nobody waits', async () => {
    const trial = new Trial();
    await trial.run('b', B);
    assert.deepEqual([trial.gone, trial.clock.waits], [['b'], []]);
  });

  it('keeps the order of an account, whatever is free when, and holds up no other', async () => {
    const trial = new Trial();
    const first = trial.run('a1');
    const other = trial.run('b1', B);
    trial.busy.clear();
    const second = trial.run('a2');
    assert.deepEqual(trial.gone, ['b1']);
    trial.clock.advance(20);
    await Promise.all([first, second, other]);
    assert.deepEqual([trial.gone, trial.clock.waits], [['b1', 'a1', 'a2'], []]);
    await trial.run('a3');
    assert.deepEqual(trial.gone.at(-1), 'a3');
  });

  it('refuses who has waited too long, and lets the next one have his time', async () => {
    const trial = new Trial();
    const first = trial.run('a1');
    trial.clock.advance(LINE_WAIT / 2);
    const second = trial.run('a2');
    trial.clock.advance(LINE_WAIT / 2);
    await assert.rejects(first, { code: 'link-congested', retryAfter: 10 });
    trial.busy.clear();
    trial.clock.advance(20);
    await second;
    assert.deepEqual(trial.gone, ['a2']);
  });

  it('is not endless', async () => {
    const trial = new Trial();
    const many = Array.from({ length: 100 }, (_, n) => trial.run(String(n), A, 200_000));
    trial.busy.clear();
    trial.clock.advance(20);
    const refused = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected').length;
    assert.deepEqual([refused > 0, trial.gone.length], [true, 100 - refused]);
    await trial.run('later', A, 200_000);
  });

  it('tells the sender what went wrong at his turn, and goes on', async () => {
    const trial = new Trial();
    const failing = trial.lines.run({
      account: A,
      bytes: 1,
      free: () => !trial.busy.has(A),
      go: () => {
        throw new RestanzaError('link-down');
      },
    });
    const next = trial.run('next');
    trial.busy.clear();
    trial.clock.advance(20);
    await assert.rejects(failing, { code: 'link-down' });
    await next;
  });

  it('sends everyone away when it closes, and leaves no timer', async () => {
    const trial = new Trial();
    const waiting = trial.run('a1');
    trial.lines.close(new RestanzaError('link-down'));
    await assert.rejects(waiting, { code: 'link-down' });
    assert.deepEqual([trial.gone, trial.clock.waits], [[], []]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { RestanzaError } from '../errors.ts';
import type { Until } from './link.ts';
import { lostOf, Outbox, type OutboxLimits } from './outbox.ts';

const LIMITS: OutboxLimits = {
  window: { stanzas: 4, bytes: 1_000, probeEvery: 3 },
  line: { stanzas: 3, bytes: 500 },
};
const DOWN = new RestanzaError('link-down');
const LOST = new RestanzaError('link-lost');

/** An outbox, and a record of all that it does and of how each stanza fared. */
function opened(keeps = false) {
  const clock = new ManualClock();
  const record: string[] = [];
  const outbox = new Outbox(
    {
      write: text => record.push(text),
      probe: again => record.push(again ? 'probe again' : 'probe'),
      dead: () => record.push('dead'),
    },
    clock,
    LIMITS,
    keeps,
  );
  const send = (text: string, until: Until = 'sent', bytes = 10) => {
    outbox.send(text, bytes, until).then(
      () => record.push(`${text} ok`),
      error => record.push(`${text} ${error instanceof RestanzaError ? error.code : error}`),
    );
  };
  /** What happened since the last call, once everything that has settled was told. */
  const happened = async () => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return record.splice(0);
  };
  return { clock, outbox, send, happened };
}

describe('Outbox', () => {
  it('writes at once, and a probe when some stanzas are out', async () => {
    const { send, happened } = opened();
    for (const text of ['a', 'b', 'c', 'd']) send(text);
    assert.deepEqual(await happened(), ['a', 'b', 'c', 'probe', 'd', 'a ok', 'b ok', 'c ok', 'd ok']);
  });

  it('probes soon after a single stanza', async () => {
    const { clock, send, happened } = opened();
    send('a');
    clock.advance(199);
    assert.deepEqual(await happened(), ['a', 'a ok']);
    clock.advance(1);
    assert.deepEqual(await happened(), ['probe']);
  });

  it('probes once per minute when all is quiet', async () => {
    const { clock, outbox, happened } = opened();
    clock.advance(59_999);
    assert.deepEqual(await happened(), []);
    clock.advance(1);
    assert.deepEqual(await happened(), ['probe']);
    outbox.answered();
    clock.advance(59_999);
    assert.deepEqual(await happened(), []);
    clock.advance(1);
    assert.deepEqual(await happened(), ['probe']);
  });

  it('resolves acked after the probe that followed the stanza, and not before', async () => {
    const { outbox, send, happened } = opened();
    send('a', 'acked');
    send('b', 'acked');
    assert.deepEqual(await happened(), ['a', 'probe', 'b']);
    outbox.answered();
    assert.deepEqual(await happened(), ['probe', 'a ok']);
    outbox.answered();
    assert.deepEqual(await happened(), ['b ok']);
  });

  it('lets stanzas wait in order while the window is full, small ones behind large ones', async () => {
    const { outbox, send, happened } = opened();
    send('a', 'sent', 900);
    send('large', 'sent', 400);
    send('small', 'sent', 1);
    assert.deepEqual(await happened(), ['a', 'probe', 'a ok']);
    outbox.answered();
    assert.deepEqual(await happened(), ['large', 'small', 'large ok', 'small ok']);
  });

  it('does not let a stanza overtake those that wait', async () => {
    const { outbox, send, happened } = opened();
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) send(text);
    await happened();
    outbox.answered();
    send('g');
    assert.deepEqual(await happened(), ['e', 'f', 'probe', 'g', 'e ok', 'f ok', 'g ok']);
  });

  it('refuses a stanza that waited for 10 s, and only that one', async () => {
    const { clock, outbox, send, happened } = opened();
    for (const text of ['a', 'b', 'c', 'd', 'e']) send(text);
    clock.advance(4_000);
    send('f');
    await happened();
    clock.advance(5_999);
    assert.deepEqual(await happened(), []);
    clock.advance(1);
    assert.deepEqual(await happened(), ['probe again', 'e link-congested']);
    clock.advance(3_999);
    outbox.answered();
    assert.deepEqual(await happened(), ['f', 'probe', 'f ok']);
    clock.advance(1);
    assert.deepEqual(await happened(), []);
  });

  it('says when a refused stanza may be tried again', async () => {
    const { clock, outbox, send } = opened();
    for (const text of ['a', 'b', 'c', 'd']) send(text);
    const refused = assert.rejects(outbox.send('e', 10, 'sent'), { code: 'link-congested', retryAfter: 10 });
    clock.advance(10_000);
    await refused;
  });

  it('refuses at once when the line is too long, by stanzas or by bytes', async () => {
    const { send, happened } = opened();
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) send(text);
    assert.deepEqual((await happened()).slice(-1), ['h link-congested']);
    const other = opened();
    other.send('a', 'sent', 1_000);
    other.send('b', 'sent', 300);
    other.send('c', 'sent', 201);
    assert.deepEqual((await other.happened()).slice(-1), ['c link-congested']);
  });

  it('has room in line again when those who stood there are out', async () => {
    const { outbox, send, happened } = opened();
    for (let round = 0; round < 3; round += 1) {
      send('a', 'sent', 1_000);
      send('b', 'acked', 300);
      outbox.answered();
      outbox.answered();
      assert.deepEqual(await happened(), ['a', 'probe', 'b', 'probe', 'a ok', 'b ok']);
    }
  });

  it('repeats a probe twice and then gives the stream up, 30 s after the first', async () => {
    const { clock, send, happened } = opened();
    send('a', 'acked');
    assert.deepEqual(await happened(), ['a', 'probe']);
    clock.advance(10_000);
    assert.deepEqual(await happened(), ['probe again']);
    clock.advance(10_000);
    assert.deepEqual(await happened(), ['probe again']);
    clock.advance(9_999);
    assert.deepEqual(await happened(), []);
    clock.advance(1);
    assert.deepEqual(await happened(), ['dead']);
  });

  it('does not take it for silence that it is not reading itself', async () => {
    const { clock, outbox, send, happened } = opened();
    send('a', 'acked');
    clock.advance(9_000);
    outbox.pause();
    await happened();
    clock.advance(3_600_000);
    assert.deepEqual(await happened(), []);
    outbox.resume();
    clock.advance(29_999);
    assert.deepEqual(await happened(), ['probe again', 'probe again']);
    outbox.answered();
    assert.deepEqual(await happened(), ['a ok']);
  });

  it('takes an answer that comes twice once', async () => {
    const { outbox, send, happened } = opened();
    send('a', 'acked');
    outbox.answered();
    send('b');
    outbox.answered();
    assert.equal(outbox.unconfirmed, 1);
    assert.deepEqual(await happened(), ['a', 'probe', 'b', 'a ok', 'b ok']);
  });

  it('takes an offer only when there is room and nobody waits', async () => {
    const { outbox, send, happened } = opened();
    assert.equal(outbox.offer('a', 900), true);
    send('b', 'sent', 400);
    assert.equal(outbox.offer('c', 1), false);
    assert.deepEqual(await happened(), ['a', 'probe']);
    outbox.answered();
    assert.equal(outbox.offer('d', 601), false);
    assert.equal(outbox.offer('e', 600), true);
    assert.deepEqual(await happened(), ['b', 'e', 'b ok']);
  });

  it('tells everybody when it is closed, and leaves no timer', async () => {
    const { clock, outbox, send, happened } = opened();
    send('a', 'acked');
    for (const text of ['b', 'c', 'd', 'e']) send(text);
    await happened();
    assert.equal(outbox.unconfirmed, 4);
    outbox.close(DOWN, LOST);
    assert.deepEqual(await happened(), ['e link-down', 'a link-lost']);
    assert.deepEqual(clock.waits, []);
    outbox.answered();
    outbox.pause();
    outbox.resume();
    assert.equal(outbox.offer('f', 1), false);
    assert.deepEqual(await happened(), []);
    assert.deepEqual(clock.waits, []);
  });

  it('takes no offer when it is closed, though there were room', async () => {
    const { outbox, happened } = opened();
    outbox.close(DOWN, LOST);
    assert.equal(outbox.offer('a', 1), false);
    assert.deepEqual(await happened(), []);
  });

  it('says to both when to try again', () => {
    const down = new RestanzaError('link-down', undefined, { retryAfter: 3 });
    assert.deepEqual([lostOf(down).code, lostOf(down).retryAfter], ['link-lost', 3]);
  });
});

describe('Outbox of a session that is counted', () => {
  it('keeps for the next stream also what nobody waits for', async () => {
    const { outbox, send, happened } = opened(true);
    send('a');
    outbox.suspend();
    outbox.resend(0);
    assert.deepEqual(
      (await happened()).filter(one => one === 'a'),
      ['a', 'a'],
    );
  });

  it('asks for a count behind every 8 KiB', async () => {
    const { send, happened } = opened(true);
    send('a', 'sent', 8_191);
    assert.deepEqual(await happened(), ['a', 'a ok']);
    const other = opened(true);
    other.send('a', 'sent', 8_192);
    assert.deepEqual(await other.happened(), ['a', 'probe again', 'a ok']);
  });

  it('gives a large stanza the time in which a slow server reads it', async () => {
    const { clock, send, happened } = opened(true);
    send('a', 'acked', 25_000);
    clock.advance(49_999);
    assert.ok(!(await happened()).includes('dead'));
    clock.advance(1);
    assert.deepEqual(await happened(), ['dead']);
  });

  it('asks nothing while there is no stream, and on the next one also when the last was not read', async () => {
    const { clock, outbox, send, happened } = opened(true);
    send('a');
    outbox.pause();
    outbox.suspend();
    send('b', 'acked');
    assert.deepEqual([await happened(), clock.waits], [['a', 'a ok'], [10_000]]);
    outbox.resend(0);
    await happened();
    clock.advance(10_000);
    assert.deepEqual(await happened(), ['probe again']);
  });

  it('resolves acked as far as the count goes, asked for or not', async () => {
    const { outbox, send, happened } = opened(true);
    send('a', 'acked');
    send('b');
    send('c', 'acked');
    assert.deepEqual(await happened(), ['a', 'probe', 'b', 'c', 'b ok']);
    outbox.acknowledged(1);
    assert.deepEqual(await happened(), ['probe', 'a ok']);
    outbox.acknowledged(2);
    assert.deepEqual(await happened(), ['c ok']);
    assert.equal(outbox.unconfirmed, 0);
  });

  it('does not ask again and again when the count does not grow', async () => {
    const { clock, outbox, send, happened } = opened(true);
    send('a', 'acked');
    await happened();
    for (let n = 0; n < 5; n++) outbox.acknowledged(0);
    assert.deepEqual(await happened(), []);
    clock.advance(10_000);
    assert.deepEqual(await happened(), ['probe again']);
    outbox.acknowledged(0);
    clock.advance(20_000);
    assert.deepEqual(await happened(), ['probe again', 'probe again']);
    clock.advance(10_000);
    assert.deepEqual(await happened(), ['dead']);
  });

  it('lets as many out as were counted', async () => {
    const { outbox, send, happened } = opened(true);
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) send(text);
    await happened();
    outbox.acknowledged(1);
    assert.deepEqual(await happened(), ['e', 'e ok']);
    outbox.acknowledged(3);
    assert.deepEqual(await happened(), ['f', 'probe', 'f ok']);
  });

  it('keeps what is not counted over the loss of a stream, and sends it again before what is new', async () => {
    const { clock, outbox, send, happened } = opened(true);
    for (const text of ['a', 'b', 'c', 'd']) send(text, 'acked');
    await happened();
    outbox.suspend();
    assert.deepEqual(clock.waits, []);
    send('e', 'acked');
    assert.equal(outbox.offer('f', 10), false);
    assert.deepEqual(await happened(), []);
    outbox.resend(2);
    assert.deepEqual(await happened(), ['c', 'd', 'e', 'probe', 'a ok', 'b ok']);
    outbox.acknowledged(3);
    assert.deepEqual(await happened(), ['c ok', 'd ok', 'e ok']);
  });

  it('lets nobody wait longer than 10 s for the next stream', async () => {
    const { clock, outbox, send, happened } = opened(true);
    outbox.suspend();
    send('a');
    clock.advance(9_999);
    assert.deepEqual(await happened(), []);
    clock.advance(1);
    assert.deepEqual(await happened(), ['a link-congested']);
  });

  it('tells each what became of it when the session is over', async () => {
    const { clock, outbox, send, happened } = opened(true);
    send('a');
    send('b', 'acked');
    outbox.suspend();
    send('c');
    outbox.close(DOWN, LOST);
    assert.deepEqual(await happened(), ['a', 'b', 'probe', 'a ok', 'c link-down', 'b link-lost']);
    outbox.resend(1);
    outbox.acknowledged(1);
    assert.deepEqual([await happened(), clock.waits], [[], []]);
  });
});

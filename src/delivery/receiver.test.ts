/**
 * What a receiver keeps, and what becomes of stanzas for a target that is owed as much as it may be.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bodyOf, LINK, messageOf, newPlace } from '../../test/support/journal-place.ts';
import { Mailbox } from '../../test/support/mailbox.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { Receiver } from './receiver.ts';
import { Service } from './service.ts';
import { TARGET_DEFAULTS, type Target } from './target.ts';
import { readTemplate } from './url.ts';

const ACCOUNT = parseJid('bot@rest.example');

/** A receiver of targets that nobody calls, of which each may be owed one stanza. */
async function opened(t: TestContext, targets: readonly Partial<Target>[], link = LINK) {
  const { open, log } = await newPlace(t);
  const journal = open();
  const [clock, sent] = [new ManualClock(), new Mailbox<Stanza>()];
  const services = targets.map(values => {
    const plain = {
      name: 'hook',
      link,
      events: ['bare'],
      url: readTemplate('http://127.0.0.1:1/'),
      maxEntries: 1,
    } as const;
    return new Service({ target: { ...TARGET_DEFAULTS, ...plain, ...values }, version: '1', log });
  });
  const send = async (stanza: Stanza) => sent.put(stanza);
  const isAnswer = ({ id }: Stanza) => id === 'id of an answer';
  const receiver = new Receiver({ link, services, events: ['bare', 'full'], isAnswer, journal, send, clock, log });
  t.after(async () => {
    for (const service of services) await service[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
  });
  const owed = (target: string) =>
    journal.list({ links: [link], target, limit: 10 }).map(({ entry }) => bodyOf(entry.stanza));
  const kept = () => journal.read(0, { readable: [{ link }] }, 10).map(({ stanza }) => bodyOf(stanza));
  return { receiver, journal, clock, sent, owed, kept };
}

/** Lets so many seconds pass for whoever waits. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let time = 0; time < seconds * 10; time += 1) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
}

test('a target that is owed enough slows its link down, and refuses what comes after ten seconds', async t => {
  const { receiver, clock, sent, owed, kept } = await opened(t, [{}]);
  await receiver.take([messageOf('1')]);
  let isOver = false;
  const taking = receiver.take([messageOf('2')]).then(() => {
    isOver = true;
  });
  await pass(clock, 9);
  assert.equal(isOver, false);
  await pass(clock, 2);
  await taking;
  assert.deepEqual([owed('hook'), kept()], [['1'], ['1', '2']], 'readers of events get it');
  const { type, id } = await sent.take();
  assert.deepEqual([type, id], ['error', 'id of 2']);
});

test('when there is room again, nothing is refused any more', async t => {
  const { receiver, journal, clock, sent, owed } = await opened(t, [{}]);
  await receiver.take([messageOf('1')]);
  const taking = receiver.take([messageOf('2')]);
  await pass(clock, 1);
  const settleFirst = async () => {
    const [delivery] = journal.claim('hook', Date.now() + 1e12, 1);
    assert.ok(delivery !== undefined);
    await journal.settle(delivery, { name: 'done', attempt: { at: 0, latency: 0, excerpt: '' } });
  };
  await settleFirst();
  await pass(clock, 1);
  await taking;
  await settleFirst();
  await receiver.take([messageOf('3')]);
  assert.deepEqual([owed('hook'), sent.length], [['1', '2', '3'], 0]);
});

test('a target that only observes refuses nothing, nor does one that has room', async t => {
  const { receiver, clock, sent, owed } = await opened(t, [{ maxEntries: 9 }, { name: 'log', observe: true }]);
  await receiver.take([messageOf('1')]);
  const taking = receiver.take([messageOf('2')]);
  await pass(clock, 11);
  await taking;
  assert.deepEqual([owed('hook'), owed('log'), sent.length], [['1', '2'], ['1'], 0]);
});

test('who may answer says that there is no room, whoever observes', async t => {
  const { receiver, clock, sent } = await opened(t, [{ name: 'log', observe: true, maxEntries: 9 }, {}]);
  await receiver.take([messageOf('1')]);
  void receiver.take([messageOf('2')]);
  await pass(clock, 11);
  assert.equal((await sent.take()).type, 'error');
});

test('where all observe, nobody says so', async t => {
  const { receiver, clock, sent, kept } = await opened(t, [{ observe: true }]);
  await receiver.take([messageOf('1')]);
  const taking = receiver.take([messageOf('2')]);
  await pass(clock, 11);
  await taking;
  assert.deepEqual([sent.length, kept()], [0, ['1', '2']]);
});

test('what a target has answered is not brought to it again, but to those who observe', async t => {
  const { receiver, owed } = await opened(t, [{}, { name: 'log', observe: true }]);
  await receiver.take([messageOf('an answer')]);
  assert.deepEqual([owed('hook'), owed('log')], [[], ['an answer']]);
});

test('what no stream could carry does not keep away what came with it', async t => {
  const { receiver, kept } = await opened(t, [{ maxEntries: 9 }]);
  await receiver.take([messageOf('1'), { ...messageOf('2'), id: '\u0000' }, messageOf('3')]);
  assert.deepEqual(kept(), ['1', '3']);
});

test('what comes before the archive has been taken over is no position', async t => {
  const { receiver, journal } = await opened(t, [{ maxEntries: 9 }], ACCOUNT);
  const live = (id: string): Stanza => ({
    ...messageOf(id),
    payload: [element('stanza-id', NS.sid, { by: ACCOUNT, id })],
  });
  await receiver.take([live('a1')], false);
  assert.equal(journal.position(ACCOUNT), undefined);
  await receiver.take([live('a2')], true);
  assert.equal(journal.position(ACCOUNT)?.archiveId, 'a2');
});

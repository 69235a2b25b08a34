/**
 * Catching up, against an archive that is a list: everything once and in order, whatever comes meanwhile.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opened, settled, settledTwice } from '../../test/support/catching-up.ts';
import { BOT, live, message, START } from '../../test/support/list-archive.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { errorOf, type Message, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import { archiveIdOf } from './archive-page.ts';
import { CatchUp } from './catch-up.ts';

test('a first session begins at the end of the archive', async () => {
  const { archive, ids, noted, catchUp } = opened();
  archive.messages.push(message('old'), message('older'));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), []);
  assert.equal(noted(), 'a1');
});

test('also a first session looks a second time', async () => {
  const scene = opened();
  scene.archive.messages.push(message('old'));
  scene.archive.before = () => {
    scene.archive.before = () => {};
    scene.archive.messages.push(message('came meanwhile'));
  };
  await settledTwice(scene);
  assert.deepEqual([scene.ids(), scene.noted()], [['came meanwhile'], 'a1']);
});

test('what comes in the first session does not wait for the archive: there is nothing older', async () => {
  const { archive, ids, catchUp } = opened();
  archive.messages.push(message('old'), message('1'));
  archive.before = () => catchUp.take([live(message('1'), 'a1')]);
  catchUp.begin(() => Promise.reject(new Error('busy')));
  await catchUp.take([live(message('1'), 'a1')]);
  assert.deepEqual(ids(), ['1'], 'a new start would begin behind it');
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['1']);
});

test('an archive that was empty at first is taken over whole', async () => {
  const { archive, ids, noted, catchUp } = opened();
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.equal(noted(), '');
  archive.messages.push(message('1'), message('2'));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['1', '2']);
});

test('what came during an outage is handed on in order, with its time and id, and without own messages', async () => {
  const { archive, kept, ids, noted, catchUp, clock } = opened('a0');
  archive.messages.push(message('0'), message('1'), message('own', parseJid('bot@example.org/x')));
  archive.messages.push(...['2', '3', '4', '5'].map(body => message(body)));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['1', '2', '3', '4', '5']);
  assert.deepEqual(archive.asked, ['a0', 'a3']);
  assert.equal(noted(), 'a3');
  clock.advance(5_000);
  await settled(catchUp);
  assert.deepEqual(archive.asked, ['a0', 'a3', 'a3']);
  assert.equal(noted(), 'a6');
  const [first] = kept;
  assert.ok(first !== undefined);
  assert.deepEqual(first.payload.slice(1), [
    element('delay', NS.delay, { from: BOT, stamp: '2026-01-01T00:00:00Z' }),
    element('stanza-id', NS.sid, { by: BOT, id: 'a1' }),
  ]);
});

test('what arrives meanwhile comes after it, and once', async () => {
  const { archive, ids, catchUp } = opened('a0');
  archive.page = 1;
  archive.messages.push(...['0', '1', '2', '3'].map(body => message(body)));
  let number = 4;
  archive.before = async () => {
    if (number === 7) return;
    const arriving = message(String(number));
    archive.messages.push(arriving);
    await catchUp.take([live(arriving, `a${number}`)]);
    number += 1;
  };
  catchUp.begin(archive.ask);
  await settled(catchUp);
  await catchUp.take([live(message('after'), `a${number}`)]);
  assert.equal(number, 7, 'one has arrived with each of three pages');
  assert.deepEqual(ids(), ['1', '2', '3', '4', '5', '6', 'after']);
});

test('what is not archived does not wait', async () => {
  const { archive, ids, catchUp } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  archive.before = () => catchUp.take([message('typing')]);
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['typing', '1']);
});

test('an id of somebody else is no id of the archive', () => {
  const forged = { ...message('x'), payload: [element('stanza-id', NS.sid, { by: 'mallory@example.org', id: 'a1' })] };
  assert.equal(archiveIdOf(forged, BOT), undefined);
});

test('an id that the sender has put there in the name of the account is taken out', async () => {
  const scene = opened('a0');
  const { archive, kept, noted, catchUp } = scene;
  archive.messages.push(message('0'));
  await settledTwice(scene);
  await catchUp.take([live(live(message('1'), 'forged'), 'a1')]);
  assert.equal(noted(), 'a1');
  assert.deepEqual(kept, [live(message('1'), 'a1')]);
});

test('what comes several times at once is handed on once', async () => {
  const scene = opened('a0');
  const { archive, ids, catchUp } = scene;
  archive.messages.push(message('0'));
  await settledTwice(scene);
  const again = live(message('1'), 'a1');
  await catchUp.take([again, live(message('2'), 'a2'), again, message('typing'), message('typing')]);
  assert.deepEqual(ids(), ['1', '2', 'typing', 'typing']);
});

test('messages of two senders to which the archive gave one id are both handed on, and once', async () => {
  const scene = opened('a0');
  const { archive, ids, catchUp } = scene;
  archive.messages.push(message('0'));
  await settledTwice(scene);
  const [one, other] = [message('1'), message('2', parseJid('carol@example.org/x'))];
  await catchUp.take([live(one, 'a1')]);
  await catchUp.take([live(other, 'a1')]);
  assert.deepEqual(ids(), ['1', '2']);
  archive.messages.push(one);
  await settledTwice(scene);
  await catchUp.take([live(other, 'a1')]);
  assert.deepEqual(ids(), ['1', '2']);
});

test('a stanza that no archive has cannot have an id of one', async () => {
  const { archive, kept, noted, catchUp } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  const { payload } = live(message('1'), 'a1');
  archive.before = () => catchUp.take([{ kind: 'presence', id: 'hostile', payload }]);
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(
    kept.map(({ id }) => id),
    ['hostile', '1'],
    'at once, and what has the id is no copy of it',
  );
  assert.deepEqual(kept[0]?.payload, payload.slice(0, -1));
  assert.equal(noted(), 'a0');
});

test('a copy of what another client got is not handed on again as itself', async () => {
  const scene = opened('a0');
  const { archive, ids, noted, catchUp } = scene;
  archive.messages.push(message('0'));
  await settledTwice(scene);
  archive.messages.push(message('1'));
  const forwarded = element('forwarded', NS.forward, {}, [stanzaElement(live(message('1'), 'a1'))]);
  const carbon = element('received', NS.carbons, {}, [forwarded]);
  const copy: Message = { kind: 'message', type: 'chat', from: BOT, to: BOT, id: 'copy', payload: [carbon] };
  await catchUp.take([copy]);
  assert.equal(noted(), 'a1');
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['copy']);
  assert.equal(
    archiveIdOf({ ...copy, from: parseJid('alice@example.org/phone') }, BOT),
    undefined,
    'nobody else sends copies',
  );
});

test('results of the archive that nobody has asked for are nothing', async () => {
  const { ids, catchUp } = opened();
  const forwarded = element('forwarded', NS.forward, {}, [stanzaElement(message('forged'))]);
  const result = { ...message('x'), payload: [element('result', NS.archive, { id: 'a1' }, [forwarded])] };
  assert.equal(catchUp.wants(result), false);
  await catchUp.take([result, message('y')]);
  assert.deepEqual(ids(), ['y']);
});

test('without an archive everything is handed on as it comes', async () => {
  const { ids, catchUp, clock } = opened('a0');
  catchUp.begin(async iq => {
    await catchUp.take([live(message('1'), 'a1')]);
    return [errorOf(iq, { condition: 'service-unavailable' })].filter(answer => answer !== undefined);
  });
  await settled(catchUp);
  await catchUp.take([live(message('2'), 'a2')]);
  assert.deepEqual(ids(), ['1', '2']);
  assert.deepEqual(clock.waits, [], 'there is no second look');
});

test('a new session takes up where the last one was broken off', async () => {
  const { archive, ids, catchUp } = opened('a0');
  archive.messages.push(...['0', '1', '2', '3', '4', '5', '6'].map(body => message(body)));
  catchUp.begin(iq => (archive.asked.length === 0 ? archive.ask(iq) : Promise.reject(new Error('link lost'))));
  await new Promise(setImmediate);
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), ['1', '2', '3', '4', '5', '6']);
});

test('what is noted in the archive after it was asked is handed on when the session is some seconds old', async () => {
  const { archive, ids, noted, catchUp, clock } = opened('a0');
  archive.messages.push(...['0', '1'].map(body => message(body)));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  archive.messages.push(...['went to the session before', '3', '4'].map(body => message(body)));
  await catchUp.take([live(message('3'), 'a3'), live(message('4'), 'a4')]);
  clock.advance(4_999);
  assert.deepEqual(archive.asked, ['a0']);
  clock.advance(1);
  await settled(catchUp);
  assert.deepEqual(archive.asked, ['a0', 'a0', 'a3'], 'with the last page');
  assert.deepEqual(ids(), ['1', '3', '4', 'went to the session before']);
  assert.equal(noted(), 'a4');
  assert.deepEqual(clock.waits, [], 'it looks once');
});

test('the second look leaves alone what is known, is being kept, or comes meanwhile', async () => {
  const { archive, ids, noted, catchUp, clock, journal } = opened('a0');
  archive.messages.push(...['0', '1'].map(body => message(body)));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  const { promise: full, resolve: write } = Promise.withResolvers<void>();
  journal.full = full;
  archive.messages.push(message('2'));
  const keeping = catchUp.take([live(message('2'), 'a2')]);
  archive.before = async () => {
    archive.before = () => {};
    archive.messages.push(message('3'));
    await catchUp.take([live(message('3'), 'a3')]);
  };
  clock.advance(5_000);
  await new Promise(setImmediate);
  write();
  await Promise.all([keeping, settled(catchUp)]);
  assert.deepEqual(ids(), ['1', '2', '3']);
  assert.equal(noted(), 'a3');
});

test('a second look that did not come is made up for by the next session', async () => {
  const { archive, ids, noted, catchUp, clock } = opened('a0');
  archive.messages.push(message('0'));
  catchUp.begin(archive.ask);
  await settled(catchUp);
  archive.messages.push(...['went to the session before', '2'].map(body => message(body)));
  await catchUp.take([live(message('2'), 'a2')]);
  assert.equal(noted(), 'a0', 'nor by a process after this one');
  catchUp.begin(archive.ask);
  assert.deepEqual(clock.waits, []);
  await settled(catchUp);
  assert.deepEqual(ids(), ['2', 'went to the session before']);
  await catchUp[Symbol.asyncDispose]();
  assert.deepEqual(clock.waits, []);
});

test('an archive that fails is asked again', async () => {
  const { archive, ids, catchUp, clock, log } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  catchUp.begin(iq => (log.lines.length === 0 ? Promise.reject(new Error('busy')) : archive.ask(iq)));
  await new Promise(setImmediate);
  assert.deepEqual(clock.waits, [10_000]);
  clock.advance(10_000);
  await settled(catchUp);
  assert.deepEqual(ids(), ['1']);
});

test('what comes in a new session waits for it, even while the last one is still handing on', async () => {
  const { archive, ids, catchUp, journal } = opened('a0');
  const come = (id: string) => archive.messages.push(message(id));
  const comeLive = (id: string) => void catchUp.take([live(message(id), `a${come(id) - 1}`)]);
  come('0');
  const { promise: full, resolve: write } = Promise.withResolvers<void>();
  archive.before = () => {
    archive.before = () => {};
    journal.full = full;
    comeLive('1');
  };
  catchUp.begin(archive.ask);
  await new Promise(setImmediate);
  come('2');
  archive.before = () => {
    archive.before = () => {};
    comeLive('4');
  };
  catchUp.begin(archive.ask);
  comeLive('3');
  write();
  await settled(catchUp);
  assert.deepEqual(ids(), ['1', '2', '3', '4']);
});

test('the same while the last one is still keeping what the archive gave', async () => {
  const { archive, ids, catchUp, journal } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  const { promise: full, resolve: write } = Promise.withResolvers<void>();
  journal.full = full;
  catchUp.begin(archive.ask);
  await new Promise(setImmediate);
  archive.messages.push(message('2'), message('3'));
  catchUp.begin(archive.ask);
  await catchUp.take([live(message('3'), 'a3')]);
  write();
  await settled(catchUp);
  assert.deepEqual(ids(), ['1', '2', '3']);
});

test('ends at once, even while the archive owes an answer', async () => {
  const { catchUp } = opened('a0');
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  catchUp.begin((_query, gone) => {
    resolve();
    return new Promise((_, reject) => gone.addEventListener('abort', () => reject(gone.reason)));
  });
  await asked;
  await catchUp[Symbol.asyncDispose]();
});

test('has ended only when all is kept that it has', async () => {
  const { archive, ids, catchUp, journal } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  const { promise: full, resolve: write } = Promise.withResolvers<void>();
  journal.full = full;
  catchUp.begin(archive.ask);
  await new Promise(setImmediate);
  setImmediate(write);
  await catchUp[Symbol.asyncDispose]();
  assert.deepEqual(ids(), ['1']);
});

test('more than it can hold while it asks is handed on once, from the archive', async () => {
  const { archive, ids, catchUp } = opened('a0');
  const bodies = Array.from({ length: 12_000 }, (_, number) => String(number));
  const messages = bodies.map(body => message(body));
  archive.messages.push(...messages);
  archive.page = 1_000;
  archive.before = async () => {
    archive.before = () => {};
    await catchUp.take(messages.slice(1, 5_002).map((archived, index) => live(archived, `a${index + 1}`)));
  };
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), bodies.slice(1));
});

test('what was kept before a restart is known when the server sends it again', async () => {
  const kept: Stanza[] = [];
  const catchUp = new CatchUp({
    account: BOT,
    log: new MemoryLog(),
    clock: new ManualClock(),
    positions: { position: () => ({ archiveId: 'a1', at: START }), setPosition: async () => {} },
    earlier: [live(message('0'), 'a0'), live(message('1'), 'a1')],
    sink: { wants: () => true, take: async stanzas => void kept.push(...stanzas) },
  });
  await catchUp.take([live(message('1'), 'a1'), live(message('2'), 'a2')]);
  assert.deepEqual(
    kept.map(({ id }) => id),
    ['2'],
  );
});

/**
 * The way through an archive that drops its oldest messages, against one that is a list.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opened, pass, settled, settledTwice } from '../../test/support/catching-up.ts';
import { BOT, live, message, START } from '../../test/support/list-archive.ts';
import { element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { errorOf, resultOf } from '../xmpp/stanza.ts';

const DAY = 24 * 60 * 60_000;
/** How much before its position an archive is asked by time. */
const MARGIN = 15 * 60_000;

/** An archive with messages of six days, of which it has dropped the first three, and who knows the second. */
function openedLate(at: number | undefined) {
  const scene = opened('a1', at);
  scene.archive.timeOf = index => START + index * DAY;
  scene.archive.messages.push(...['0', '1', '2', '3', '4', '5'].map(body => message(body)));
  scene.archive.keepOnly(3);
  return scene;
}

test('an archive that has dropped the position is asked by its time', async () => {
  const scene = openedLate(START + DAY);
  const { archive, ids, noted, positions, log } = scene;
  archive.page = 2;
  await settledTwice(scene);
  assert.deepEqual(ids(), ['3', '4', '5']);
  assert.deepEqual(archive.asked, ['a1', 'since 2026-01-01T23:45:00Z', 'a4', 'a4']);
  assert.equal(noted(), 'a5');
  assert.equal(positions.get(BOT)?.at, START + 5 * DAY, 'the time at which the archive got it');
  assert.deepEqual(
    log.lines.map(({ level, since }) => [level, since]),
    [['warn', '2026-01-01T23:45:00.000Z']],
  );
  assert.match(String(log.lines[0]?.['message']), /has dropped the last stanza/);
});

test('that it has is told once, also where the position cannot move on before the second look', async () => {
  const scene = openedLate(START + DAY);
  await settledTwice(scene);
  assert.deepEqual(scene.archive.asked, ['a1', 'since 2026-01-01T23:45:00Z', 'a1', 'since 2026-01-01T23:45:00Z']);
  assert.deepEqual(scene.ids(), ['3', '4', '5']);
  assert.equal(scene.log.lines.length, 1);
});

test('what is older than that time, with a margin, is not handed on once more', async () => {
  const scene = openedLate(START + 4 * DAY + MARGIN);
  await settledTwice(scene);
  assert.deepEqual(scene.ids(), ['4', '5']);
  const later = openedLate(START + 4 * DAY + MARGIN + 1_000);
  await settledTwice(later);
  assert.deepEqual(later.ids(), ['5']);
});

test('what came live and is younger than the time of the position is not handed on once more', async () => {
  const scene = openedLate(START + DAY);
  const { archive, ids, catchUp } = scene;
  await catchUp.take([live(message('3'), 'a3')]);
  await settledTwice(scene);
  assert.deepEqual(ids(), ['3', '4', '5']);
  assert.equal(archive.asked.length, 4);
});

test('an archive that drops faster than it is read is asked by time again', async () => {
  const scene = openedLate(START + DAY);
  const { archive, ids, catchUp } = scene;
  archive.page = 1;
  archive.before = () => {
    if (archive.asked.length === 2) archive.keepOnly(1);
  };
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(archive.asked, ['a1', 'since 2026-01-01T23:45:00Z', 'a3', 'since 2026-01-03T23:45:00Z']);
  assert.deepEqual(ids(), ['3', '5']);
});

test('a position of which nobody knows the time is told, and it goes on from the end', async () => {
  const { archive, ids, noted, catchUp, log } = openedLate(undefined);
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(archive.asked, ['a1', 'last']);
  assert.deepEqual([ids(), noted()], [[], 'a5']);
  assert.match(String(log.lines[0]?.['message']), /does not reach back/);
});

test('an archive that says no times leaves that of the position as it is', async () => {
  const scene = opened('a0', START);
  scene.archive.timeOf = () => undefined;
  scene.archive.messages.push(message('0'), message('1'));
  await settledTwice(scene);
  assert.deepEqual(scene.positions.get(BOT), { archiveId: 'a1', at: START });
});

test('a page with nothing on it is the last, whatever it says', async () => {
  const { archive, catchUp } = opened('a0');
  catchUp.begin(iq => {
    archive.asked.push('anything');
    return Promise.resolve([resultOf(iq, [element('fin', NS.archive)])].filter(answer => answer !== undefined));
  });
  await settled(catchUp);
  assert.deepEqual(archive.asked, ['anything']);
});

test('where the end cannot be noted at which it begins, it is asked for again', async () => {
  const { archive, ids, noted, catchUp, clock, journal } = opened();
  archive.messages.push(message('old'));
  journal.full = Promise.reject(new Error('disk full'));
  journal.full.catch(() => {});
  catchUp.begin(archive.ask);
  await pass(clock, 1);
  assert.equal(noted(), undefined);
  archive.messages.push(message('1'));
  journal.full = Promise.resolve();
  await catchUp.take([live(message('1'), 'a1')]);
  await pass(clock, 10);
  assert.deepEqual([archive.asked, ids(), noted()], [['last', 'last'], ['1'], 'a1']);
});

test('what waited in the session before is handed on where the archive is not gone through', async () => {
  const { archive, ids, noted, catchUp } = opened('a0');
  archive.messages.push(...['0', '1', '2'].map(body => message(body)));
  archive.keepOnly(1);
  catchUp.begin(
    (_query, gone) => new Promise((_, reject) => gone.addEventListener('abort', () => reject(gone.reason))),
  );
  await catchUp.take([live(message('2'), 'a2')]);
  assert.deepEqual(ids(), []);
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual([ids(), noted()], [['2'], 'a2']);
});

test('the same for as many as can be held', async () => {
  const { archive, ids, catchUp } = opened('a0');
  const bodies = Array.from({ length: 5_002 }, (_, number) => String(number));
  const messages = bodies.map(body => message(body));
  archive.messages.push(...messages);
  archive.keepOnly(1);
  archive.before = async () => {
    archive.before = () => {};
    await catchUp.take(messages.slice(1).map((archived, index) => live(archived, `a${index + 1}`)));
  };
  catchUp.begin(archive.ask);
  await settled(catchUp);
  assert.deepEqual(ids(), bodies.slice(1, -1));
});

test('an archive that does not know what it has just given is not asked for ever', async () => {
  const { archive, ids, noted, catchUp, log } = openedLate(START + DAY);
  archive.page = 1;
  catchUp.begin(async iq => {
    const answers = await archive.ask(iq);
    const refusal = errorOf(iq, { condition: 'item-not-found' });
    return archive.asked.at(-1)?.startsWith('a') && refusal !== undefined ? [refusal] : answers;
  });
  await settled(catchUp);
  assert.deepEqual(archive.asked.slice(2), ['a3', 'since 2026-01-03T23:45:00Z', 'a3', 'last'], 'until nothing is new');
  assert.deepEqual([ids(), noted()], [['3'], 'a5']);
  assert.match(String(log.lines.at(-1)?.['message']), /does not reach back/);
});

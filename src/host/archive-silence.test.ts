/**
 * Catching up with an archive that does not answer: nobody waits for it longer than about a minute, and nothing is lost.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { opened, pass, settled } from '../../test/support/catching-up.ts';
import { live, message } from '../../test/support/list-archive.ts';
import { RestanzaError } from '../errors.ts';
import { errorOf } from '../xmpp/stanza.ts';
import type { Ask } from './archive-reader.ts';

/** How an archive does not answer. */
const SILENCES: Readonly<Record<string, (scene: ReturnType<typeof opened>) => Ask>> = {
  'answers errors': () => async iq =>
    [errorOf(iq, { condition: 'internal-server-error' })].filter(answer => answer !== undefined),
  'says for the moment that it is not there': () => async iq =>
    [errorOf(iq, { condition: 'service-unavailable', type: 'wait' })].filter(answer => answer !== undefined),
  'says nothing':
    ({ clock }) =>
    (_iq, gone) => {
      const { promise, reject } = Promise.withResolvers<never>();
      clock.after(60_000, () => reject(new RestanzaError('reply-timeout')));
      gone.addEventListener('abort', () => reject(gone.reason));
      return promise;
    },
};

for (const [name, silence] of Object.entries(SILENCES)) {
  test(`an archive that ${name} is not waited for longer than about a minute, and taken over when it is back`, async () => {
    const scene = opened('a0');
    const { archive, ids, noted, catchUp, clock, log } = scene;
    archive.messages.push(...['0', 'missed', '2'].map(body => message(body)));
    const broken = silence(scene);
    let isBroken = true;
    catchUp.begin((iq, gone) => (isBroken ? broken(iq, gone) : archive.ask(iq)));
    await catchUp.take([live(message('2'), 'a2')]);
    await pass(clock, 55);
    assert.deepEqual(ids(), []);
    await pass(clock, 20);
    assert.deepEqual(ids(), ['2']);
    archive.messages.push(message('3'));
    await catchUp.take([live(message('3'), 'a3')]);
    assert.deepEqual([ids(), noted()], [['2', '3'], 'a0'], 'at once, and the position stays');
    await pass(clock, 3_600);
    const told = () => log.lines.filter(({ level }) => level !== 'debug').map(line => [line['level'], line['message']]);
    assert.deepEqual(
      told().map(([level]) => level),
      ['warn', 'warn'],
    );
    const { cause, err } = log.lines.find(({ level }) => level === 'warn') ?? {};
    assert.ok(name === 'says nothing' ? typeof cause === 'string' : err instanceof Error);
    isBroken = false;
    await pass(clock, 80);
    assert.deepEqual([ids(), noted()], [['2', '3', 'missed'], 'a3']);
    assert.deepEqual(told().slice(2), [['info', 'the archive answers again']]);
    await catchUp.take([live(message('4'), 'a4')]);
    assert.equal(noted(), 'a4');
  });
}

test('a second look that gets no answer lets through what came, and the position stays', async () => {
  const { archive, ids, noted, catchUp, clock } = opened('a0');
  archive.messages.push(message('0'));
  let isBroken = false;
  catchUp.begin(iq => (isBroken ? Promise.reject(new Error('busy')) : archive.ask(iq)));
  await settled(catchUp);
  isBroken = true;
  await pass(clock, 6);
  archive.messages.push(message('1'));
  await catchUp.take([live(message('1'), 'a1')]);
  await pass(clock, 61);
  assert.deepEqual([ids(), noted()], [['1'], 'a0']);
  isBroken = false;
  await pass(clock, 10);
  assert.deepEqual([ids(), noted()], [['1'], 'a1']);
});

test('what goes through while the archive answers again is told as a copy, also when it is kept late', async () => {
  const { archive, ids, catchUp, clock, journal } = opened('a0');
  archive.messages.push(...['0', 'missed', '2'].map(body => message(body)));
  let isBroken = true;
  catchUp.begin(iq => (isBroken ? Promise.reject(new Error('busy')) : archive.ask(iq)));
  await pass(clock, 61);
  const { promise: full, resolve: write } = Promise.withResolvers<void>();
  journal.full = full;
  isBroken = false;
  archive.before = () => {
    archive.before = () => {};
    void catchUp.take([live(message('2'), 'a2')]);
  };
  await pass(clock, 10);
  write();
  await settled(catchUp);
  assert.deepEqual(ids(), ['2', 'missed']);
});

test('a new session waits for the archive anew', async () => {
  const { archive, ids, catchUp, clock } = opened('a0');
  archive.messages.push(...['0', 'missed', '2'].map(body => message(body)));
  catchUp.begin(() => Promise.reject(new Error('busy')));
  await pass(clock, 61);
  catchUp.begin(archive.ask);
  await catchUp.take([live(message('2'), 'a2')]);
  await settled(catchUp);
  assert.deepEqual(ids(), ['missed', '2']);
});

for (const code of ['link-down', 'link-lost'] as const) {
  test(`${code} is no archive that does not answer`, async () => {
    const { archive, ids, catchUp, clock, log } = opened('a0');
    archive.messages.push(...['0', 'missed', '2'].map(body => message(body)));
    let isDown = true;
    catchUp.begin(iq => (isDown ? Promise.reject(new RestanzaError(code)) : archive.ask(iq)));
    await catchUp.take([live(message('2'), 'a2')]);
    await pass(clock, 3_600);
    assert.deepEqual(ids(), []);
    isDown = false;
    await pass(clock, 10);
    assert.deepEqual(ids(), ['missed', '2']);
    assert.deepEqual(
      log.lines.filter(({ level }) => level !== 'debug'),
      [],
    );
  });
}

test('what could not be held any more comes from the archive, though others have gone through meanwhile', async () => {
  const scene = opened('a0');
  const { archive, ids, noted, catchUp, clock } = scene;
  const bodies = Array.from({ length: 5_003 }, (_, number) => String(number));
  archive.messages.push(message('0'));
  archive.page = 6_000;
  let isBroken = false;
  catchUp.begin(iq => (isBroken ? Promise.reject(new Error('busy')) : archive.ask(iq)));
  await settled(catchUp);
  archive.before = async () => {
    isBroken = true;
    archive.messages.push(...bodies.slice(1, -1).map(body => message(body)));
    await catchUp.take(bodies.slice(1, -1).map(body => live(message(body), `a${body}`)));
  };
  await pass(clock, 70);
  archive.before = () => {};
  archive.messages.push(message('5002'));
  await catchUp.take([live(message('5002'), 'a5002')]);
  assert.deepEqual([ids(), noted()], [['5002'], 'a0']);
  isBroken = false;
  await pass(clock, 10);
  assert.deepEqual([ids(), noted()], [['5002', ...bodies.slice(1, -1)], 'a5002']);
});

test('however much goes through, it is told as a copy when the archive answers', async () => {
  const { archive, kept, catchUp, clock } = opened('a0');
  const bodies = Array.from({ length: 25_000 }, (_, number) => String(number));
  archive.messages.push(...bodies.map(body => message(body)));
  archive.page = 5_000;
  let isBroken = true;
  catchUp.begin(iq => (isBroken ? Promise.reject(new Error('busy')) : archive.ask(iq)));
  await pass(clock, 61);
  await catchUp.take(archive.messages.slice(2).map((one, index) => live(one, `a${index + 2}`)));
  isBroken = false;
  await pass(clock, 10);
  await settled(catchUp);
  assert.equal(kept.length, bodies.length - 1);
  assert.equal(kept.at(-1)?.id, '1');
});

for (const end of ['the archive has been taken over', 'it is not waited for any more']) {
  test(`nothing is left behind that comes at any moment around that in which ${end}`, async () => {
    const isBroken = end.startsWith('it');
    for (let moment = 0; moment < 40; moment += 1) {
      const { archive, ids, catchUp, clock, journal } = opened('a0');
      archive.messages.push(message('0'));
      const { promise: full, resolve: write } = Promise.withResolvers<void>();
      journal.full = full;
      catchUp.begin(iq => (isBroken ? Promise.reject(new Error('busy')) : archive.ask(iq)));
      await catchUp.take([live(message('1'), 'a1')]);
      await pass(clock, isBroken ? 61 : 1);
      write();
      for (let passed = 0; passed < moment; passed += 1) await Promise.resolve();
      void catchUp.take([live(message('2'), 'a2')]);
      await turn();
      assert.deepEqual(ids(), ['1', '2'], `${moment} microtasks later`);
      await catchUp[Symbol.asyncDispose]();
    }
  });
}

test('what a full disk does not take when messages go through is not lost', async () => {
  const { archive, ids, catchUp, clock, journal } = opened('a0');
  archive.messages.push(message('0'), message('1'));
  catchUp.begin(() => Promise.reject(new Error('busy')));
  await catchUp.take([live(message('1'), 'a1')]);
  journal.full = Promise.reject(new Error('disk full'));
  journal.full.catch(() => {});
  await pass(clock, 65);
  assert.deepEqual(ids(), []);
  journal.full = Promise.resolve();
  await pass(clock, 10);
  assert.deepEqual(ids(), ['1']);
  await catchUp[Symbol.asyncDispose]();
});

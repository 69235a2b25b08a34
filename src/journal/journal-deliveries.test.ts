/**
 * Who is owed what and when: lanes, retries, dead letters, restarts, and presence that gives way.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ATTEMPT,
  appendAll,
  bodiesOf,
  DEAD,
  DONE,
  entryOf,
  LINK,
  messageOf,
  newPlace,
  retryAt,
  settleAll,
} from '../../test/support/journal-place.ts';
import { element } from '../xml/element.ts';
import { makeStanza } from '../xmpp/stanza.ts';
import type { Delivery, Outcome } from './journal.ts';

describe('deliveries', () => {
  test('of a sender are made one after the other, those of others meanwhile', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    const [romeo, laptop, mercutio] = ['romeo@m.example/orchard', 'romeo@m.example/laptop', 'mercutio@m.example'];
    const from = [romeo, mercutio, laptop, romeo];
    await journal.append(from.map((sender, index) => entryOf(messageOf(String(index), sender))));
    const first = journal.claim('hook', clock.now, 10);
    assert.deepEqual(bodiesOf(first), ['0', '1']);
    assert.deepEqual(journal.claim('hook', clock.now, 10), []);
    assert.equal(journal.nextDue('hook'), undefined);
    assert.equal(journal.backlog('hook').entries, 4);
    for (const delivery of first) await journal.settle(delivery, DONE);
    assert.deepEqual(bodiesOf(await settleAll(journal, 'hook', DONE)), ['2']);
    assert.equal(journal.nextDue('hook'), 0);
    assert.deepEqual(bodiesOf(await settleAll(journal, 'hook', DONE)), ['3']);
    assert.deepEqual(journal.backlog('hook'), { entries: 0, bytes: 0 });
  });

  test('of one target are nothing to another', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a'], ['hook', 'log']);
    const [one] = journal.claim('hook', 0, 1);
    const [other] = journal.claim('log', 0, 1);
    assert.notEqual(one?.id, other?.id);
    assert.deepEqual(one?.entry, other?.entry);
    assert.deepEqual(journal.claim('nobody', 0, 1), []);
    assert.equal(journal.nextDue('nobody'), undefined);
    assert.deepEqual(journal.backlog('nobody'), { entries: 0, bytes: 0 });
  });

  test('that are to be tried again hold up their lane until then, and only theirs', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    const texts = ['a1', 'a2', 'b1'].map(text => entryOf(messageOf(text, `${text[0]}@m.example`)));
    await journal.append(texts);
    const [a1, b1] = journal.claim('hook', clock.now, 10);
    assert.ok(a1 !== undefined && b1 !== undefined);
    await Promise.all([journal.settle(a1, retryAt(clock.now + 5_000)), journal.settle(b1, DONE)]);
    assert.deepEqual(journal.claim('hook', clock.now + 4_999, 10), []);
    assert.equal(journal.nextDue('hook'), clock.now + 5_000);
    const [again] = journal.claim('hook', clock.now + 5_000, 10);
    assert.deepEqual(again, { ...a1, tries: 1 });
    assert.equal(journal.nextDue('hook'), undefined);
  });

  test('that are dead do not hold up their lane', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await journal.append(['1', '2'].map(text => entryOf(messageOf(text))));
    await settleAll(journal, 'hook', DEAD);
    assert.deepEqual(bodiesOf(journal.claim('hook', 0, 10)), ['2']);
    assert.equal(journal.backlog('hook').entries, 1);
  });

  test('are due again after a restart, with the same ids, tries and times; settled ones are not', async t => {
    const { open, clock } = await newPlace(t);
    const before: Delivery[] = [];
    {
      await using journal = open();
      await appendAll(journal, ['done', 'dead', 'retry', 'lost']);
      before.push(...journal.claim('hook', clock.now, 10));
      const outcomes = [DONE, DEAD, retryAt(clock.now + 1_000)];
      await Promise.all(outcomes.map((outcome, index) => journal.settle(before[index] ?? assert.fail(), outcome)));
    }
    await using journal = open();
    const { bytes, entries } = journal.backlog('hook');
    assert.ok(entries === 2 && bytes > 200, `${entries} entries of ${bytes} bytes`);
    assert.deepEqual(journal.claim('hook', clock.now, 10), [before[3]]);
    assert.deepEqual(journal.claim('hook', clock.now + 1_000, 10), [{ ...before[2], tries: 1 }]);
  });

  test('have ids that nobody can guess, without a dot', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a', 'b']);
    const ids = journal.claim('hook', 0, 10).map(({ id }) => id);
    for (const id of ids) assert.match(id, /^[0-9a-z]+-0-[\w-]{22}$/);
    assert.equal(new Set(ids.map(id => id.slice(-22))).size, 2);
  });

  test('can be settled once', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a']);
    const [delivery] = journal.claim('hook', 0, 1);
    assert.ok(delivery);
    const twice = await Promise.allSettled([journal.settle(delivery, DONE), journal.settle(delivery, DEAD)]);
    assert.deepEqual(
      twice.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal(journal.find(delivery.id, [LINK])?.state, 'done');
  });

  test('with an outcome that is none stay under way', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a']);
    const [delivery] = journal.claim('hook', 0, 1);
    assert.ok(delivery);
    await assert.rejects(journal.settle(delivery, retryAt(Number.NaN)), TypeError);
    await journal.settle(delivery, retryAt(12.4));
    assert.equal(journal.nextDue('hook'), 12);
  });

  test('with an outcome that cannot be written fail alone, and stay under way', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a', 'b']);
    const [a, b] = journal.claim('hook', 0, 2);
    assert.ok(a && b);
    const wrong: Outcome = { name: 'done', attempt: { ...ATTEMPT, status: 1e300 } };
    const ends = await Promise.allSettled([
      journal.settle(a, wrong),
      journal.settle(b, DONE),
      appendAll(journal, ['c']),
    ]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(bodiesOf(journal.claim('hook', 0, 10)), ['c']);
    await journal.settle(a, DONE);
    assert.equal(journal.backlog('hook').entries, 1);
  });

  test('announce themselves', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    const heard: string[][] = [];
    journal.onAppended = targets => heard.push([...targets]);
    await appendAll(journal, ['a'], ['x', 'y']);
    await appendAll(journal, ['b'], []);
    await settleAll(journal, 'x', DEAD);
    journal.retry({ dead: true }, [LINK]);
    assert.deepEqual(heard, [['x', 'y'], ['x']]);
  });
});

describe('presence', () => {
  const presence = (from: string, type?: string, children: Parameters<typeof element>[3] = []) =>
    entryOf(
      makeStanza({
        kind: 'presence',
        type,
        from,
        to: 'bot@rest.example',
        payload: children.filter(child => typeof child !== 'string'),
      }),
    );
  const room = [element('x', 'http://jabber.org/protocol/muc#user')];
  const crowd = (count: number) =>
    Array.from({ length: count }, (_, n) => entryOf(messageOf(`n${n}`, `n${n}@m.example`)));

  test('gives way to a newer one of the same resource when many deliveries wait', async t => {
    const { open, clock } = await newPlace(t);
    const ids: string[] = [];
    {
      await using journal = open();
      await journal.append([presence('a@m.example/x'), presence('a@m.example/y'), ...crowd(100)]);
      const found = journal.list({ links: [LINK], limit: 2 });
      ids.push(...found.map(({ id }) => id));
      await journal.append([presence('a@m.example/x', 'unavailable')]);
      assert.equal(journal.backlog('hook').entries, 102);
      assert.deepEqual(
        journal.claim('hook', clock.now, 1).map(({ id }) => id),
        [ids[1]],
      );
    }
    await using journal = open();
    const record = journal.find(ids[0] ?? '', [LINK]);
    assert.equal(record?.state, 'done');
    assert.match(record?.attempts[0]?.excerpt ?? '', /a newer presence takes its place/);
    assert.equal(journal.backlog('hook').entries, 102);
  });

  test('is delivered each time while few wait, and what tells more than a state always', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await journal.append([presence('a@m.example/x'), presence('a@m.example/x')]);
    assert.equal(journal.backlog('hook').entries, 2);
    await journal.append(crowd(100));
    for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error']) {
      await journal.append([presence('b@m.example/x', type), presence('b@m.example/x', type)]);
    }
    await journal.append([presence('r@rooms.example/nick', undefined, room), presence('r@rooms.example/nick')]);
    assert.equal(journal.backlog('hook').entries, 116);
  });

  test('that is under way or was tried is not taken back', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    await journal.append([presence('a@m.example/x'), ...crowd(100)]);
    const [first] = journal.claim('hook', clock.now, 1);
    assert.ok(first);
    await journal.append([presence('a@m.example/x')]);
    assert.equal(journal.backlog('hook').entries, 102);
    await journal.settle(first, retryAt(clock.now + 10));
    await journal.append([presence('a@m.example/x')]);
    assert.equal(journal.backlog('hook').entries, 102);
    const [again] = journal.claim('hook', clock.now + 10, 1);
    assert.equal(again?.id, first.id);
  });
});

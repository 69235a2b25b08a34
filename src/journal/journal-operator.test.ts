/**
 * What an operator sees of deliveries and does with them, and what is dropped.
 */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  appendAll,
  bodiesOf,
  bodyOf,
  DEAD,
  DONE,
  entryOf,
  LINK,
  messageOf,
  newPlace,
  retryAt,
  settleAll,
} from '../../test/support/journal-place.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Delivery } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const WHOLE = { readable: [{ link: LINK }] };
const OTHER = parseJid('other.example');

describe('an operator', () => {
  test('sees deliveries by state, target and age, of his links only, page by page', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a', 'b'], ['hook', 'log']);
    clock.now += 1_000;
    await appendAll(journal, ['c'], ['hook']);
    await journal.append([entryOf(messageOf('d'), ['hook'], OTHER)]);
    await settleAll(journal, 'log', DEAD);
    const [a] = journal.claim('hook', clock.now, 1);
    assert.ok(a);
    await journal.settle(a, DONE);
    const list = (filter: object, links = [LINK], limit = 10) =>
      journal
        .list({ links, limit, ...filter })
        .map(({ entry, target, state }) => `${bodyOf(entry.stanza)} ${target} ${state}`);
    const all = ['a hook done', 'a log dead', 'b hook queued', 'b log dead', 'c hook queued'];
    assert.deepEqual(list({}), all);
    assert.deepEqual(list({ state: 'dead' }), ['a log dead', 'b log dead']);
    assert.deepEqual(list({ target: 'hook' }), ['a hook done', 'b hook queued', 'c hook queued']);
    assert.deepEqual(list({ before: clock.now }), all.slice(0, 4));
    assert.deepEqual(list({ since: clock.now }), ['c hook queued']);
    assert.deepEqual(list({}, [OTHER]), ['d hook queued']);
    assert.deepEqual(list({}, [OTHER, LINK, LINK]), [...all, 'd hook queued']);
    assert.deepEqual(list({}, []), []);
    const paged: string[] = [];
    for (let after: string | undefined; ; ) {
      const [record] = journal.list({ links: [LINK], limit: 1, ...(after !== undefined && { after }) });
      if (record === undefined) break;
      paged.push(`${bodyOf(record.entry.stanza)} ${record.target} ${record.state}`);
      after = record.id;
    }
    assert.deepEqual(paged, all);
    assert.throws(() => list({ after: 'nonsense' }), { code: 'request-malformed' });
  });

  test('sees a delivery with its last attempts', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    const [entry] = await appendAll(journal, ['a']);
    const id = journal.list({ links: [LINK], limit: 1 })[0]?.id ?? '';
    assert.deepEqual(journal.find(id, [LINK]), {
      id,
      target: 'hook',
      state: 'queued',
      entry,
      tries: 0,
      next: clock.now,
      attempts: [],
    });
    for (let n = 1; n <= 25; n += 1) {
      const [delivery] = journal.claim('hook', clock.now, 1);
      assert.ok(delivery);
      const long = `${n} \u0000\u001b[31m\ud800 ${'x'.repeat(2_000)}`;
      await journal.settle(delivery, { name: 'retry', at: 5, attempt: { at: n, latency: 0.25, excerpt: long } });
    }
    const record = journal.find(id, [LINK]);
    assert.deepEqual([record?.state, record?.tries, record?.next], ['queued', 25, clock.now]);
    assert.deepEqual(
      record?.attempts.map(({ at }) => at),
      Array.from({ length: 20 }, (_, n) => n + 6),
    );
    const last = record?.attempts.at(-1);
    assert.equal(last?.excerpt.length, 1024);
    assert.ok(last?.excerpt.startsWith('25 \u0000\u001b[31m\ufffd xxx'), JSON.stringify(last?.excerpt));
    assert.deepEqual(Object.keys(last ?? {}).toSorted(), ['at', 'excerpt', 'latency']);
  });

  test('sees nothing of other links, and nothing by an id that is only nearly right', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a']);
    const id = journal.list({ links: [LINK], limit: 1 })[0]?.id ?? '';
    assert.ok(journal.find(id, [OTHER, LINK]));
    const wrong = [
      `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`,
      id.replace(/^1/, '2'),
      id.replace('-0-', '-1-'),
    ];
    for (const other of [...wrong, '', 'x', `${id}x`, '__proto__'])
      assert.equal(journal.find(other, [LINK]), undefined);
    assert.equal(journal.find(id, [OTHER]), undefined);
    assert.equal(journal.retry({ id }, [OTHER]), 0);
    assert.equal(journal.retry({ id: 'x' }, [LINK]), 0);
  });

  test('queues dead letters again, at their place, with a schedule that starts anew', async t => {
    const { open, clock } = await newPlace(t);
    const ids: string[] = [];
    {
      await using journal = open();
      await journal.append(['1', '2', '3'].map(text => entryOf(messageOf(text))));
      for (let n = 0; n < 2; n += 1) ids.push(...(await settleAll(journal, 'hook', DEAD)).map(({ id }) => id));
      const [third] = journal.claim('hook', clock.now, 1);
      assert.ok(third);
      assert.equal(journal.retry({ dead: true, target: 'other' }, [LINK]), 0);
      assert.equal(journal.retry({ dead: true, target: 'hook' }, [LINK]), 2);
      assert.equal(journal.retry({ dead: true }, [LINK]), 0);
      assert.deepEqual(journal.claim('hook', clock.now, 10), [], 'the third is under way');
      await journal.settle(third, DONE);
      assert.equal(journal.backlog('hook').entries, 2);
    }
    await using journal = open();
    const order: Delivery[] = [];
    for (let n = 0; n < 2; n += 1) order.push(...(await settleAll(journal, 'hook', DONE)));
    assert.deepEqual(
      order.map(({ id, tries }) => [id, tries]),
      ids.map(id => [id, 0]),
    );
    const record = journal.find(ids[0] ?? '', [LINK]);
    assert.deepEqual(
      record?.attempts.map(({ status }) => status),
      [410, 200],
    );
    assert.equal(journal.retry({ id: ids[0] ?? '' }, [LINK]), 0, 'what is done is not done again');
  });

  test('makes one that waits due at once', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    await journal.append(['1', '2'].map(text => entryOf(messageOf(text))));
    const [first] = await settleAll(journal, 'hook', retryAt(clock.now + 60_000));
    assert.ok(first);
    assert.equal(journal.retry({ id: first.id }, [LINK]), 1);
    assert.equal(journal.nextDue('hook'), 0);
    const [again] = journal.claim('hook', clock.now, 10);
    assert.deepEqual(again, { ...first, tries: 1 });
    assert.equal(journal.retry({ id: first.id }, [LINK]), 1, 'it is being tried');
    assert.deepEqual(journal.claim('hook', clock.now, 10), []);
  });
});

test('what was made due at once is due at once after a restart too', async t => {
  const { open, clock } = await newPlace(t);
  {
    await using journal = open();
    await journal.append([entryOf(messageOf('1'))]);
    const [first] = await settleAll(journal, 'hook', retryAt(clock.now + 60_000));
    assert.ok(first);
    assert.equal(journal.retry({ id: first.id }, [LINK]), 1);
  }
  await using journal = open();
  assert.equal(journal.nextDue('hook'), 0);
  assert.equal(journal.claim('hook', clock.now, 10).length, 1);
});

describe('pruning', () => {
  test('drops what is old and settled, and nothing that is owed', async t => {
    const { open, clock } = await newPlace(t);
    {
      await using journal = open();
      await appendAll(journal, ['done', 'dead', 'queued', 'both'], ['hook']);
      await journal.append([entryOf(messageOf('unwanted'), [])]);
      const [done, dead, , both] = journal.claim('hook', clock.now, 10);
      assert.ok(done && dead && both);
      await Promise.all([journal.settle(done, DONE), journal.settle(dead, DEAD), journal.settle(both, DONE)]);
      clock.now += 1_000;
      await appendAll(journal, ['young'], []);
      assert.equal(journal.prune(clock.now, Number.MAX_SAFE_INTEGER), 4);
      assert.equal(journal.prune(clock.now, Number.MAX_SAFE_INTEGER), 0);
      assert.equal(journal.first, 3);
      assert.equal(journal.read(0, WHOLE, 10).length, 2);
      assert.equal(journal.find(done.id, [LINK]), undefined);
      assert.deepEqual(
        journal.list({ links: [LINK], limit: 10 }).map(({ entry }) => bodyOf(entry.stanza)),
        ['queued'],
      );
    }
    await using journal = open();
    assert.deepEqual(
      journal.read(0, WHOLE, 10).map(({ stanza }) => bodyOf(stanza)),
      ['queued', 'young'],
    );
    assert.deepEqual(bodiesOf(journal.claim('hook', clock.now, 10)), ['queued']);
  });

  test('keeps the store under its size, oldest first, uses the room again, and gives numbers only once', async t => {
    const { open, path } = await newPlace(t);
    const fill = (journal: SqliteJournal, count: number) =>
      journal.append(Array.from({ length: count }, (_, n) => entryOf(messageOf(`${n} ${'x'.repeat(4_000)}`), [])));
    {
      await using journal = open();
      await fill(journal, 1_000);
    }
    const { size } = await stat(path);
    {
      await using journal = open();
      const dropped = journal.prune(0, size / 4);
      assert.ok(dropped >= 700 && dropped <= 800, String(dropped));
      assert.equal(journal.first, dropped + 1);
      await fill(journal, dropped);
    }
    assert.ok((await stat(path)).size <= 1.05 * size);
    {
      await using journal = open();
      assert.equal(journal.prune(0, 0), 1_000);
      assert.equal(journal.first, journal.last + 1);
      assert.deepEqual(journal.read(0, WHOLE, 10), []);
    }
    await using journal = open();
    const { last } = journal;
    assert.equal((await appendAll(journal, ['a']))[0]?.seq, last + 1);
  });

  test('drops a bounded number at a time', async t => {
    const { open, clock } = await newPlace(t);
    await using journal = open();
    await journal.append(Array.from({ length: 5_001 }, (_, n) => entryOf(messageOf(String(n)), [])));
    assert.equal(journal.prune(clock.now + 1, 0), 5_000);
    assert.equal(journal.prune(clock.now + 1, 0), 1);
  });
});

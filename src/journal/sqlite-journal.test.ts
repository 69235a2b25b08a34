/**
 * The journal: entries that come back, readers that wait for them, the position in an archive, and the end.
 */
import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import {
  appendAll,
  bodiesOf,
  bodyOf,
  DONE,
  entryOf,
  LINK,
  messageOf,
  newPlace,
  settleAll,
} from '../../test/support/journal-place.ts';
import { migrate } from '../sqlite.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { makeStanza } from '../xmpp/stanza.ts';
import type { Entry } from './journal.ts';
import { MIGRATIONS } from './journal-schema.ts';
import type { SqliteJournal } from './sqlite-journal.ts';
import { sumOf } from './stored.ts';

const WHOLE = { readable: [{ link: LINK }] };
const NEVER = new AbortController().signal;
const OTHER = parseJid('other.example');

describe('entries', () => {
  test('come back in their order with growing numbers, also after a restart', async t => {
    const { open, clock } = await newPlace(t);
    const kept: Entry[] = [];
    {
      await using journal = open();
      assert.deepEqual([journal.last, journal.first], [0, 1]);
      kept.push(...(await appendAll(journal, ['a', 'b'])));
      clock.now += 5;
      kept.push(...(await appendAll(journal, ['c'], [])));
      assert.deepEqual(journal.read(0, WHOLE, 10), kept);
    }
    await using journal = open();
    assert.deepEqual(
      kept.map(({ seq, at, event }) => [seq, at, event]),
      [
        [1, 1_800_000_000_000, 'bare'],
        [2, 1_800_000_000_000, 'bare'],
        [3, 1_800_000_000_005, 'bare'],
      ],
    );
    assert.deepEqual([journal.last, journal.first], [3, 1]);
    kept.push(...(await appendAll(journal, ['d'])));
    assert.deepEqual(journal.read(0, WHOLE, 10), kept);
    assert.deepEqual(journal.read(2, WHOLE, 1), kept.slice(2, 3));
  });

  test('of one turn of the event loop are one commit', async t => {
    const { open, path } = await newPlace(t);
    await using journal = open();
    using reader = new DatabaseSync(path, { readOnly: true });
    const commits = () => Number(reader.prepare('SELECT commits FROM progress').get()?.['commits']);
    const all = Array.from({ length: 30 }, (_, number) => appendAll(journal, [`n${number}`]));
    assert.equal(commits(), 0);
    const entries = (await Promise.all(all)).flat();
    assert.equal(commits(), 1);
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      Array.from({ length: 30 }, (_, number) => number + 1),
    );
    await settleAll(journal, 'hook', DONE);
    assert.equal(commits(), 2);
  });

  test('none of which is none', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    assert.deepEqual(await journal.append([]), []);
    assert.equal(journal.last, 0);
  });

  test('a stanza that no stream could carry is refused alone', async t => {
    const { open } = await newPlace(t);
    await using journal = open();
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, number) => [`a${number}`, '']));
    const bad = makeStanza({ kind: 'message', payload: [element('x', 'urn:example', wide)] });
    const [refused, kept] = await Promise.allSettled([journal.append([entryOf(bad)]), appendAll(journal, ['a'])]);
    assert.equal(refused.status === 'rejected' && refused.reason.condition, 'policy-violation');
    assert.equal(kept.status, 'fulfilled');
    assert.equal(journal.last, 1);
  });

  test('are read by those who have the authority, whether they are still in memory or not', async t => {
    const { open } = await newPlace(t);
    const [juliet, nurse] = [parseJid('juliet@capulet.example'), parseJid('nurse@capulet.example')];
    const filters = [
      { readable: [{ link: LINK }] },
      { readable: [{ link: LINK, bare: juliet }] },
      {
        readable: [{ link: LINK, bare: nurse }, { link: LINK, bare: juliet }, { link: OTHER }],
      },
      { readable: [{ link: LINK }, { link: LINK, bare: juliet }] },
      { readable: [{ link: OTHER, bare: OTHER }] },
      { readable: [] },
    ];
    const expected = [['1', '2', '3', '4'], ['1', '3'], ['1', '2', '3', '5', '6'], ['1', '2', '3', '4'], ['6'], []];
    const read = (journal: SqliteJournal) =>
      filters.map(filter => journal.read(0, filter, 10).map(({ stanza }) => bodyOf(stanza)));
    {
      await using journal = open();
      const to = [`${juliet}/balcony`, nurse, juliet, 'rest.example', `${juliet}`];
      const entries = to.map((address, index) =>
        entryOf(messageOf(String(index + 1), 'a@b.example', address), [], index < 4 ? LINK : OTHER),
      );
      // Without an address it is for the link's own account.
      const own = makeStanza({ kind: 'message', payload: messageOf('6').payload });
      await journal.append([...entries, entryOf(own, [], OTHER)]);
      assert.deepEqual(read(journal), expected);
    }
    await using journal = open();
    assert.deepEqual(read(journal), expected);
    assert.deepEqual(
      journal.read(1, WHOLE, 2).map(({ seq }) => seq),
      [2, 3],
    );
  });

  test('end the waits for them', async t => {
    const { open } = await newPlace(t);
    const journal = open();
    const waits = [journal.appended(0, NEVER), journal.appended(1, NEVER)];
    await appendAll(journal, ['a']);
    await waits[0];
    await journal.appended(0, NEVER);
    const leaving = new AbortController();
    const left = assert.rejects(journal.appended(1, leaving.signal), /has left/);
    leaving.abort(new Error('has left'));
    await left;
    await assert.rejects(journal.appended(0, leaving.signal), /has left/);
    await appendAll(journal, ['b']);
    await waits[1];
    const ended = assert.rejects(journal.appended(2, NEVER), { code: 'stopping' });
    await journal[Symbol.asyncDispose]();
    await ended;
    await assert.rejects(journal.appended(0, NEVER), { code: 'stopping' });
  });
});

describe('the position in an archive', () => {
  test('goes with the entry, or alone, has its time, and survives a restart', async t => {
    const { open, clock } = await newPlace(t);
    const first = clock.now;
    {
      await using journal = open();
      assert.equal(journal.position(LINK), undefined);
      await journal.setPosition(LINK, '');
      assert.deepEqual(journal.position(LINK), { archiveId: '', at: first });
      clock.now += 5;
      await journal.append([{ ...entryOf(messageOf('a')), archiveId: 'one' }]);
      assert.deepEqual(journal.position(LINK), { archiveId: 'one', at: first + 5 });
      await journal.setPosition(OTHER, 'two', 1_000);
    }
    await using journal = open();
    assert.deepEqual(
      [journal.position(LINK), journal.position(OTHER)],
      [
        { archiveId: 'one', at: first + 5 },
        { archiveId: 'two', at: 1_000 },
      ],
    );
  });

  test('that an earlier release has noted has no time', async t => {
    const { open, path } = await newPlace(t);
    await mkdir(dirname(path));
    using older = new DatabaseSync(path);
    migrate(older, MIGRATIONS.slice(0, 1));
    older.prepare('INSERT INTO archive (link, position, sum) VALUES (?, ?, ?)').run(LINK, 'one', sumOf(LINK, 'one'));
    older.close();
    await using journal = open();
    assert.deepEqual(journal.position(LINK), { archiveId: 'one', at: undefined });
    await journal.setPosition(LINK, 'two', 5);
    assert.deepEqual(journal.position(LINK), { archiveId: 'two', at: 5 });
  });

  for (const change of ['at = at + 1', 'at = NULL', "position = 'other'"]) {
    test(`is not believed when it was changed: ${change}`, async t => {
      const { open, path } = await newPlace(t);
      {
        await using journal = open();
        await journal.setPosition(LINK, 'one', 5);
      }
      using file = new DatabaseSync(path);
      file.exec(`UPDATE archive SET ${change}`);
      file.close();
      assert.throws(open, /the position in the archive of rest\.example is damaged/);
    });
  }
});

describe('closing', () => {
  test('writes what was asked for, refuses what comes later, and may happen twice', async t => {
    const { open } = await newPlace(t);
    const journal = open();
    const last = appendAll(journal, ['a']);
    await journal[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    assert.equal((await last).length, 1);
    await assert.rejects(appendAll(journal, ['b']), { code: 'stopping' });
    await assert.rejects(journal.setPosition(LINK, 'x'), { code: 'stopping' });
    for (const call of [
      () => journal.claim('hook', 0, 1),
      () => journal.list({ links: [LINK], limit: 1 }),
      () => journal.prune(0, 0),
      () => journal.retry({ dead: true }, [LINK]),
    ]) {
      assert.throws(call, { code: 'stopping' });
    }
    await using again = open();
    assert.deepEqual(bodiesOf(again.claim('hook', 0, 10)), ['a']);
  });

  test('only its owner can read what is on the disk', async t => {
    const { open, path } = await newPlace(t);
    await using journal = open();
    await appendAll(journal, ['a']);
    for (const name of [path, `${path}-wal`, `${path}-mark`])
      assert.equal((await stat(name)).mode & 0o777, 0o600, name);
  });
});

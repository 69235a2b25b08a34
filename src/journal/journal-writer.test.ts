/**
 * A group on its way to the disk: nobody hears of it, everything else goes on, and whoever cannot wait gets it done.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readdirSync, readlinkSync, renameSync, rmdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  ATTEMPT,
  appendAll,
  bodyOf,
  DONE,
  entryOf,
  LINK,
  messageOf,
  newPlace,
  type Place,
} from '../../test/support/journal-place.ts';
import type { Entry } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const WHOLE = { readable: [{ link: LINK }] };

/** An append whose commit has been made just now; the next turn of the event loop can tell of its sync at the earliest. */
async function appending(journal: SqliteJournal, text: string): Promise<{ readonly kept: Promise<readonly Entry[]> }> {
  const kept = journal.append([entryOf(messageOf(text))]);
  await new Promise(resolve => setImmediate(resolve));
  return { kept };
}

/** Puts a device that cannot be synced in the place of the log's descriptors; the first is SQLite's own, and stays. */
function breakSyncs({ path }: Place): void {
  const isLog = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === `${path}-wal`;
    } catch {
      return false;
    }
  };
  const found = readdirSync('/proc/self/fd').filter(isLog).map(Number);
  for (const fd of found.toSorted((a, b) => a - b).slice(1)) {
    closeSync(fd);
    assert.equal(openSync('/dev/null', 'r+'), fd, 'or else another file has got the number');
  }
}

function countIn({ path }: Place): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare('SELECT count(*) AS count FROM entry').get()?.['count'];
}

test('what is in the log and not on the disk yet is told to nobody', async t => {
  const place = await newPlace(t);
  await using journal = place.open();
  const { kept } = await appending(journal, 'a');
  assert.equal(countIn(place), 1, 'or else this tests nothing');
  assert.deepEqual([journal.last, journal.read(0, WHOLE, 10), journal.claim('hook', 0, 10)], [0, [], []]);
  const [entry] = await kept;
  assert.deepEqual([journal.last, journal.read(0, WHOLE, 10)], [1, [entry]]);
});

test('a reader of the file does not see it either', async t => {
  const place = await newPlace(t);
  {
    await using journal = place.open();
    await journal.append([entryOf(messageOf('old'))]);
  }
  await using journal = place.open();
  const { kept } = await appending(journal, 'new');
  assert.deepEqual(
    journal.read(0, WHOLE, 10).map(({ stanza }) => bodyOf(stanza)),
    ['old'],
  );
  await kept;
});

test('what comes meanwhile goes with the next commit', async t => {
  const place = await newPlace(t);
  await using journal = place.open();
  const { kept } = await appending(journal, 'a');
  await Promise.all([kept, ...['b', 'c', 'd'].map(text => journal.append([entryOf(messageOf(text))]))]);
  assert.deepEqual(
    journal.read(0, WHOLE, 10).map(({ stanza }) => bodyOf(stanza)),
    ['a', 'b', 'c', 'd'],
  );
  assert.match(await readFile(`${place.path}-mark`, 'latin1'), /^0{15}2 /);
});

test('a change that cannot wait comes after it', async t => {
  const place = await newPlace(t);
  await using journal = place.open();
  const { kept } = await appending(journal, 'a');
  const waiting = journal.append([entryOf(messageOf('b'))]);
  assert.equal(journal.retry({ dead: true }, [LINK]), 0);
  assert.equal(journal.last, 2);
  await Promise.all([kept, waiting]);
  for (const delivery of journal.claim('hook', 0, 10)) await journal.settle(delivery, DONE);
  assert.match(await readFile(`${place.path}-mark`, 'latin1'), /^0{15}4 /);
});

test('the end keeps it', async t => {
  const place = await newPlace(t);
  const journal = place.open();
  const { kept } = await appending(journal, 'a');
  await journal[Symbol.asyncDispose]();
  const entries = await kept;
  await using again = place.open();
  assert.deepEqual(again.read(0, WHOLE, 10), entries);
});

test('an outcome in doubt is kept once, when it turns out to be on the disk', {
  skip: process.platform !== 'linux',
}, async t => {
  const place = await newPlace(t);
  await using journal = place.open();
  await appendAll(journal, ['a']);
  const [delivery] = journal.claim('hook', place.clock.now, 1);
  assert.ok(delivery !== undefined);
  // The sync fails, and so does opening the file again, until the mark is back.
  breakSyncs(place);
  const mark = `${place.path}-mark`;
  renameSync(mark, `${mark}.away`);
  mkdirSync(mark);
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  place.log.error = (_fields, message) => void (message === 'the journal cannot be written' && resolve());
  const settled = journal.settle(delivery, DONE);
  const refused = assert.rejects(journal.append([entryOf(messageOf('b'))]), { code: 'storage-unavailable' });
  await failed;
  rmdirSync(mark);
  renameSync(`${mark}.away`, mark);
  await settled;
  assert.deepEqual(journal.find(delivery.id, [LINK])?.attempts, [ATTEMPT]);
  await refused;
  const bodies = journal.read(0, WHOLE, 10).map(({ stanza }) => bodyOf(stanza));
  assert.deepEqual([journal.last, bodies, journal.backlog('hook').entries], [2, ['a', 'b'], 1], 'memory knows it too');
});

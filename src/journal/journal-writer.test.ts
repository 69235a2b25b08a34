/**
 * A group on its way to the disk: nobody hears of it, everything else goes on, and whoever cannot wait gets it done.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bodyOf, DONE, entryOf, LINK, messageOf, newPlace, type Place } from '../../test/support/journal-place.ts';
import type { Entry } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const WHOLE = { readable: [{ link: LINK }] };

/** An append whose commit has been made just now; the next turn of the event loop can tell of its sync at the earliest. */
async function appending(journal: SqliteJournal, text: string): Promise<{ readonly kept: Promise<readonly Entry[]> }> {
  const kept = journal.append([entryOf(messageOf(text))]);
  await new Promise(resolve => setImmediate(resolve));
  return { kept };
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

/**
 * How fast the journal is, as a share of what SQLite does with the same bytes in the same minute: a machine that is busy with
 * other things is slow at both.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DONE, entryOf, messageOf, newPlace } from '../../test/support/journal-place.ts';
import type { SqliteJournal } from './sqlite-journal.ts';
import { xmlOf } from './stored.ts';

const BATCH = 50;
const BATCHES = 200;

const stanzaOf = (n: number) => messageOf(`hello ${n} ${'.'.repeat(100)}`, `user${n % 1_000}@m.example/home`);

/** Deliveries per second of appending, claiming and settling, in batches that overlap. */
async function rateOf(journal: SqliteJournal): Promise<number> {
  const began = performance.now();
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const entries = Array.from({ length: BATCH }, (_, n) => entryOf(stanzaOf(batch * BATCH + n)));
    const settled = journal.claim('hook', 0, BATCH).map(delivery => journal.settle(delivery, DONE));
    await Promise.all([journal.append(entries), ...settled]);
  }
  return (BATCH * BATCHES * 1_000) / (performance.now() - began);
}

/** Rows per second of inserting the same stanzas and nothing else, in commits of the same size. */
function plainRate(path: string): number {
  using database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE stanza (xml TEXT) STRICT');
  const insert = database.prepare('INSERT INTO stanza VALUES (?)');
  const xml = xmlOf(stanzaOf(1));
  const began = performance.now();
  for (let batch = 0; batch < BATCHES; batch += 1) {
    database.exec('BEGIN');
    for (let n = 0; n < BATCH; n += 1) insert.run(xml);
    database.exec('COMMIT');
  }
  return (BATCH * BATCHES * 1_000) / (performance.now() - began);
}

test('appending, claiming and settling is not far from what SQLite can do', async t => {
  const { open, path } = await newPlace(t);
  await using journal = open();
  await rateOf(journal);
  const rounds = [1, 2, 3].map(() => 0);
  for (const round of rounds.keys()) {
    const [plain, ours] = [plainRate(`${path}-plain${round}`), await rateOf(journal)];
    t.diagnostic(`${Math.round(ours)} deliveries/s; plain inserts ${Math.round(plain)}/s`);
    rounds[round] = ours / plain;
  }
  // One delivery is five rows in five indexes beside the stanza, and its XML is written and checked.
  assert.ok(Math.max(...rounds) > 1 / 50, rounds.join(' '));
});

test('a backlog does not make it slower', async t => {
  const { open } = await newPlace(t);
  await using journal = open();
  const small = await rateOf(journal);
  for (let batch = 0; batch < 40; batch += 1) {
    const one = Array.from({ length: 1_000 }, (_, n) => entryOf(messageOf(String(n), 'one@m.example')));
    await journal.append(one);
  }
  const large = await rateOf(journal);
  t.diagnostic(
    `${Math.round(small)} deliveries/s with an empty journal, ${Math.round(large)} behind 40,000 of one sender`,
  );
  assert.ok(large > small / 8, String(large));
});

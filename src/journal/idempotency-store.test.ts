/**
 * The requests that are kept: what comes back, what is forgotten and when, and what happens when the disk fails.
 */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { parseJid } from '../xmpp/jid.ts';
import { type Answer, fingerprintOf } from './idempotency.ts';
import { type Entry, IdempotencyStore } from './idempotency-store.ts';

const ALICE = parseJid('alice@one.example');
const BOB = parseJid('bob@one.example');
const DAY = 24 * 60 * 60 * 1000;
const RETENTION = { time: DAY, body: 256 * 1024, quota: 64 * 1024 * 1024 };

/** A file in a folder of its own, with a clock and a log. */
async function place(t: TestContext, retention: Partial<typeof RETENTION> = {}) {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const file = join(folder.path, 'data', 'idempotency.sqlite');
  const [clock, log] = [{ now: 1_800_000_000_000 }, new MemoryLog()];
  const open = () => IdempotencyStore.open(file, log, { ...RETENTION, ...retention }, () => clock.now);
  return { file, clock, log, open };
}

const printOf = (text: string) =>
  fingerprintOf({ method: 'POST', path: '/rest', contentType: 'application/json', body: Buffer.from(text) });

const HELLO = printOf('hello');
const ACCEPTED: Answer = { status: 202, headers: {}, body: new Uint8Array() };

function answerWith(text: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'restanza-ignored': 'a, b' },
    body: new TextEncoder().encode(text),
  };
}

/** Begins a request that must not be a repeat. */
function run(store: IdempotencyStore, key: string, principal = ALICE, print = HELLO): Entry {
  const begun = store.begin(principal, key, print);
  assert.equal(begun.kind, 'run');
  return begun.entry;
}

/** Begins a request that must be a repeat. */
function replay(store: IdempotencyStore, key: string, principal = ALICE, print = HELLO): Answer {
  const begun = store.begin(principal, key, print);
  assert.equal(begun.kind, 'replay');
  return begun.answer;
}

/** How many requests the file holds. */
function rows(file: string): number {
  using database = new DatabaseSync(file, { readOnly: true });
  return Number(database.prepare('SELECT count(*) AS rows FROM request').get()?.['rows']);
}

test('a repeat gets the answer of the first request, with or without a body, also after a restart', async t => {
  const { open } = await place(t);
  const answers = { empty: ACCEPTED, small: answerWith('{}'), large: answerWith('x'.repeat(256 * 1024)) };
  {
    using store = open();
    for (const [key, answer] of Object.entries(answers)) store.finish(run(store, key), answer);
    for (const [key, answer] of Object.entries(answers)) assert.deepEqual(replay(store, key), answer);
  }
  using store = open();
  for (const [key, answer] of Object.entries(answers)) assert.deepEqual(replay(store, key), answer);
});

test('keys of one principal are nothing to another', async t => {
  const { open } = await place(t);
  using store = open();
  store.finish(run(store, 'k'), ACCEPTED);
  const entry = run(store, 'k', BOB);
  store.finish(entry, answerWith('bob'));
  assert.deepEqual(replay(store, 'k'), ACCEPTED);
  assert.deepEqual(replay(store, 'k', BOB), answerWith('bob'));
});

test('another request with the key is refused while the first runs and when it is answered', async t => {
  const { open } = await place(t);
  using store = open();
  const entry = run(store, 'k');
  const other = () => store.begin(ALICE, 'k', printOf('other'));
  assert.throws(other, { code: 'idempotency-mismatch' });
  store.finish(entry, ACCEPTED);
  assert.throws(other, { code: 'idempotency-mismatch' });
  assert.deepEqual(replay(store, 'k'), ACCEPTED);
});

test('a repeat while the first request runs is refused', async t => {
  const { open } = await place(t);
  using store = open();
  const entry = run(store, 'k');
  for (let time = 0; time < 3; time += 1) {
    assert.throws(() => store.begin(ALICE, 'k', HELLO), { code: 'idempotency-concurrent' });
  }
  run(store, 'l');
  store.finish(entry, ACCEPTED);
  replay(store, 'k');
});

test('a request that sent nothing is forgotten', async t => {
  const { file, open } = await place(t);
  using store = open();
  store.abandon(run(store, 'k'));
  assert.equal(rows(file), 0);
  const entry = run(store, 'k', ALICE, printOf('other'));
  assert.equal(entry.resumed, false);
});

test('when the process ends before the answer, a repeat is made again, with the same id', async t => {
  const { open } = await place(t);
  const ids: string[] = [];
  for (let life = 0; life < 3; life += 1) {
    using store = open();
    const entry = run(store, 'k');
    assert.equal(entry.resumed, life > 0);
    ids.push(entry.id);
  }
  using store = open();
  assert.throws(() => store.begin(ALICE, 'k', printOf('other')), { code: 'idempotency-mismatch' });
  const entry = run(store, 'k');
  assert.deepEqual(new Set(ids), new Set([entry.id]));
  store.finish(entry, ACCEPTED);
  replay(store, 'k');
});

test('what an earlier process may have sent is not forgotten when the repeat sends nothing', async t => {
  const { open } = await place(t);
  {
    using store = open();
    run(store, 'k');
  }
  using store = open();
  store.abandon(run(store, 'k'));
  assert.throws(() => store.begin(ALICE, 'k', printOf('other')), { code: 'idempotency-mismatch' });
  assert.equal(run(store, 'k').resumed, true);
});

test('an answer that is too large is not kept, and its request not made again', async t => {
  const { open } = await place(t);
  const refused = { code: 'idempotency-unrecorded' };
  {
    using store = open();
    store.finish(run(store, 'k'), answerWith('x'.repeat(256 * 1024 + 1)));
    assert.throws(() => store.begin(ALICE, 'k', HELLO), refused);
  }
  using store = open();
  assert.throws(() => store.begin(ALICE, 'k', HELLO), refused);
  assert.throws(() => store.begin(ALICE, 'k', printOf('other')), { code: 'idempotency-mismatch' });
});

test('a request is forgotten 24 hours after it began, and no earlier', async t => {
  const { clock, open } = await place(t);
  using store = open();
  const entry = run(store, 'k');
  clock.now += 1_000;
  store.finish(entry, ACCEPTED);
  clock.now = entry.started + DAY - 1;
  replay(store, 'k');
  clock.now += 1;
  const again = run(store, 'k', ALICE, printOf('other'));
  store.finish(again, answerWith('new'));
  assert.deepEqual(replay(store, 'k', ALICE, printOf('other')), answerWith('new'));
});

test('what is old goes with what is new, a few at a time', async t => {
  const { file, clock, open } = await place(t);
  using store = open();
  for (let key = 0; key < 50; key += 1) store.finish(run(store, `old${key}`), ACCEPTED);
  clock.now += DAY;
  const left: number[] = [];
  for (let key = 0; key < 5; key += 1) {
    store.finish(run(store, `new${key}`), ACCEPTED);
    left.push(rows(file) - key - 1);
  }
  assert.deepEqual(left, [34, 18, 2, 0, 0]);
});

test('a principal over his quota loses his own oldest answers, and nobody else’s', async t => {
  const { file, open } = await place(t, { quota: 20_000 });
  using store = open();
  store.finish(run(store, 'k', BOB), answerWith('bob'));
  for (let key = 0; key < 100; key += 1) store.finish(run(store, `k${key}`), answerWith('x'.repeat(1_000)));
  assert.deepEqual(replay(store, 'k', BOB), answerWith('bob'));
  assert.deepEqual(replay(store, 'k99'), answerWith('x'.repeat(1_000)));
  assert.deepEqual(replay(store, 'k90'), answerWith('x'.repeat(1_000)));
  assert.ok(rows(file) <= 20, String(rows(file)));
  run(store, 'k0');
});

test('a request that made room for others while it ran gets its answer kept, and runs once', async t => {
  const { open } = await place(t, { quota: 5_000 });
  using store = open();
  const long = run(store, 'long');
  for (let key = 0; key < 50; key += 1) store.finish(run(store, `k${key}`), ACCEPTED);
  assert.throws(() => store.begin(ALICE, 'long', HELLO), { code: 'idempotency-concurrent' });
  store.finish(long, answerWith('at last'));
  assert.deepEqual(replay(store, 'long'), answerWith('at last'));
});

test('the file holds neither keys nor addresses, and only its owner can read it', async t => {
  const { file, open } = await place(t);
  using store = open();
  store.finish(run(store, 'order-4711'), answerWith('seen'));
  const content = await readFile(`${file}-wal`, 'latin1');
  assert.ok(content.includes('seen'), 'or else this test looks in the wrong place');
  for (const text of ['order-4711', 'alice']) assert.ok(!content.includes(text), text);
  for (const name of [file, `${file}-wal`]) assert.equal((await stat(name)).mode & 0o777, 0o600);
});

test('while the file cannot be written no request is made, and afterwards it is', async t => {
  const { file, log, open } = await place(t);
  using store = open();
  using other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  assert.throws(() => run(store, 'k'), { code: 'storage-unavailable', retryAfter: 5 });
  assert.equal(log.with('the requests with Idempotency-Key cannot be read or written').length, 1);
  other.exec('ROLLBACK');
  store.finish(run(store, 'k'), ACCEPTED);
  replay(store, 'k');
});

test('when an answer cannot be written, the log says so and repeats are refused as long as the process runs', async t => {
  const { file, log, open } = await place(t);
  {
    using store = open();
    const entry = run(store, 'k');
    using other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    store.finish(entry, ACCEPTED);
    other.exec('ROLLBACK');
    assert.equal(log.with('the answer to a request with Idempotency-Key could not be kept').length, 1);
    assert.throws(() => store.begin(ALICE, 'k', HELLO), { code: 'idempotency-unrecorded' });
    assert.throws(() => store.begin(ALICE, 'k', printOf('other')), { code: 'idempotency-mismatch' });
  }
  using store = open();
  assert.equal(run(store, 'k').resumed, true);
});

test('closing twice is no error, and after it nothing is begun and nothing throws that ends', async t => {
  const { open } = await place(t);
  const store = open();
  const entries = [run(store, 'a'), run(store, 'b')] as const;
  store[Symbol.dispose]();
  store[Symbol.dispose]();
  assert.throws(() => run(store, 'k'), { code: 'storage-unavailable' });
  store.finish(entries[0], ACCEPTED);
  store.abandon(entries[1]);
});

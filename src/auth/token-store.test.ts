/**
 * The file of API tokens: what is in it, when it is written, and that several processes see the same.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { openDatabase } from '../sqlite.ts';
import { MIGRATIONS } from './token-schema.ts';
import { TokenStore } from './token-store.ts';
import { readTerms, type WrittenTerms } from './token-terms.ts';
import { isLive } from './tokens.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;

const termsOf = (written: Partial<WrittenTerms> = {}) =>
  readTerms({ jid: 'bot@one.example', scopes: ['send', 'query'], ...written }, START);

/** A place with a clock, where the store can be opened more than once. */
async function placed(t: TestContext) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = stack.use(await Folder.make());
  const file = join(folder.path, 'tokens.sqlite');
  const [log, time] = [new MemoryLog(), { now: START }];
  const open = () => stack.use(TokenStore.open(file, log, () => time.now));
  return { folder: folder.path, file, log, time, open };
}

test('a token is found by its text and by its id, with all that was said of it', async t => {
  const { open } = await placed(t);
  const terms = termsOf({ expires: '90d', rate: 5, networks: ['10.0.0.0/8', '::1'], label: 'mine' });
  const { token, record } = open().create(terms, 'alice@one.example');
  const again = open();
  const expected = { ...terms, id: record.id, created: START, creator: 'alice@one.example' };
  assert.deepEqual(record, expected);
  assert.deepEqual(again.lookUp(token), expected);
  assert.deepEqual(again.find(record.id), expected);
  assert.deepEqual(again.list(), [expected]);
});

test('what was not said is not there', async t => {
  const { open } = await placed(t);
  const store = open();
  const { record } = store.create(termsOf());
  assert.deepEqual(store.list(), [record]);
  assert.deepEqual(Object.keys(record).sort(), ['created', 'id', 'networks', 'pattern', 'scopes']);
  assert.equal(store.find('nothing'), undefined);
  assert.equal(store.lookUp('nothing'), undefined);
});

test('the text of a token is in none of the files, and these are for nobody else', async t => {
  const { open, folder } = await placed(t);
  const store = open();
  const { token } = store.create(termsOf());
  const files = await readdir(folder);
  assert.ok(files.includes('tokens.sqlite'));
  for (const file of files) {
    const bytes = await readFile(join(folder, file));
    assert.ok(!bytes.includes(token) && !bytes.includes(token.slice(5, 35)), file);
  }
});

test('what one process does, another that has the file open sees at once', async t => {
  const { open } = await placed(t);
  const [gateway, command] = [open(), open()];
  const { token, record } = command.create(termsOf());
  const found = gateway.lookUp(token);
  assert.ok(found !== undefined && isLive(found, START));
  assert.ok(command.revoke(record.id));
  const revoked = gateway.lookUp(token);
  assert.ok(revoked !== undefined && !isLive(revoked, START));
  assert.equal(revoked.revoked, START);
});

test('a token is revoked once', async t => {
  const { open, time } = await placed(t);
  const store = open();
  const { record } = store.create(termsOf());
  assert.ok(store.revoke(record.id));
  time.now += MINUTE;
  assert.ok(!store.revoke(record.id));
  assert.ok(!store.revoke('nothing'));
  assert.equal(store.find(record.id)?.revoked, START);
});

test('a token holds up to the moment in which it ends', () => {
  const record = { ...termsOf({ expires: '1d' }), id: 'x', created: START };
  assert.ok(isLive(record, START + DAY - 1));
  assert.ok(!isLive(record, START + DAY));
  assert.ok(isLive({ ...termsOf(), id: 'x', created: START }, START + 10_000 * DAY));
});

test('a use is written at most once a minute', async t => {
  const { open, time } = await placed(t);
  const store = open();
  const { record } = store.create(termsOf());
  const use = () => {
    const found = store.find(record.id);
    assert.ok(found !== undefined);
    store.touch(found);
    return store.find(record.id)?.used;
  };
  assert.equal(use(), START);
  time.now += MINUTE - 1;
  assert.equal(use(), START);
  time.now += 1;
  assert.equal(use(), START + MINUTE);
});

test('that a use cannot be written is logged once in a minute, and fails nothing', async t => {
  const { open, file, log, time } = await placed(t);
  const store = open();
  const { record } = store.create(termsOf());
  using other = openDatabase(file, MIGRATIONS);
  other.exec('BEGIN IMMEDIATE');
  store.touch(record);
  store.touch(record);
  assert.equal(log.with('the last use of a token could not be written').length, 1);
  other.exec('ROLLBACK');
  time.now += MINUTE;
  store.touch(record);
  assert.equal(store.find(record.id)?.used, START + MINUTE);
});

test('while another process writes, a token is found, and one that cannot be made is an error', async t => {
  const { open, file, log } = await placed(t);
  const store = open();
  const { token } = store.create(termsOf());
  using other = openDatabase(file, MIGRATIONS);
  other.exec('BEGIN IMMEDIATE');
  assert.ok(store.lookUp(token) !== undefined);
  assert.throws(() => store.create(termsOf()), { code: 'storage-unavailable' });
  assert.equal(log.with('the tokens cannot be read or written').length, 1);
});

test('what has ended is forgotten after 30 days', async t => {
  const { open, time } = await placed(t);
  const store = open();
  const [ended, revoked, live] = [termsOf({ expires: '1d' }), termsOf(), termsOf()].map(terms => store.create(terms));
  store.revoke(revoked?.record.id ?? '');
  const known = () => store.list().length;
  time.now += 30 * DAY;
  store.create(termsOf());
  assert.equal(known(), 4);
  time.now += DAY + 1;
  store.create(termsOf());
  assert.equal(known(), 3);
  assert.equal(store.find(ended?.record.id ?? ''), undefined);
  assert.ok(store.find(live?.record.id ?? '') !== undefined);
});

test('there are at most 1000 tokens for a pattern; those that have ended do not count', async t => {
  const { open, file, time } = await placed(t);
  const store = open();
  const first = store.create(termsOf({ expires: '1d' }));
  using other = openDatabase(file, MIGRATIONS);
  other.exec(`
    WITH RECURSIVE many(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM many WHERE number < 999)
    INSERT INTO token (id, digest, pattern, scopes, networks, created)
    SELECT 'made-' || number, randomblob(32), pattern, scopes, networks, created FROM token, many`);
  assert.throws(() => store.create(termsOf()), { code: 'token-forbidden' });
  store.create(termsOf({ jid: 'other@one.example' }));
  time.now += DAY;
  assert.ok(!isLive(first.record, time.now));
  store.create(termsOf());
  assert.throws(() => store.create(termsOf()), { code: 'token-forbidden' });
});

test('scopes of a later release permit nothing', async t => {
  const { open, file } = await placed(t);
  const { token } = open().create(termsOf());
  using other = openDatabase(file, MIGRATIONS);
  other.exec("UPDATE token SET scopes = 'send fly'");
  assert.deepEqual(open().lookUp(token)?.scopes, new Set(['send']));
});

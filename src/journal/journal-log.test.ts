/**
 * The write-ahead log on its way to the disk: what is told when, and what becomes of a sync that its owner does not wait for.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { JournalLog } from './journal-log.ts';

async function newLog(t: TestContext): Promise<JournalLog> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const path = join(folder.path, 'file');
  await writeFile(`${path}-wal`, 'a log');
  return JournalLog.open(path);
}

test('a log is synced beside the event loop and at once, both at the same time', async t => {
  using log = await newLog(t);
  const beside = [log.sync(), log.sync()];
  log.syncNow();
  await Promise.all(beside);
});

test('a log can be closed while it is synced, and again', async t => {
  const log = await newLog(t);
  const beside = log.sync();
  log[Symbol.dispose]();
  log[Symbol.dispose]();
  await beside;
});

test('a database without a log is told so', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  assert.throws(() => JournalLog.open(join(folder.path, 'file')), { code: 'ENOENT' });
});

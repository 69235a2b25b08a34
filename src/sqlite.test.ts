/**
 * Opening a file: for whom, how far it is brought, and what is said of one that cannot be used.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Folder } from '../test/support/folder.ts';
import { holdFolder, openDatabase } from './sqlite.ts';

const STEPS = ['CREATE TABLE one (x TEXT) STRICT'];

async function newFile(t: TestContext): Promise<string> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return join(folder.path, 'data', 'some.sqlite');
}

test('file and folder are made for their owner alone, also when others could read them before', async t => {
  const file = await newFile(t);
  openDatabase(file, STEPS).close();
  assert.equal((await stat(join(file, '..'))).mode & 0o777, 0o700);
  await chmod(file, 0o644);
  using database = openDatabase(file, STEPS);
  database.exec("INSERT INTO one VALUES ('x')");
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal((await stat(name)).mode & 0o777, 0o600, name);
});

test('a commit is on the disk when it returns', async t => {
  using database = openDatabase(await newFile(t), STEPS);
  assert.deepEqual({ ...database.prepare('PRAGMA journal_mode').get() }, { journal_mode: 'wal' });
  assert.deepEqual({ ...database.prepare('PRAGMA synchronous').get() }, { synchronous: 2 });
});

test('an older file takes the steps that it lacks, one of a later release is refused', async t => {
  const file = await newFile(t);
  const later = [...STEPS, 'CREATE TABLE two (x TEXT) STRICT'];
  openDatabase(file, STEPS).close();
  openDatabase(file, later).close();
  assert.throws(() => openDatabase(file, STEPS), { name: 'DatabaseError', message: /start a later release/ });
  using database = openDatabase(file, later);
  assert.equal(database.prepare('SELECT name FROM sqlite_schema').all().length, 2);
});

test('a file that is no database, and a damaged one, are refused with what to do', async t => {
  const file = await newFile(t);
  openDatabase(file, STEPS).close();
  const whole = await readFile(file);
  const advice = {
    name: 'DatabaseError',
    message: /some\.sqlite cannot be used: .*restore it from a backup, or move it/,
  };
  await writeFile(file, 'this is not a database, but a text of some length');
  assert.throws(() => openDatabase(file, STEPS), advice);
  await writeFile(file, whole.subarray(0, 4096));
  assert.throws(() => openDatabase(file, STEPS), advice);
  await writeFile(file, Buffer.from(whole).fill(0xa5, 4096));
  assert.throws(() => openDatabase(file, STEPS), advice);
});

test('a file that another process changes is refused with what to do', async t => {
  const file = await newFile(t);
  openDatabase(file, STEPS).close();
  using other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  assert.throws(() => openDatabase(file, STEPS), {
    name: 'DatabaseError',
    message: /another process is changing it, try again/,
  });
});

test('a path that cannot be used is refused with its name', async t => {
  const file = await newFile(t);
  openDatabase(file, STEPS).close();
  assert.throws(() => openDatabase(join(file, 'below', 'some.sqlite'), STEPS), {
    name: 'DatabaseError',
    message: /below\/some\.sqlite cannot be used: ENOTDIR/,
  });
});

const HOLDING = `
const { holdFolder } = await import(process.argv[1]);
try {
  holdFolder(process.argv[2]);
  console.log('held');
} catch (error) {
  console.log(error.name + ': ' + error.message);
}
`;

/** What another process says that wants to hold a folder, and is gone then. */
function inAnother(folder: string): string {
  const args = ['--input-type=module', '-e', HOLDING, new URL('./sqlite.ts', import.meta.url).href, folder];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();
}

test('a folder is held by one gateway at a time, and by nobody when that has gone', async () => {
  await using folder = await Folder.make();
  const data = join(folder.path, 'data');
  assert.equal(inAnother(data), 'held');
  {
    using _held = holdFolder(data);
    assert.throws(() => holdFolder(data), {
      name: 'DatabaseError',
      message: /another gateway uses this folder; stop it/,
    });
    assert.match(inAnother(data), /^DatabaseError: another gateway uses this folder/);
  }
  assert.equal(inAnother(data), 'held');
});

test('a folder that cannot be held is told with what to do', async () => {
  await using folder = await Folder.make();
  await folder.makeFolders(['lock.sqlite']);
  assert.throws(() => holdFolder(folder.path), {
    name: 'DatabaseError',
    message: /lock\.sqlite cannot be used: unable to open database file; its folder must be writable$/,
  });
});

const AS_ROOT = process.getuid?.() === 0 ? 'root may write everywhere' : false;

test('a folder that belongs to somebody else is refused as such', { skip: AS_ROOT }, async () => {
  await using folder = await Folder.make();
  await chmod(folder.path, 0o500);
  assert.throws(() => holdFolder(folder.path), { code: 'EACCES' });
  await chmod(folder.path, 0o700);
});

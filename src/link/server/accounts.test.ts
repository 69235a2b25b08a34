/** The accounts of the embedded host: what is kept, who may read it, and that it is still there tomorrow. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { migrate } from '../../sqlite.ts';
import { anonymousLocalpart } from '../../xmpp/anonymous.ts';
import { Kdf } from '../../xmpp/sasl/kdf.ts';
import { deriveKeys } from '../../xmpp/sasl/scram-keys.ts';
import { Accounts } from './accounts.ts';
import { MIGRATIONS } from './accounts-schema.ts';

async function newFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'restanza-accounts-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'data', 'accounts.db');
}

test('an account is made, found in every spelling of its name, changed and removed', async t => {
  using accounts = Accounts.open(await newFile(t));
  await accounts.create('René', 'pencil');
  await accounts.create('alice', 'paper');
  assert.deepEqual(accounts.names(), ['alice', 'rené']);
  assert.ok(accounts.has('RENE\u0301'));
  assert.ok(await accounts.verify('RENÉ', 'pencil'));
  assert.ok(!(await accounts.verify('rené', 'paper')));
  await accounts.setPassword('René', 'brush');
  assert.ok(await accounts.verify('rené', 'brush'));
  assert.ok(!(await accounts.verify('rené', 'pencil')));
  assert.ok(accounts.remove('RENÉ'));
  assert.ok(!accounts.remove('rené'));
  assert.equal(await accounts.lookup('rené'), undefined);
  assert.ok(!(await accounts.verify('rené', 'brush')));
  assert.deepEqual(accounts.names(), ['alice']);
});

test('an account cannot have a name of anonymous users, in no spelling', async t => {
  using accounts = Accounts.open(await newFile(t));
  const name = anonymousLocalpart();
  for (const spelling of [name, name.toUpperCase(), name.replace('anonymous', '\uff41nonymous')]) {
    await assert.rejects(accounts.create(spelling, 'paper'), { name: 'AccountsError', message: /choose another one/ });
  }
  assert.deepEqual(accounts.names(), []);
});

test('the keys are those that SCRAM needs, for both hashes', async t => {
  using accounts = Accounts.open(await newFile(t));
  await accounts.create('alice', 'paper');
  const keys = await accounts.lookup('Alice');
  assert.ok(keys);
  for (const hash of ['SHA-1', 'SHA-256'] as const) {
    const { clientKey: _, ...derived } = await deriveKeys(new Kdf(), 'paper', keys[hash]);
    for (const part of ['storedKey', 'serverKey'] as const) {
      assert.deepEqual(Buffer.from(keys[hash][part]), Buffer.from(derived[part]));
    }
  }
});

test('what was made is there after opening again, and so is the secret behind unknown names', async t => {
  const file = await newFile(t);
  let secret: Uint8Array;
  {
    using accounts = Accounts.open(file);
    await accounts.create('alice', 'paper');
    secret = accounts.decoySecret;
  }
  using accounts = Accounts.open(file);
  assert.ok(await accounts.verify('alice', 'paper'));
  assert.deepEqual(accounts.decoySecret, secret);
  using other = Accounts.open(await newFile(t));
  assert.notDeepEqual(other.decoySecret, secret);
});

test('no file holds a password', async t => {
  const file = await newFile(t);
  using accounts = Accounts.open(file);
  await accounts.create('alice', 'correct horse battery staple');
  for (const name of [file, `${file}-wal`]) {
    const content = await readFile(name, 'latin1');
    assert.ok(!content.includes('horse'));
  }
  assert.ok((await readFile(`${file}-wal`, 'latin1')).includes('alice'), 'or else this test looks in the wrong place');
});

test('only the user who runs the gateway can read the files', async t => {
  const file = await newFile(t);
  using accounts = Accounts.open(file);
  await accounts.create('alice', 'paper');
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    assert.equal((await stat(name)).mode & 0o777, 0o600, name);
  }
  assert.equal((await stat(join(file, '..'))).mode & 0o777, 0o700);
});

test('a file that others can read is closed to them when it is opened', async t => {
  const file = await newFile(t);
  Accounts.open(file)[Symbol.dispose]();
  await promisify(execFile)('chmod', ['644', file]);
  using _ = Accounts.open(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a name that is taken stays with its owner', async t => {
  using accounts = Accounts.open(await newFile(t));
  await accounts.create('alice', 'paper');
  await assert.rejects(accounts.create('ALICE', 'other'), { name: 'AccountsError', message: /choose another name/ });
  assert.ok(await accounts.verify('alice', 'paper'));
  const both = await Promise.allSettled([accounts.create('bob', 'one'), accounts.create('Bob', 'two')]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('what cannot be a name or a password is refused and changes nothing', async t => {
  using accounts = Accounts.open(await newFile(t));
  await accounts.create('alice', 'paper');
  for (const name of ['', 'a b', 'a@b', 'a/b', '\u2163']) {
    await assert.rejects(accounts.create(name, 'paper'), { name: 'JidError' });
    await assert.rejects(accounts.setPassword(name, 'paper'), { name: 'AccountsError' });
    assert.ok(!accounts.has(name) && !accounts.remove(name));
    assert.equal(await accounts.lookup(name), undefined);
    assert.ok(!(await accounts.verify(name, 'paper')));
  }
  await assert.rejects(accounts.create('bob', ''), { name: 'PreparationError' });
  await assert.rejects(accounts.setPassword('alice', 'a\0b'), { name: 'PreparationError' });
  await assert.rejects(accounts.setPassword('bob', 'paper'), { name: 'AccountsError' });
  assert.deepEqual(accounts.names(), ['alice']);
  assert.ok(await accounts.verify('alice', 'paper'));
});

test('checking a password costs one derivation, whoever is meant', async t => {
  using accounts = Accounts.open(await newFile(t));
  await accounts.create('alice', 'paper');
  for (const [name, password] of [
    ['alice', 'paper'],
    ['alice', 'wrong'],
    ['nobody', 'paper'],
    ['no body', 'paper'],
  ] as const) {
    const before = accounts.kdf.started;
    await accounts.verify(name, password);
    assert.equal(accounts.kdf.started - before, 1, `${name} ${password}`);
  }
});

test('a file of a later release is refused and left as it is', async t => {
  const file = await newFile(t);
  Accounts.open(file)[Symbol.dispose]();
  using database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}; CREATE TABLE later (x)`);
  assert.throws(() => Accounts.open(file), {
    name: 'DatabaseError',
    message: new RegExp(`version ${MIGRATIONS.length + 1} of the tables.*start a later release`),
  });
  assert.deepEqual({ ...database.prepare('PRAGMA user_version').get() }, { user_version: MIGRATIONS.length + 1 });
});

test('an older file takes only the steps that it lacks, and none of them when one fails', () => {
  using database = new DatabaseSync(':memory:');
  migrate(database, ['CREATE TABLE one (x)']);
  const steps = ['CREATE TABLE one (x)', 'CREATE TABLE two (x)'];
  assert.throws(() => migrate(database, [...steps, 'CREATE TABLE three (x); no SQL']));
  const tables = database.prepare('SELECT name FROM sqlite_schema ORDER BY name');
  assert.deepEqual(
    tables.all().map(row => row['name']),
    ['one'],
  );
  migrate(database, steps);
  migrate(database, steps);
  assert.deepEqual(
    tables.all().map(row => row['name']),
    ['one', 'two'],
  );
});

test('a file that is no database, and a damaged one, are refused with what to do', async t => {
  const file = await newFile(t);
  {
    using accounts = Accounts.open(file);
    for (const name of ['alice', 'bob', 'carol']) await accounts.create(name, 'paper');
  }
  const whole = await readFile(file);
  await writeFile(file, 'this is not a database, but a text of some length');
  assert.throws(() => Accounts.open(file), {
    name: 'DatabaseError',
    message: /not a database; restore it from a backup, or move it away/,
  });
  await writeFile(file, whole.subarray(0, whole.length - 4096));
  assert.throws(() => Accounts.open(file), { name: 'DatabaseError', message: /restore it from a backup/ });
  for (let page = 4096; page < whole.length; page += 4096) {
    await writeFile(file, Buffer.from(whole).fill(0xa5, page, page + 4096));
    assert.throws(() => Accounts.open(file), { name: 'DatabaseError', message: /restore it from a backup/ });
  }
});

test('a path that cannot be used is refused with its name', async t => {
  const file = await newFile(t);
  Accounts.open(file)[Symbol.dispose]();
  assert.throws(() => Accounts.open(join(file, 'below', 'accounts.db')), { name: 'DatabaseError', message: /ENOTDIR/ });
});

test('closing twice is no error, and nothing works after it', async t => {
  const accounts = Accounts.open(await newFile(t));
  accounts[Symbol.dispose]();
  accounts[Symbol.dispose]();
  await assert.rejects(accounts.lookup('alice'));
  await assert.rejects(accounts.verify('alice', 'paper'));
});

/** Opens the file in a process of its own, makes an account there and tells the secret behind unknown names. */
async function elsewhere(file: string, name: string): Promise<string> {
  const program = `
    const { Accounts } = await import(${JSON.stringify(new URL('accounts.ts', import.meta.url))});
    using accounts = Accounts.open(${JSON.stringify(file)});
    await accounts.create(${JSON.stringify(name)}, 'paper');
    console.log(Buffer.from(accounts.decoySecret).toString('hex'));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  return stdout.trim();
}

test('several processes can make the file at the same time and use it together', async t => {
  const file = await newFile(t);
  const names = ['a', 'b', 'c', 'd'];
  const secrets = await Promise.all(names.map(name => elsewhere(file, name)));
  using accounts = Accounts.open(file);
  assert.equal(new Set([...secrets, Buffer.from(accounts.decoySecret).toString('hex')]).size, 1);
  await elsewhere(file, 'e');
  assert.deepEqual(accounts.names(), [...names, 'e']);
  assert.ok(await accounts.verify('e', 'paper'));
});

test('a file that another process keeps busy is refused with what to do', async t => {
  const file = await newFile(t);
  Accounts.open(file)[Symbol.dispose]();
  using other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  assert.throws(() => Accounts.open(file), { name: 'DatabaseError', message: /another process is changing it/ });
});

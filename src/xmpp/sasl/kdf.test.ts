/** SAFETY of the processor: how much of the costly work may run and wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Derivation, Kdf } from './kdf.ts';

const WORK: Derivation = { password: 'x', salt: Buffer.from('salt'), iterations: 4096, digest: 'sha256', length: 32 };

test('a few derivations run, the others wait, and all finish', async () => {
  const kdf = new Kdf(2);
  let most = 0;
  const all = Array.from({ length: 9 }, () => kdf.derive(WORK).finally(() => (most = Math.max(most, kdf.running))));
  assert.equal(kdf.running, 2);
  const keys = await Promise.all(all);
  assert.equal(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size, 1);
  assert.deepEqual({ most, running: kdf.running, started: kdf.started }, { most: 2, running: 0, started: 9 });
});

test('whoever finds the line full is sent away, and the line goes on', async () => {
  const kdf = new Kdf(1, 1);
  const inLine = [kdf.derive(WORK), kdf.derive(WORK)];
  await assert.rejects(kdf.derive(WORK), { name: 'RestanzaError', code: 'too-many-waiting', retryAfter: 1 });
  await Promise.all(inLine);
  await kdf.derive(WORK);
  assert.equal(kdf.started, 3);
});

test('a derivation that fails gives its place to the next', async () => {
  const kdf = new Kdf(1);
  const wrong = kdf.derive({ ...WORK, digest: 'no such digest' });
  const right = kdf.derive(WORK);
  await assert.rejects(wrong);
  await right;
  assert.equal(kdf.running, 0);
});

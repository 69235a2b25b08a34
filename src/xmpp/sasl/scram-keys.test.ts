/** RFC 5802 §3: the arithmetic of SCRAM, and what is kept of a password. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kdf } from './kdf.ts';
import {
  clientProof,
  decoyKeys,
  deriveKeys,
  ITERATIONS,
  newAccountKeys,
  preparePassword,
  serverSignature,
  verifyPassword,
  verifyProof,
} from './scram-keys.ts';

const SECRET = Buffer.alloc(32, 7);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test("a proof is the owner's only over the same messages and with the same password", async () => {
  const kdf = new Kdf();
  const parameters = { hash: 'SHA-256', salt: Buffer.from('salt'), iterations: 4096 } as const;
  const keys = await deriveKeys(kdf, 'pencil', parameters);
  const other = await deriveKeys(kdf, 'Pencil', parameters);
  const proof = clientProof(keys, 'messages');
  assert.ok(verifyProof(keys, proof, 'messages'));
  assert.ok(!verifyProof(keys, proof, 'Messages'));
  assert.ok(!verifyProof(keys, clientProof(other, 'messages'), 'messages'));
  for (const wrong of [new Uint8Array(), proof.subarray(1), Buffer.concat([proof, proof]), keys.storedKey]) {
    assert.ok(!verifyProof(keys, wrong, 'messages'));
  }
  assert.notEqual(hex(serverSignature(keys, 'messages')), hex(serverSignature(other, 'messages')));
});

test('new keys have salts of their own and never hold what logs in', async () => {
  const kdf = new Kdf();
  const [one, two] = await Promise.all([newAccountKeys(kdf, 'pencil'), newAccountKeys(kdf, 'pencil')]);
  const all = [...Object.values(one), ...Object.values(two)];
  assert.equal(new Set(all.map(keys => hex(keys.salt))).size, 4);
  for (const keys of all) {
    assert.deepEqual(Object.keys(keys).sort(), ['hash', 'iterations', 'salt', 'serverKey', 'storedKey']);
    assert.equal(keys.salt.length, 16);
    assert.equal(keys.iterations, ITERATIONS);
    assert.ok(await verifyPassword(kdf, keys, 'pencil'));
    assert.ok(!(await verifyPassword(kdf, keys, 'pencil ')));
  }
});

test('the keys for an unknown name stay the same, differ by name and installation, and look like real ones', async () => {
  const real = await newAccountKeys(new Kdf(), 'pencil');
  assert.deepEqual(decoyKeys(SECRET, 'nobody'), decoyKeys(SECRET, 'nobody'));
  const others = [decoyKeys(SECRET, 'nobodx'), decoyKeys(Buffer.alloc(32, 8), 'nobody')];
  for (const hash of ['SHA-1', 'SHA-256'] as const) {
    const decoy = decoyKeys(SECRET, 'nobody')[hash];
    for (const part of ['salt', 'storedKey', 'serverKey'] as const) {
      assert.equal(decoy[part].length, real[hash][part].length);
      for (const other of others) assert.notEqual(hex(decoy[part]), hex(other[hash][part]));
    }
    assert.equal(decoy.iterations, real[hash].iterations);
  }
});

test('a password has one form whatever the keyboard made of it', async () => {
  assert.equal(preparePassword('cafe\u0301\u00A0Ⅸ'), 'café Ⅸ');
  assert.equal(preparePassword(' x '), ' x ');
  assert.equal(preparePassword('é'.repeat(512)), 'é'.repeat(512));
  for (const text of ['', 'a\0b', 'a\nb', '\uD800', 'a\u200Bb', '\uFEFFa', 'x'.repeat(1025), 'é'.repeat(513)]) {
    assert.throws(() => preparePassword(text), { name: 'PreparationError' }, JSON.stringify(text.slice(0, 9)));
  }
  const kdf = new Kdf();
  const { 'SHA-256': keys } = await newAccountKeys(kdf, 'café');
  assert.ok(await verifyPassword(kdf, keys, 'cafe\u0301'));
});

test('a password that cannot be one costs no derivation', async () => {
  const kdf = new Kdf();
  await assert.rejects(newAccountKeys(kdf, ''), { name: 'PreparationError' });
  await assert.rejects(newAccountKeys(kdf, 'a\0b'), { name: 'PreparationError' });
  assert.equal(kdf.started, 0);
});

/**
 * Keys as text: they come back as they were, and no other text is keys.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kdf } from './kdf.ts';
import { readKeys, writeKeys } from './kept-keys.ts';
import { deriveKeys } from './scram-keys.ts';

test('keys come back as they were', async () => {
  const salt = new Uint8Array([1, 2, 3, 4]);
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
    const { clientKey, storedKey, serverKey, ...rest } = await deriveKeys(new Kdf(), 'pencil', {
      hash,
      salt,
      iterations: 4096,
    });
    const plain = {
      ...rest,
      clientKey: new Uint8Array(clientKey),
      storedKey: new Uint8Array(storedKey),
      serverKey: new Uint8Array(serverKey),
    };
    assert.deepEqual(readKeys(writeKeys(plain)), plain);
  }
});

test('no other text is keys', () => {
  for (const text of [
    '',
    'always on',
    'MD5 4096 a a a a',
    'SHA-1 0 a a a a',
    'SHA-1 4096 a a a',
    'toString 1 a a a a',
  ]) {
    assert.equal(readKeys(text), undefined, text);
  }
});

/**
 * Sealed texts: they come back whole, and nothing else comes back.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KEY_BYTES, sealFor } from './sealing.ts';

const KEY = randomBytes(KEY_BYTES);

test('a sealed text comes back, and looks different each time', () => {
  const seal = sealFor(KEY, 'test');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.equal(seal.open(seal.seal(text)), text.toWellFormed());
      assert.notEqual(seal.seal(text), seal.seal(text));
    }),
  );
});

test('a sealed text is nothing with one bit changed, shortened, for another use or another key', () => {
  const seal = sealFor(KEY, 'test');
  const bytes = Buffer.from(seal.seal('a secret'), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(seal.open(changed.toString('base64url')), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(seal.open(bytes.subarray(0, length).toString('base64url')), undefined, `${length} bytes`);
  }
  const sealed = bytes.toString('base64url');
  assert.equal(sealFor(KEY, 'other').open(sealed), undefined);
  assert.equal(sealFor(randomBytes(KEY_BYTES), 'test').open(sealed), undefined);
});

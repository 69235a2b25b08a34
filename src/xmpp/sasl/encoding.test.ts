/** RFC 6120 §6.4, RFC 4648 §4: base64 has one spelling, and no message differs from an empty one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, decodeMessage, encodeBase64, encodeMessage } from './encoding.ts';

test('bytes survive base64, also as a part of a larger buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(8), (bytes, skip) => {
      const part = bytes.subarray(skip);
      const decoded = decodeBase64(encodeBase64(part));
      assert.deepEqual(Array.from(decoded ?? []), Array.from(part));
    }),
  );
});

test('base64 with a second spelling is refused', () => {
  const wrong = [
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    '====',
    'AA==AA==',
    'AAAA=',
    'AB==',
    'AAB=',
    'AA\n==',
    ' AAAA',
    'AAAA\n',
    'AA-_',
    'ÄÄÄÄ',
  ];
  for (const text of wrong) assert.equal(decodeBase64(text), undefined, JSON.stringify(text));
});

test('an empty message is one equals sign, and no message is no text', () => {
  assert.equal(encodeMessage(new Uint8Array()), '=');
  assert.equal(encodeMessage(undefined), '');
  assert.equal(encodeMessage(Buffer.from('n,,')), 'biws');
  assert.deepEqual(decodeMessage('='), new Uint8Array());
  assert.equal(decodeMessage(''), 'absent');
  assert.deepEqual(decodeMessage('biws'), Buffer.from('n,,'));
  for (const text of ['==', '= ', ' =', 'biws=']) assert.equal(decodeMessage(text), 'incorrect', JSON.stringify(text));
});

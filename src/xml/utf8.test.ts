/** UTF-8 at any split, and the text before the first wrong byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inPieces } from '../../test/support/xml-events.ts';
import { decodeUtf8, Utf8Reader } from './utf8.ts';

/** The text of pieces up to the first fault, and whether there was one. */
function read(pieces: Iterable<Uint8Array>): { readonly text: string; readonly valid: boolean } {
  const reader = new Utf8Reader();
  let text = '';
  for (const piece of pieces) {
    const decoded = reader.read(piece);
    text += decoded.text;
    if (!decoded.valid) return { text, valid: false };
  }
  return { text, valid: true };
}

test('text comes out as it went in, in pieces of any size', () => {
  const property = fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (text, size) => {
    assert.deepStrictEqual(read(inPieces(Buffer.from(text), size)), { text, valid: true });
  });
  fc.assert(property, { numRuns: 2000 });
});

test('the text before a wrong byte comes out whole, replacement characters included', () => {
  const cases: readonly [string, string][] = [
    ['', 'ff'],
    ['a', 'c080'],
    ['€\ufffd😀\ufffd', '80'],
    ['\ufffd', 'efbf'],
    ['\ufeff\ufeff', 'eda080'],
    ['é', 'f5808080'],
  ];
  for (const [text, hex] of cases) {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from(hex, 'hex'), Buffer.from('\ufffdz')]);
    assert.deepStrictEqual(decodeUtf8(bytes), { text, valid: false });
    for (let size = 1; size <= bytes.length; size++) {
      assert.deepStrictEqual(read(inPieces(bytes, size)), { text, valid: false });
    }
  }
});

test('any bytes are judged the same in pieces as in one', () => {
  const telling = fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe2, 0x82, 0xac, 0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0xed, 0xff);
  const bytes = fc.array(fc.oneof(telling, fc.nat(255)), { maxLength: 12 }).map(list => Uint8Array.from(list));
  const property = fc.property(bytes, fc.integer({ min: 1, max: 4 }), (input, size) => {
    const whole = decodeUtf8(input);
    const closed = Buffer.concat([input, Buffer.from(' ')]);
    assert.strictEqual(read(inPieces(closed, size)).valid, whole.valid);
    assert.strictEqual(read(inPieces(input, size)).text, whole.text);
  });
  fc.assert(property, { numRuns: 5000 });
});

test('a wrong byte is found as soon as it cannot become right', () => {
  for (const hex of ['ff', 'c0', 'f5', '80']) {
    assert.deepStrictEqual(new Utf8Reader().read(Buffer.from(hex, 'hex')), { text: '', valid: false });
  }
  const reader = new Utf8Reader();
  assert.deepStrictEqual(reader.read(Buffer.from([0xe2])), { text: '', valid: true });
  assert.deepStrictEqual(reader.read(Buffer.from('<')), { text: '', valid: false });
});

test('a document that ends inside a character is not valid', () => {
  assert.deepStrictEqual(decodeUtf8(Buffer.from('a€').subarray(0, 3)), { text: 'a', valid: false });
});

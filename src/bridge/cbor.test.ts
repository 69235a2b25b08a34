/**
 * CBOR as stanzas, and stanzas as CBOR. Bytes are written as in the diagnostic examples of RFC 8949, in hexadecimal.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as referenceDecode, encode as referenceEncode } from 'cborg';
import { CBOR_CODEC } from './cbor.ts';
import { readCbor } from './cbor-value.ts';
import { JSON_CODEC } from './json.ts';
import { readPath } from './path.ts';
import { XML_CODEC } from './xml.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

const VALUES: readonly (readonly [bytes: string, value: unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['18 18', 24],
  ['1b 001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['38 63', -100],
  ['3b 001ffffffffffffe', Number.MIN_SAFE_INTEGER],
  ['f9 3e00', 1.5],
  ['fa 47c35000', 100_000],
  ['fb 3ff199999999999a', 1.1],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['60', ''],
  ['64 49455446', 'IETF'],
  ['62 c3bc', 'ü'],
  ['64 f0908591', '\u{10151}'],
  ['65 efbbbf6162', '\ufeffab'],
  ['80', []],
  ['83 01 82 02 03 80', [1, [2, 3], []]],
  ['a0', {}],
  ['a2 61 61 01 61 62 82 02 03', { a: 1, b: [2, 3] }],
  ['9f ff', []],
  ['9f 01 82 02 03 9f 04 05 ff ff', [1, [2, 3], [4, 5]]],
  ['bf 61 61 01 61 62 9f 02 03 ff ff', { a: 1, b: [2, 3] }],
  // Longer than necessary, which RFC 8949 §4.1 allows.
  ['78 01 61', 'a'],
  ['98 01 18 05', [5]],
  // A time as text, a URI, and the mark of CBOR.
  ['c0 61 61', 'a'],
  ['81 d8 20 61 61', ['a']],
  ['d9 d9f7 a1 61 61 c0 61 62', { a: 'b' }],
];

for (const [bytes, value] of VALUES) {
  test(`the CBOR ${bytes} is ${JSON.stringify(value)}`, () => assert.deepEqual(readCbor(hex(bytes)), value));
}

test('a key of CBOR is data, whatever its name', () => {
  const value = readCbor(hex('a1 69 5f5f70726f746f5f5f a0'));
  assert.deepEqual(Object.entries(value ?? {}), [['__proto__', {}]]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

const REFUSED: readonly (readonly [bytes: string, reason: RegExp])[] = [
  ['', /ends too early/],
  ['82 01', /ends too early/],
  ['a1 61 61', /ends too early/],
  ['9f 01', /ends too early/],
  ['c0', /ends too early/],
  ['64 61', /not valid: at byte 0/],
  ['01 02', /goes on after its end, at byte 1/],
  ['ff', /break ends nothing/],
  ['81 ff', /break ends nothing/],
  ['a1 61 61 ff', /break ends nothing/],
  ['bf 61 61 ff', /a key has no value/],
  ['9f c0 ff', /a tag has no value/],
  ['f7', /undefined/],
  ['f9 7e00', /NaN/],
  ['f9 7c00', /Infinity/],
  ['1b 0020000000000000', /safe integer/],
  ['3b 001fffffffffffff', /safe integer/],
  ['41 00', /JSON cannot say bytes; send a text/],
  ['a1 61 61 40', /JSON cannot say bytes; send a text/],
  ['a1 41 61 01', /JSON cannot say bytes; send a text/],
  ['c1 1a 514b67b0', /leave the tag out/],
  ['c2 41 01', /JSON cannot say|leave the tag out/],
  ['a1 01 02', /a key that is not a text/],
  ['a1 80 02', /a key that is not a text/],
  ['a2 61 61 01 61 61 02', /the same key twice/],
  ['61 ff', /a text in the CBOR is not UTF-8/],
  ['62 c080', /a text in the CBOR is not UTF-8/],
  ['63 eda080', /a text in the CBOR is not UTF-8/],
  ['a1 61 ff 01', /a text in the CBOR is not UTF-8/],
  ['7f 61 61 ff', /indefinite length/],
  ['e0', /simple values/],
  ['1c', /not valid/],
  ['9b ffffffffffffffff', /safe integer|ends too early/],
  ['bb 001fffffffffffff', /ends too early/],
  ['7b 00000000ffffffff', /not valid/],
];

for (const [bytes, message] of REFUSED) {
  test(`the CBOR ${bytes || 'of no bytes'} is refused`, () => {
    assert.throws(() => readCbor(hex(bytes)), { name: 'RestanzaError', code: 'body-malformed', message });
  });
}

test('CBOR may nest 512 deep and no deeper', () => {
  const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x81), hex('01')]);
  assert.equal(JSON.stringify(readCbor(nested(512))).length, 1025);
  for (const depth of [513, 190_000]) assert.throws(() => readCbor(nested(depth)), { message: /deeper than 512/ });
  assert.throws(() => readCbor(Buffer.alloc(190_000, 0x9f)), { message: /deeper than 512/ });
  assert.throws(() => readCbor(Buffer.alloc(190_000, 0xc0)), { message: /ends too early/ });
});

const STANZAS = [
  '{"kind":"message","to":"user@example.org","type":"chat","body":"Hello! 😀"}',
  '{"kind":"presence","type":"available","priority":-5,"show":"away"}',
  '{"kind":"iq","type":"get","to":"example.net","ping":true}',
  '{"kind":"iq","type":"result","stats":[{"name":"n","value":1.5}]}',
  '{"kind":"message","payload":{"datatype":"x","data":[null,1e300,{"a":false}]},"extra":[{"name":"x","xmlns":"urn:x"}]}',
];

for (const json of STANZAS) {
  test(`${json} is the same stanza in CBOR`, () => {
    const stanza = JSON_CODEC.decode(Buffer.from(json), { limit: 1000 });
    assert.deepEqual(CBOR_CODEC.decode(referenceEncode(JSON.parse(json)), { limit: 1000 }), stanza);
    const answer = CBOR_CODEC.encode([stanza]);
    assert.ok(typeof answer !== 'string');
    assert.deepEqual(referenceDecode(answer), JSON.parse(json));
    assert.deepEqual(CBOR_CODEC.decode(answer, { limit: 1000 }), stanza);
  });
}

test('the keys of an answer stand in the order of the JSON', () => {
  const stanza = JSON_CODEC.decode(Buffer.from('{"body":"b","to":"a@b","id":"i"}'), { limit: 1000 });
  const answer = CBOR_CODEC.encode([stanza]);
  assert.ok(typeof answer !== 'string');
  assert.equal(JSON.stringify(readCbor(answer)), JSON_CODEC.encode([stanza]));
});

test('an answer in CBOR stays what it is while others are made', () => {
  const stanza = JSON_CODEC.decode(Buffer.from('{"body":"b"}'), { limit: 1000 });
  const first = Buffer.from(CBOR_CODEC.encode([stanza]));
  const kept = CBOR_CODEC.encode([stanza]);
  CBOR_CODEC.encode([{ ...stanza, id: 'another' }, stanza]);
  assert.ok(first.equals(Buffer.from(kept)));
});

test('several stanzas stand in a wrapper', () => {
  const stanza = JSON_CODEC.decode(Buffer.from('{"body":"b"}'), { limit: 1000 });
  const answer = CBOR_CODEC.encode([stanza, stanza]);
  assert.ok(typeof answer !== 'string');
  const message = { kind: 'message', body: 'b' };
  assert.deepEqual(readCbor(answer), { xmpp: [message, message] });
});

test('the path says nothing about a stanza in CBOR or XML', () => {
  const hints = { limit: 1000, path: readPath('iq/get/x@y') };
  const xml = "<message to='a@b'><body>b</body></message>";
  const stanza = XML_CODEC.decode(Buffer.from(xml), hints);
  assert.equal(XML_CODEC.encode([stanza]), xml);
  assert.deepEqual(CBOR_CODEC.decode(referenceEncode({ to: 'a@b', body: 'b' }), hints), stanza);
  assert.deepEqual([XML_CODEC.heedsPath, CBOR_CODEC.heedsPath], [false, false]);
});

test('CBOR that is no object, or an empty one, is no stanza', () => {
  for (const bytes of ['80', '01', '61 61', 'a0', 'f6', '81 a1 61 61 01']) {
    assert.throws(() => CBOR_CODEC.decode(hex(bytes), { limit: 1000 }), { code: 'body-malformed' });
  }
});

/**
 * Codecs, negotiation and error bodies as an HTTP client meets them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RestanzaError } from '../errors.ts';
import { negotiate, parseAccept } from './accept.ts';
import { codecFor } from './codecs.ts';
import { errorBody } from './error-body.ts';
import { JSON_CODEC } from './json.ts';
import { XML_CODEC } from './xml.ts';

const hints = { limit: 10_000 };
const bytes = (text: string) => new TextEncoder().encode(text);

const REFUSED: readonly (readonly [
  codec: 'xml' | 'json',
  body: string | Uint8Array,
  code: ErrorCode,
  message: RegExp,
])[] = [
  ['xml', '', 'body-malformed', /no element|root element/],
  ['xml', '<message>', 'body-malformed', /line 1, column \d+/],
  ['xml', '<message/><message/>', 'body-malformed', /line 1, column \d+/],
  ['xml', "<!DOCTYPE x [<!ENTITY a 'b'>]><message>&a;</message>", 'body-malformed', /document type/],
  ['xml', '<message><!-- x --></message>', 'body-malformed', /comments/],
  ['xml', '<message>&#0;</message>', 'body-malformed', /character/],
  ['xml', Uint8Array.of(0x3c, 0xff, 0x3e), 'body-malformed', /UTF-8/],
  ['xml', "<message xmlns='urn:x'/>", 'namespace-invalid', /jabber:client/],
  ['xml', '<msg/>', 'kind-invalid', /message/],
  ['xml', "<iq type='get' to='@@'/>", 'to-invalid', /'to'/],
  ['xml', "<message from='@@'/>", 'from-invalid', /'from'/],
  ['xml', "<message type='weird'/>", 'stanza-type-invalid', /chat/],
  ['xml', '<iq/>', 'stanza-type-invalid', /get/],
  ['xml', `${'<a>'.repeat(200)}${'</a>'.repeat(200)}`, 'body-malformed', /deeper than 128/],
  ['json', '', 'body-malformed', /not valid/],
  ['json', 'abc', 'body-malformed', /line 1, column 1/],
  ['json', '{"body":\n"x",}', 'body-malformed', /line 2, column 5/],
  ['json', '{"body":"x"} {}', 'body-malformed', /line 1, column 14/],
  ['json', '[{"body":"x"}]', 'body-malformed', /one object/],
  ['json', '"x"', 'body-malformed', /one object/],
  ['json', 'null', 'body-malformed', /one object/],
  ['json', '{}', 'body-malformed', /no keys/],
  ['json', '['.repeat(9_000), 'body-malformed', /not valid/],
  ['json', Uint8Array.of(0x7b, 0xff, 0x7d), 'body-malformed', /UTF-8/],
  ['json', '{"kind":"Message"}', 'body-malformed', /'kind'/],
  ['json', '{"body":5}', 'value-invalid', /'body' must be a string/],
  ['json', '{"body":"\\u0000"}', 'value-invalid', /'body' holds/],
  ['json', '{"body":"\\ud800"}', 'value-invalid', /'body' holds/],
  ['json', '{"body":"x","to":""}', 'to-invalid', /'to'/],
  ['json', '{"body":"x","type":"weird"}', 'stanza-type-invalid', /chat/],
];

for (const [name, body, code, message] of REFUSED) {
  const codec = name === 'xml' ? XML_CODEC : JSON_CODEC;
  test(`${name} ${JSON.stringify(body).slice(0, 60)} is ${code}`, () => {
    const decode = () => codec.decode(typeof body === 'string' ? bytes(body) : body, hints);
    assert.throws(decode, { name: 'RestanzaError', code, message });
  });
}

test('keys that mean nothing are reported, and only those', () => {
  const reported: string[][] = [];
  const onIgnored = (keys: readonly string[]) => reported.push([...keys]);
  JSON_CODEC.decode(bytes('{"kind":"message","to":"a@b","body":"x","foo":1,"__proto__":2,"toString":3}'), {
    ...hints,
    onIgnored,
  });
  JSON_CODEC.decode(bytes('{"kind":"presence","join":true,"show":"away","extra":[]}'), { ...hints, onIgnored });
  assert.deepEqual(reported, [['foo', '__proto__', 'toString']]);
});

test('several stanzas stand in a wrapper', () => {
  const stanzas = [1, 2].map(n => ({ kind: 'message', id: `m${n}`, payload: [] }) as const);
  assert.equal(XML_CODEC.encode(stanzas), "<xmpp><message id='m1'/><message id='m2'/></xmpp>");
  assert.equal(JSON_CODEC.encode(stanzas), '{"xmpp":[{"kind":"message","id":"m1"},{"kind":"message","id":"m2"}]}');
});

const CONTENT_TYPES: readonly (readonly [field: string | undefined, codec: string | undefined])[] = [
  ['application/json', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['APPLICATION/JSON', 'application/json'],
  [' application/xmpp+xml ;q=1', 'application/xmpp+xml'],
  ['application/json garbage', undefined],
  ['application/jsonp', undefined],
  ['application/json,application/xmpp+xml', undefined],
  ['text/html', undefined],
  ['', undefined],
  [undefined, undefined],
];

for (const [field, mediaType] of CONTENT_TYPES) {
  test(`Content-Type ${JSON.stringify(field)} is read as ${mediaType}`, () => {
    if (mediaType === undefined) assert.throws(() => codecFor(field), { code: 'media-type-unsupported' });
    else assert.equal(codecFor(field).mediaType, mediaType);
  });
}

const XML = 'application/xmpp+xml';
const JSON_TYPE = 'application/json';
const NEGOTIATED: readonly (readonly [accept: string | undefined, contentType: string | undefined, chosen: string])[] =
  [
    [undefined, undefined, XML],
    [undefined, JSON_TYPE, JSON_TYPE],
    ['*/*', JSON_TYPE, JSON_TYPE],
    ['*/*', undefined, XML],
    ['application/*', JSON_TYPE, JSON_TYPE],
    [JSON_TYPE, XML, JSON_TYPE],
    [`${JSON_TYPE}, ${XML}`, XML, JSON_TYPE],
    [`${JSON_TYPE};q=0.1, ${XML}`, undefined, XML],
    [`${XML};q=0, ${JSON_TYPE};q=0.5`, XML, JSON_TYPE],
    ['text/html', JSON_TYPE, JSON_TYPE],
    ['text/html, */*;q=0.8', undefined, XML],
    ['APPLICATION/JSON', undefined, JSON_TYPE],
    [',,;;q=x', undefined, XML],
  ];

for (const [accept, contentType, chosen] of NEGOTIATED) {
  test(`Accept ${JSON.stringify(accept)} with Content-Type ${JSON.stringify(contentType)} gives ${chosen}`, () => {
    assert.equal(negotiate(accept, contentType).mediaType, chosen);
  });
}

test('a long Accept field is read in linear time', () => {
  assert.equal(parseAccept('a/b;'.repeat(16_000)).length, 1);
  assert.equal(parseAccept(',;q=0.'.repeat(10_000)).length, 0);
});

test('an error in JSON names status, type, condition, text and our code', () => {
  const { mediaType, body } = errorBody(new RestanzaError('to-invalid', 'x'), undefined);
  assert.equal(mediaType, JSON_TYPE);
  const error = {
    type: 'modify',
    condition: 'improper-addressing',
    text: 'Invalid destination JID: x',
    reason: 'to-invalid',
  };
  assert.deepEqual(JSON.parse(body), { type: 'error', code: 422, error });
});

test('an error in XML is a stream error, and only for who asks for XML', () => {
  const error = new RestanzaError('reply-timeout', 'a\u0000\ud800b');
  const { mediaType, body } = errorBody(error, 'application/xmpp+xml');
  assert.equal(mediaType, XML);
  assert.match(body, /^<error xmlns='http:\/\/etherx\.jabber\.org\/streams'><undefined-condition /);
  assert.match(body, /a\ufffd\ufffdb/);
  assert.equal(errorBody(error, 'application/json, text/xml').mediaType, JSON_TYPE);
  assert.equal(errorBody(error, 'text/html').mediaType, JSON_TYPE);
});

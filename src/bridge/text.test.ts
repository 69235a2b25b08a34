/**
 * Plain text as stanzas.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecFor } from './codecs.ts';
import { readPath } from './path.ts';
import { TEXT_DECODER } from './text.ts';
import { XML_CODEC } from './xml.ts';

function decode(body: string | Uint8Array, path?: string) {
  const hints = { limit: 1000, ...(path !== undefined && { path: readPath(path) }) };
  return TEXT_DECODER.decode(typeof body === 'string' ? new TextEncoder().encode(body) : body, hints);
}

const TEXTS: readonly (readonly [body: string, path: string | undefined, xml: string])[] = [
  [
    'Hello John!',
    'message/chat/john@example.com',
    "<message to='john@example.com' type='chat'><body>Hello John!</body></message>",
  ],
  ['Hello', 'message/normal/a@b/c/d', "<message to='a@b/c/d' type='normal'><body>Hello</body></message>"],
  ['Hello', 'message/chat/', "<message type='chat'><body>Hello</body></message>"],
  ['Hello', undefined, "<message type='chat'><body>Hello</body></message>"],
  ['', undefined, "<message type='chat'><body/></message>"],
  ['body=x%20&a+b', undefined, "<message type='chat'><body>body=x%20&amp;a+b</body></message>"],
  [' a\r\nb\n', undefined, "<message type='chat'><body> a&#13;\nb\n</body></message>"],
  ['\ufeffgrüß 😀', undefined, "<message type='chat'><body>\ufeffgrüß 😀</body></message>"],
  ['away', 'presence/available/a@b', "<presence to='a@b'><show>away</show></presence>"],
];

for (const [body, path, xml] of TEXTS) {
  test(`the text ${JSON.stringify(body)} at ${path} is ${xml}`, () => {
    assert.equal(XML_CODEC.encode([decode(body, path)]), xml);
  });
}

test('no iq is made of a text', () => {
  for (const path of ['iq/get/a@b', 'iq/disco/a@b']) {
    assert.throws(() => decode('x', path), { name: 'RestanzaError', code: 'body-malformed', message: /send JSON/ });
  }
});

test('a text must be UTF-8 and of characters that XML has', () => {
  assert.throws(() => decode(Uint8Array.of(0xe4)), { code: 'body-malformed', message: /UTF-8/ });
  assert.throws(() => decode('a\u0001b'), { code: 'value-invalid', message: /'body' holds/ });
  assert.throws(() => decode('a\u0000', 'presence/available/'), { code: 'value-invalid', message: /'show' holds/ });
});

test('an address and a type in the path are checked like any other', () => {
  assert.throws(() => decode('x', 'message/chat/%40%40'), { code: 'to-invalid' });
  assert.throws(() => decode('x', 'message/available/a@b'), { code: 'stanza-type-invalid' });
});

const CHARSETS: readonly (readonly [contentType: string, taken: boolean])[] = [
  ['text/plain', true],
  ['text/plain; charset=utf-8', true],
  ['text/plain;charset=UTF-8', true],
  ['text/plain; format=flowed; Charset="utf-8"', true],
  ['text/plain; charset=us-ascii', true],
  ['text/plain; charset=', false],
  ['text/plain; charset=iso-8859-1', false],
  ['text/plain; charset="utf-16"', false],
  ['text/plain; charset=iso-8859-1; charset=utf-8', false],
  // These types have no such parameter, and mod_rest ignores it.
  ['application/json; charset=iso-8859-1', true],
  ['application/x-www-form-urlencoded; charset=iso-8859-1', true],
];

for (const [contentType, taken] of CHARSETS) {
  test(`Content-Type ${contentType} is ${taken ? 'taken' : 'refused'}`, () => {
    if (taken) assert.equal(codecFor(contentType).mediaType, contentType.split(';')[0]);
    else assert.throws(() => codecFor(contentType), { code: 'media-type-unsupported', message: /charset=utf-8/ });
  });
}

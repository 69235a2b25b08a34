/**
 * What is said of a body in a content coding.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { codecFor } from '../bridge/codecs.ts';
import { readCoded } from './coded-body.ts';

const JSON_TEXT = Buffer.from('{"kind":"message","to":"a@b","body":"x"}');

function read(contentType: string, coding: string | undefined, body: Uint8Array) {
  const headers = coding === undefined ? {} : { 'content-encoding': coding };
  return readCoded(headers, () => codecFor(contentType).decode(body, { limit: 1000 }));
}

for (const type of ['application/json', 'application/xmpp+xml', 'text/plain', 'application/x-www-form-urlencoded']) {
  test(`a body of ${type} in gzip is refused by the name of its coding`, () => {
    assert.throws(() => read(type, 'GZIP', gzipSync(JSON_TEXT)), {
      code: 'media-type-unsupported',
      message: /: Content-Encoding gzip is not understood; send the body as it is$/,
    });
  });
}

test('without a coding a body that cannot be read is as malformed as ever', () => {
  for (const coding of [undefined, '', 'identity']) {
    assert.throws(() => read('application/json', coding, gzipSync(JSON_TEXT)), { code: 'body-malformed' });
  }
});

test('what can be read is taken, whatever coding is named', () => {
  assert.equal(read('application/json', 'gzip', JSON_TEXT).kind, 'message');
});

test('other faults of a body stay what they are', () => {
  const body = Buffer.from('{"kind":"message","to":"@"}');
  assert.throws(() => read('application/json', 'gzip', body), { code: 'to-invalid' });
});

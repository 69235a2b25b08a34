/**
 * Which type an answer has (RFC 9110 §12.5.1), over all four.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate } from './accept.ts';
import { CODECS } from './codecs.ts';

const XML = 'application/xmpp+xml';
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const CBOR = 'application/cbor';

const CHOICES: readonly (readonly [accept: string | undefined, contentType: string | undefined, chosen: string])[] = [
  // What is named goes out, whatever came in.
  [FORM, JSON_TYPE, FORM],
  [CBOR, undefined, CBOR],
  [`${CBOR}, ${JSON_TYPE}`, XML, CBOR],
  // What is sent by curl, browsers and HTTP libraries.
  ['*/*', FORM, FORM],
  ['*/*', CBOR, CBOR],
  [undefined, `${FORM}; charset=utf-8`, FORM],
  ['application/json, text/plain, */*', FORM, JSON_TYPE],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', undefined, XML],
  // Text is never an answer.
  ['text/plain', undefined, XML],
  ['text/plain', JSON_TYPE, JSON_TYPE],
  ['text/plain, application/json', XML, JSON_TYPE],
  [undefined, 'text/plain', XML],
  // Weights.
  [`${JSON_TYPE};q=0.1, ${XML}`, undefined, XML],
  [`${JSON_TYPE};q=0.1, ${CBOR};q=0.2, ${FORM};q=0.15`, XML, CBOR],
  [`${JSON_TYPE};q=0.001`, XML, JSON_TYPE],
  [`${JSON_TYPE};q=0`, JSON_TYPE, XML],
  [`${XML};q=0`, undefined, JSON_TYPE],
  [`${XML};q=0, */*`, XML, JSON_TYPE],
  ['*/*;q=0', JSON_TYPE, JSON_TYPE],
  // The range that names a type most exactly has its weight.
  [`*/*, ${JSON_TYPE};q=0.1`, JSON_TYPE, XML],
  [`application/*;q=0.5, ${CBOR}`, JSON_TYPE, CBOR],
  [`*/*;q=0.9, application/*;q=0, ${FORM};q=0.2`, XML, FORM],
  // A named type goes before one that is only covered.
  [`*/*, ${JSON_TYPE}`, XML, JSON_TYPE],
  [`application/*, ${FORM}, ${CBOR}`, XML, FORM],
  // A range of another sort covers nothing here, nor does one that is cut short.
  ['text/*', CBOR, CBOR],
  ['*/json', undefined, XML],
  ['application', JSON_TYPE, JSON_TYPE],
];

for (const [accept, contentType, chosen] of CHOICES) {
  test(`Accept ${JSON.stringify(accept)} with Content-Type ${JSON.stringify(contentType)} gives ${chosen}`, () => {
    assert.equal(negotiate(accept, contentType).mediaType, chosen);
  });
}

test('an answer has one of four types', () => {
  assert.deepEqual(
    CODECS.map(({ mediaType }) => mediaType),
    [XML, JSON_TYPE, FORM, CBOR],
  );
});

test('a field of many ranges is weighed in linear time', () => {
  assert.equal(negotiate(`${'a/b,'.repeat(100_000)}${CBOR}`, XML).mediaType, CBOR);
});

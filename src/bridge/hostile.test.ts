/**
 * Bodies and paths that nobody should send: each is a stanza that can be written in every format, or a `RestanzaError`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { RestanzaError } from '../errors.ts';
import { equivalent } from '../mapping/equivalence.ts';
import { IQ } from '../mapping/iq.ts';
import { MESSAGE } from '../mapping/message.ts';
import { PRESENCE } from '../mapping/presence.ts';
import { type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import { CBOR_CODEC } from './cbor.ts';
import type { Decoder } from './codec.ts';
import { CODECS, DECODERS } from './codecs.ts';
import { FORM_CODEC } from './form.ts';
import { JSON_CODEC } from './json.ts';
import { type PathHints, readPath, readQueryPath } from './path.ts';
import { decodeQuery } from './query.ts';
import { TEXT_DECODER } from './text.ts';
import { XML_CODEC } from './xml.ts';

const RUNS = { numRuns: 2000 };
const LIMIT = 200_000;

const ODD_TEXTS = [
  '',
  "'/><iq a='",
  ']]>',
  '&#0;',
  '\r\n',
  '\0',
  '\ufffe',
  '\ud800',
  '\u2028',
  '\ufeff',
  '__proto__',
  '%',
  '%00',
  '%zz',
  '%C3',
  '+',
  '=',
  '&',
  '/',
  '//',
  '..',
  'a@b',
  'a@b/c//d',
  'true',
  'false',
  '5',
  '-0',
  '1e400',
  'get',
  'set',
  'error',
];
const KEYS = [
  ...['kind', 'type', 'to', 'from', 'id', 'lang', 'extra', 'xmpp', '__proto__', 'constructor', 'toString', ''],
  ...[MESSAGE, PRESENCE, IQ].flatMap(({ rows }) => Object.keys(rows)),
];
/** Names that stand inside the values of keys. */
const INNER = ['node', 'name', 'xmlns', 'children', 'attrs', 'key', 'data', 'form', 'fields', 'message', 'ids', 'max'];

const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 6 }));
const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, text);
const value = fc.letrec(tie => ({
  any: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constantFrom(null, true, false, 0, -0, 5, 2 ** 53, -1.5, 1e300),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...INNER), key), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;
const object = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });

const kind = fc.constantFrom('message', 'presence', 'iq', 'iq', 'mail', 'message%2F', '');
const part = fc.oneof(key, text.map(encodeURIComponentSafely));
const path = fc.oneof(
  fc.tuple(kind, part, part).map(parts => parts.join('/')),
  fc.array(part, { maxLength: 5 }).map(parts => parts.join('/')),
);

function encodeURIComponentSafely(from: string): string {
  return encodeURIComponent(from.toWellFormed());
}

/** Runs something that may be refused. */
function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RestanzaError) || error.row.status >= 500) throw error;
    return undefined;
  }
}

function pathOf(from: string | undefined): PathHints | undefined {
  return from === undefined ? undefined : attempt(() => readPath(from));
}

/** What was taken can be written in every format, and the formats that lose nothing give it back. */
function requireWritable(stanza: Stanza | undefined): void {
  if (stanza === undefined) return;
  for (const codec of CODECS) assert.ok(codec.encode([stanza]).length > 0);
  for (const codec of [XML_CODEC, JSON_CODEC, CBOR_CODEC]) {
    const written: Uint8Array = Buffer.from(codec.encode([stanza]));
    const back = codec.decode(written, { limit: LIMIT });
    assert.ok(
      equivalent(stanzaElement(back), stanzaElement(stanza)),
      `${codec.mediaType}: ${JSON_CODEC.encode([stanza])}`,
    );
  }
}

function survives(decoder: Decoder, body: Uint8Array, from: string | undefined): void {
  const hints = pathOf(from);
  requireWritable(attempt(() => decoder.decode(body, { limit: LIMIT, ...(hints !== undefined && { path: hints }) })));
}

/** Bytes of a good body with some of them changed, cut out or doubled. */
function broken(body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(body, fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 })).map(([bytes, at, cut, put]) => {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
  });
}

const encoder = new TextEncoder();
const formPart = fc.oneof(key, text, text.map(encodeURIComponentSafely));
const xmlAttribute = fc.tuple(fc.constantFrom('to', 'from', 'id', 'type', 'xml:lang', 'xmlns', 'x'), text);

const GOOD: ReadonlyMap<Decoder, fc.Arbitrary<Uint8Array>> = new Map<Decoder, fc.Arbitrary<Uint8Array>>([
  [JSON_CODEC, fc.oneof(object, value).map(json => encoder.encode(JSON.stringify(json)))],
  [CBOR_CODEC, fc.oneof(object, value).map(json => encode(json))],
  [
    FORM_CODEC,
    fc
      .array(fc.tuple(formPart, formPart), { maxLength: 5 })
      .map(pairs => encoder.encode(pairs.map(pair => pair.join('=')).join('&'))),
  ],
  [TEXT_DECODER, text.map(body => encoder.encode(body))],
  [
    XML_CODEC,
    fc
      .tuple(fc.constantFrom('message', 'presence', 'iq', 'x'), fc.array(xmlAttribute, { maxLength: 3 }), text)
      .map(([name, attributes, inner]) => {
        const written = attributes.map(([attribute, said]) => ` ${attribute}='${said}'`).join('');
        return encoder.encode(`<${name}${written}><body>${inner}</body></${name}>`);
      }),
  ],
]);

test('every decoder has hostile bodies', () => {
  const decodings = (decoders: Iterable<Decoder>) => new Set(Array.from(decoders, ({ decode }) => decode));
  assert.deepEqual(decodings(GOOD.keys()), decodings(DECODERS));
});

for (const [decoder, bodies] of GOOD) {
  test(`${decoder.mediaType}: a strange body is a stanza or an error for the client`, () => {
    const anyPath = fc.option(path, { nil: undefined });
    fc.assert(
      fc.property(bodies, anyPath, (body, from) => survives(decoder, body, from)),
      RUNS,
    );
  });

  test(`${decoder.mediaType}: a broken body is a stanza or an error for the client`, () => {
    const anyBytes = fc.oneof({ weight: 3, arbitrary: broken(bodies) }, fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(anyBytes, body => survives(decoder, body, undefined)),
      RUNS,
    );
  });
}

test('a GET with a strange path and query is a stanza or an error for the client', () => {
  const search = fc.option(
    fc.array(formPart, { maxLength: 6 }).map(parts => parts.join('=')),
    { nil: undefined },
  );
  fc.assert(
    fc.property(path, search, (from, given) => {
      const hints = attempt(() => readQueryPath(from));
      if (hints !== undefined) requireWritable(attempt(() => decodeQuery(hints, given)));
    }),
    RUNS,
  );
});

test('values that nest without end are refused, wherever they stand', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const forwarded = (depth: number) => `${'{"forwarded":{"message":'.repeat(depth)}{}${'}}'.repeat(depth)}`;
  const refused = [
    deep(90_000),
    `{"payload":{"data":${deep(90_000)}}}`,
    `{"extra":[{"key":"payload","name":"payload","xmlns":"urn:xmpp:json-msg:0","children":["[]"]}],"payload":{"data":${deep(600)}}}`,
    `{"unknown":${deep(600)}}`,
    forwarded(5_000),
  ];
  for (const body of refused) {
    const decode = () => JSON_CODEC.decode(encoder.encode(body), { limit: LIMIT });
    assert.throws(decode, { name: 'RestanzaError', code: 'body-malformed', message: /nest deeper than 512/ });
  }
});

test('what is too much for XML is an error for the client when it is written', () => {
  const features = `{"disco":{"features":[${'"a",'.repeat(10_000)}"a"]}}`;
  const forwarded = `${'{"forwarded":{"message":'.repeat(200)}{}${'}}'.repeat(200)}`;
  for (const body of [features, forwarded]) {
    const stanza = JSON_CODEC.decode(encoder.encode(body), { limit: LIMIT });
    assert.throws(() => XML_CODEC.encode([stanza]), { name: 'RestanzaError', code: 'value-invalid' });
  }
});

test('what bounds one stanza does not bound several together', () => {
  const results = `<message>${'<a/>'.repeat(9_000)}</message>`;
  const stanza = XML_CODEC.decode(encoder.encode(results), { limit: LIMIT });
  const both = XML_CODEC.encode([stanza, stanza]);
  assert.equal(both.length, 2 * results.length + '<xmpp></xmpp>'.length);
});

/**
 * The JSON Schema against the same fixtures and values as the mapping.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { WRITTEN } from '../../test/support/mapping-cases.ts';
import { loadPairs } from '../../test/support/mapping-pairs.ts';
import { WRONG } from '../../test/support/mapping-refusals.ts';
import type { Kind } from '../xmpp/stanza.ts';
import { CONVENIENCES } from './convenience.ts';
import { KIND_OF_KEY, KIND_OF_TYPE, TABLES } from './envelope.ts';
import { stanzaSchema } from './schema.ts';

const SCHEMA = stanzaSchema();
const DEFINITIONS = SCHEMA.$defs ?? {};
const validate = new Ajv2020({ strictTypes: false }).compile(SCHEMA);

/** The schema does not mention null, which is no value. */
const WITHOUT_NULL = WRITTEN.filter(([, json]) => !JSON.stringify(json).includes('null'));

for (const { name, json } of loadPairs().pairs) {
  test(`${name}: the JSON is valid`, () => assert.ok(validate(json), JSON.stringify(validate.errors)));
}

for (const [why, json] of WITHOUT_NULL) {
  test(`${why}: the JSON is valid`, () => assert.ok(validate(json), JSON.stringify(validate.errors)));
}

for (const [json] of WRONG) {
  test(`${JSON.stringify(json)} is not valid`, () => assert.ok(!validate(json)));
}

test('a key or a type that implies a kind makes the schema of that kind hold', () => {
  const wrong = [5];
  assert.deepEqual(
    KIND_OF_KEY.filter(([key]) => validate({ [key]: wrong })),
    [],
  );
  const keyOf: Readonly<Record<Kind, string>> = { message: 'body', presence: 'show', iq: 'ping' };
  assert.deepEqual(
    [...KIND_OF_TYPE].filter(([type, kind]) => validate({ type, [keyOf[kind]]: wrong })),
    [],
  );
  assert.ok(!validate({ ping: false, body: wrong }), 'a key that says false implies nothing');
  assert.ok(validate({ type: 'chat', show: wrong }), 'the keys of other kinds are ignored');
});

test('what is no object is not valid', () => {
  for (const json of [null, true, 5, 'x', [], [{ body: 'x' }]]) assert.ok(!validate(json));
});

for (const [kind, { rows }] of Object.entries(TABLES)) {
  test(`the definition of ${kind} has every key, with a sentence and its specification`, () => {
    const properties = Object.entries(DEFINITIONS[kind]?.properties ?? {});
    const beside = Object.keys(CONVENIENCES[kind as Kind]);
    const envelope = ['kind', 'type', 'to', 'from', 'id', 'lang', 'extra'];
    assert.deepEqual(
      properties.map(([key]) => key).toSorted(),
      [...Object.keys(rows), ...beside, ...envelope].toSorted(),
    );
    const silent = properties.filter(([key, { description }]) =>
      key === 'extra'
        ? description === undefined
        : !/^[A-Z{].*[.?)] \((XEP-\d{4}|RFC \d{4})( §[\d.]+)?.*\)$/.test(description ?? ''),
    );
    assert.deepEqual(silent, []);
  });
}

test('every reference leads to a definition', () => {
  const references = [...JSON.stringify(SCHEMA).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(
    ([, name]) => name ?? '',
  );
  assert.deepEqual([...new Set(references)].toSorted(), [
    'element',
    'inner_message',
    'iq',
    'message',
    'presence',
    'text',
  ]);
  assert.ok(references.every(name => Object.hasOwn(DEFINITIONS, name)));
});

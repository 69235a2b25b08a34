/**
 * What `vcard` and `vcard4` show, accept and refuse.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Json } from '../json.ts';
import { VCARD } from './vcard.ts';
import { VCARD4 } from './vcard4.ts';

test('fields stand in capitals', () => {
  const written = VCARD.write({ fn: 'F', sort_string: 'S', tel: [{ cell: true, fax: false, number: '1' }] }, 'vcard');
  const vcard = (name: string, ...children: readonly (ReturnType<typeof element> | string)[]) =>
    element(name, NS.vcard, {}, children);
  assert.deepEqual(
    written,
    vcard('vCard', vcard('FN', 'F'), vcard('TEL', vcard('CELL'), vcard('NUMBER', '1')), vcard('SORT-STRING', 'S')),
  );
});

test('a field in lower case is none', () => {
  assert.deepEqual(VCARD.read(element('vCard', NS.vcard, {}, [element('fn', NS.vcard, {}, ['F'])])), {});
});

test('true asks for a card', () => {
  assert.deepEqual(VCARD.write(true, 'vcard'), element('vCard', NS.vcard));
  assert.deepEqual(VCARD4.write(true, 'vcard4'), element('vcard', NS.vcard4));
});

const WRONG: readonly (readonly [value: Exclude<Json, null>, message: string])[] = [
  ['F', "'vcard' must be an object, not a string"],
  [{ fn: 5 }, "'vcard.fn' must be a string, not a number"],
  [{ n: 'Romeo' }, "'vcard.n' must be an object, not a string"],
  [{ photo: { binval: {} } }, "'vcard.photo.binval' must be a string, not an object"],
  [{ org: { orgunit: 'Sons' } }, "'vcard.org.orgunit' must be an array, not a string"],
  [{ tel: { number: '1' } }, "'vcard.tel' must be an array, not an object"],
  [{ tel: [{ home: 'yes' }] }, "'vcard.tel[0].home' must be true or false, not a string"],
  [{ email: ['a@x.example'] }, "'vcard.email[0]' must be an object, not a string"],
  [{ geo: { lat: 45.4 } }, "'vcard.geo.lat' must be a string, not a number"],
];

for (const [value, message] of WRONG) {
  test(`${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => VCARD.write(value, 'vcard'), { name: 'MappingError', message }));
}

const WRONG4: readonly (readonly [value: Exclude<Json, null>, message: string])[] = [
  [{ fn: 'F' }, "'vcard4.fn' must be an object, not a string"],
  [{ nickname: [{ text: 'x' }] }, "'vcard4.nickname[0].text' must be an array, not a string"],
  [{ tel: [{ uri: 5 }] }, "'vcard4.tel[0].uri' must be a string, not a number"],
  [
    { tel: [{ parameters: { pref: 'first' } }] },
    "'vcard4.tel[0].parameters.pref' must be an integer from 1 to 100, not a string",
  ],
  [{ tel: [{ parameters: { type: 'home' } }] }, "'vcard4.tel[0].parameters.type' must be an array, not a string"],
  [{ fn: { parameters: { language: 5 } } }, "'vcard4.fn.parameters.language' must be a string, not a number"],
];

for (const [value, message] of WRONG4) {
  test(`vcard4 ${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => VCARD4.write(value, 'vcard4'), { name: 'MappingError', message }));
}

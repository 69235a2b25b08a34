/** What this room knows about the inside of saxes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { EVENTS, SaxesParser } from 'saxes';
import { HANDLER_FIELDS, strictSaxes } from './tokens.ts';

test('the handler fields are those that saxes sets', () => {
  const saxes = new SaxesParser();
  const before = new Set(Object.keys(saxes));
  for (const event of EVENTS) saxes.on(event, () => {});
  const added = Object.keys(saxes).filter(key => !before.has(key));
  assert.deepStrictEqual(added.sort(), [...HANDLER_FIELDS].sort());
});

test('saxes keeps the reference that it is reading in a field', () => {
  const saxes = new SaxesParser();
  saxes.write('<a>&am');
  assert.strictEqual(saxes['entity'], 'am');
  saxes.write('p;');
  assert.strictEqual(saxes['entity'], '');
});

test('the parser stays an object of the fast form', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isFast: (value: object) => boolean = runInThisContext('value => %HasFastProperties(value)');
  const nothing = () => {};
  const saxes = strictSaxes({ startTag: nothing, text: nothing, cdata: nothing, endTag: nothing });
  saxes.write('<a>b</a>');
  assert.ok(isFast(saxes));
});

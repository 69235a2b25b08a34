/**
 * JSON inside stanzas that strangers send.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { JSON_MESSAGE } from './json-message.ts';

const read = (text: string) => JSON_MESSAGE.read(element('payload', NS.jsonMessage, {}, [text]));

test('JSON that nests deeper than a request may is not shown', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(read(nested(510)) !== undefined);
  for (const depth of [511, 5_000, 100_000]) assert.equal(read(nested(depth)), undefined);
});

test('text that is no JSON is not shown', () => {
  for (const text of ['', 'x', '{', '{"a":1}}', '\ufeff1']) assert.equal(read(text), undefined);
});

/**
 * What `roster` accepts, and what it refuses.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Json } from '../json.ts';
import { ROSTER } from './roster.ts';

test('true and an empty object ask for the roster', () => {
  assert.deepEqual(ROSTER.write(true, 'roster'), element('query', NS.roster));
  assert.deepEqual(ROSTER.write({}, 'roster'), element('query', NS.roster));
});

const WRONG: readonly (readonly [value: Exclude<Json, null>, message: string])[] = [
  ['x', "'roster' must be an object, not a string"],
  [{ ver: 7 }, "'roster.ver' must be a string, not a number"],
  [{ items: {} }, "'roster.items' must be an array, not an object"],
  [{ items: ['romeo@montague.example'] }, "'roster.items[0]' must be an object, not a string"],
  [{ items: [{ jid: 'a' }, null] }, "'roster.items[1]' must be a value, not null"],
  [{ items: [{ jid: ['a'] }] }, "'roster.items[0].jid' must be a string, not an array"],
  [{ items: [{ approved: 'true' }] }, "'roster.items[0].approved' must be true or false, not a string"],
  [{ items: [{ groups: 'Friends' }] }, "'roster.items[0].groups' must be an array, not a string"],
  [{ items: [{ groups: [5] }] }, "'roster.items[0].groups[0]' must be a string, not a number"],
];

for (const [value, message] of WRONG) {
  test(`${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => ROSTER.write(value, 'roster'), { name: 'MappingError', message }));
}

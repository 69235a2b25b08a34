/**
 * What `block`, `unblock` and `blocklist` accept, and what they refuse.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Json } from '../json.ts';
import { BLOCK, BLOCKLIST, UNBLOCK } from './blocking.ts';

test('true asks for the block list', () => {
  assert.deepEqual(BLOCKLIST.write(true, 'blocklist'), element('blocklist', NS.blocking));
});

test('a report of another version is not read', () => {
  const report = element('report', 'urn:xmpp:reporting:0', {}, [element('spam', 'urn:xmpp:reporting:0')]);
  const item = element('item', NS.blocking, { jid: 'spam.example' }, [report]);
  assert.deepEqual(BLOCK.read(element('block', NS.blocking, {}, [item])), [{ jid: 'spam.example' }]);
});

const WRONG: readonly (readonly [value: Exclude<Json, null>, message: string])[] = [
  ['spam.example', "'block' must be an array, not a string"],
  [{ jid: 'spam.example' }, "'block' must be an array, not an object"],
  [['spam.example'], "'block[0]' must be an object, not a string"],
  [[{ jid: 5 }], "'block[0].jid' must be a string, not a number"],
  [[{ report: 'spam' }], "'block[0].report' must be an object, not a string"],
  [[{ report: { reason: true } }], "'block[0].report.reason' must be a string, not a boolean"],
  [[{ report: { text: 5 } }], "'block[0].report.text' must be a string, not a number"],
  [[{ report: { stanza_ids: 's1' } }], "'block[0].report.stanza_ids' must be an array, not a string"],
  [[{ report: { stanza_ids: ['s1'] } }], "'block[0].report.stanza_ids[0]' must be an object, not a string"],
  [[{ report: { third_party: 'yes' } }], "'block[0].report.third_party' must be true or false, not a string"],
];

for (const [value, message] of WRONG) {
  test(`${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => BLOCK.write(value, 'block'), { name: 'MappingError', message }));
}

test('an address that is no object is refused', () => {
  assert.throws(() => UNBLOCK.write(['a'], 'unblock'), { message: "'unblock[0]' must be an object, not a string" });
  assert.throws(() => BLOCKLIST.write({ jid: 'a@b' }, 'blocklist'), {
    message: "'blocklist' must be an array, not an object",
  });
});

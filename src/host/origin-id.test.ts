/**
 * Where the id of a stanza's origin goes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Element, element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { withOriginId } from './origin-id.ts';

const ORIGIN = { id: 'new', originId: 'key' };
const originId = (id: string) => element('origin-id', NS.sid, { id });
const body = element('body', NS.client, {}, ['hi']);
const to = parseJid('bob@example.org');

const CASES: readonly (readonly [what: string, before: Stanza, id: string, payload: readonly Element[]])[] = [
  ['a message without id', { kind: 'message', to, payload: [body] }, 'new', [body, originId('key')]],
  ['a message with an id', { kind: 'message', id: 'own', payload: [body] }, 'own', [body, originId('key')]],
  [
    'a message with an origin-id',
    { kind: 'message', payload: [originId('own'), body] },
    'new',
    [originId('own'), body],
  ],
  [
    'a message with an element of that name that is another',
    { kind: 'message', payload: [element('origin-id', NS.client)] },
    'new',
    [element('origin-id', NS.client), originId('key')],
  ],
  ['an empty presence', { kind: 'presence', payload: [] }, 'new', [originId('key')]],
  ['an iq', { kind: 'iq', type: 'get', payload: [element('ping', NS.ping)] }, 'new', [element('ping', NS.ping)]],
];

for (const [what, before, id, payload] of CASES) {
  test(`${what} keeps what it has and gets what it lacks`, () => {
    const copy = structuredClone(before);
    assert.deepEqual(withOriginId(before, ORIGIN), { ...before, id, payload });
    assert.deepEqual(before, copy);
  });
}

test('to do it again changes nothing', () => {
  for (const [, before] of CASES) {
    const once = withOriginId(before, ORIGIN);
    assert.deepEqual(withOriginId(once, ORIGIN), once);
  }
});

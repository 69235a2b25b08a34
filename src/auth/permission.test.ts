/**
 * What each sort of stanza takes to be sent.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { permissionFor } from './permission.ts';
import type { Permission } from './scopes.ts';

const from = parseJid('alice@one.example/phone');
const [OWN, SERVER, PHONE] = ['alice@one.example', 'one.example', 'alice@one.example/other'];
const [BOB, FAR] = ['bob@one.example', 'far.example'];

/** Type, namespace, recipient and the permission. */
const IQS: readonly (readonly ['get' | 'set', string, string | undefined, Permission])[] = [
  ['get', NS.roster, undefined, 'account-read'],
  ['set', NS.roster, OWN, 'account-write'],
  ['get', NS.pubsub, OWN, 'account-read'],
  ['set', NS.pubsub, OWN, 'account-write'],
  ['get', NS.discoInfo, SERVER, 'account-read'],
  ['get', NS.vcard, BOB, 'query'],
  ['set', NS.pubsub, BOB, 'query'],
  ['get', NS.version, PHONE, 'query'],
  ['get', NS.version, FAR, 'query'],
  ['set', NS.archive, OWN, 'archive'],
  ['set', NS.archive, undefined, 'archive'],
  ['set', NS.archive, 'room@muc.example', 'archive'],
  ['get', 'urn:xmpp:mam:1', OWN, 'archive'],
  ['set', NS.carbons, OWN, 'query'],
  ['get', NS.offline, undefined, 'query'],
  ['set', NS.register, SERVER, 'account-control'],
  ['set', NS.register, OWN, 'account-control'],
  ['set', NS.register, undefined, 'account-control'],
  ['set', NS.register, `${SERVER}/x`, 'account-control'],
  ['set', NS.register, 'irc.example', 'query'],
  ['set', NS.commands, SERVER, 'account-control'],
  ['set', NS.commands, 'bot@far.example/x', 'query'],
  ['get', NS.clientAccess, OWN, 'account-control'],
];

for (const [type, ns, to, permission] of IQS) {
  test(`${type} of ${ns} to ${to ?? 'nobody'} takes ${permission}`, () => {
    const stanza: Stanza = {
      kind: 'iq',
      type,
      ...(to !== undefined && { to: parseJid(to) }),
      payload: [element('query', ns)],
    };
    assert.equal(permissionFor({ ...stanza, from }), permission);
  });
}

test('messages and presence take send, whatever is in them', () => {
  const payload = [element('query', NS.archive)];
  assert.equal(permissionFor({ kind: 'message', payload, from }), 'send');
  assert.equal(permissionFor({ kind: 'presence', type: 'subscribe', payload, from }), 'send');
});

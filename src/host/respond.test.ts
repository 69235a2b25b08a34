/**
 * What a domain answers by itself: exactly one answer to a request, none to anything else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childElements, element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { makeStanza, type Stanza, TYPES } from '../xmpp/stanza.ts';
import { answerOf, type Identity, refuse } from './respond.ts';

const identity = {
  address: parseJid('rest.example.org'),
  category: 'component',
  type: 'generic',
  software: { name: 'Restanza', version: '1' },
};
const respond = (stanza: Stanza, own: Identity) => answerOf(stanza, own) ?? refuse(stanza);
const asked = (payload = [element('ping', NS.ping)], type = 'get', to = 'rest.example.org') =>
  makeStanza({ kind: 'iq', type, to, from: 'bob@example.org/x', id: 'q', payload });
const conditionOf = (stanza: ReturnType<typeof respond>) => {
  const [error] = stanza?.payload ?? [];
  return error === undefined ? undefined : childElements(error)[0]?.name;
};

test('a ping gets an empty result with the addresses swapped and the id kept', () => {
  assert.deepEqual(respond(asked(), identity), {
    kind: 'iq',
    type: 'result',
    to: 'bob@example.org/x',
    from: 'rest.example.org',
    id: 'q',
    payload: [],
  });
});

test('what is for a resource of a domain is not for the domain', () => {
  const ping = [element('ping', NS.ping)];
  assert.equal(conditionOf(respond(asked(ping, 'get', 'rest.example.org/x'), identity)), 'service-unavailable');
});

test('a version query gets name and version', () => {
  const answer = respond(asked([element('query', NS.version)]), identity);
  assert.deepEqual(answer?.payload, [
    element('query', NS.version, {}, [
      element('name', NS.version, {}, ['Restanza']),
      element('version', NS.version, {}, ['1']),
    ]),
  ]);
});

test('disco info names the identity and every feature that is answered', () => {
  const [query] = respond(asked([element('query', NS.discoInfo)]), identity)?.payload ?? [];
  const names = query === undefined ? [] : childElements(query).map(child => child.attrs['var'] ?? child.attrs['type']);
  assert.deepEqual(names, ['generic', NS.discoInfo, NS.discoItems, NS.ping, NS.version]);
  for (const feature of [NS.discoInfo, NS.discoItems, NS.version]) {
    assert.equal(respond(asked([element('query', feature)]), identity)?.type, 'result', feature);
  }
});

test('a node that is not there is not found', () => {
  for (const ns of [NS.discoInfo, NS.discoItems]) {
    assert.equal(conditionOf(respond(asked([element('query', ns, { node: 'x' })]), identity)), 'item-not-found');
  }
});

test('requests that nobody takes get service-unavailable', () => {
  assert.equal(conditionOf(respond(asked([element('query', 'urn:x')]), identity)), 'service-unavailable');
  assert.equal(conditionOf(respond(asked(undefined, 'set'), identity)), 'service-unavailable');
  assert.equal(conditionOf(respond(asked(undefined, 'get', 'bot@rest.example.org'), identity)), 'service-unavailable');
});

test('a request with no payload or with two is a bad request', () => {
  assert.equal(conditionOf(respond(asked([]), identity)), 'bad-request');
  assert.equal(conditionOf(respond(asked([element('a', 'u'), element('b', 'u')]), identity)), 'bad-request');
});

test('nothing but a request is answered', () => {
  for (const [kind, types] of Object.entries(TYPES)) {
    for (const type of types) {
      if (kind === 'iq' && (type === 'get' || type === 'set')) continue;
      const stanza = makeStanza({
        kind: kind as keyof typeof TYPES,
        type,
        to: 'rest.example.org',
        from: 'b@c',
        id: '1',
        payload: [],
      });
      assert.equal(respond(stanza, identity), undefined, `${kind} ${type}`);
    }
  }
});

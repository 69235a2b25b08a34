/**
 * Stanzas from elements and back, and the answers that derive from them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { NS } from './ns.ts';
import {
  errorOf,
  makeStanza,
  readStanza,
  receiveStanza,
  resultOf,
  type StanzaFault,
  stanzaElement,
  TYPES,
} from './stanza.ts';

const parse = (xml: string) => parseDocument(xml, CLIENT_LIMITS, NS.client);

test('an element becomes a stanza with canonical addresses, and back', () => {
  const stanza = readStanza(
    parse("<message to='BOB@Example.ORG/R' from='a@b' id='1' type='chat' xml:lang='en'><body>x</body></message>"),
  );
  const { payload, ...rest } = stanza;
  assert.deepEqual(rest, { kind: 'message', type: 'chat', to: 'bob@example.org/R', from: 'a@b', id: '1', lang: 'en' });
  assert.deepEqual(payload, [element('body', NS.client, {}, ['x'])]);
  assert.deepEqual(readStanza(stanzaElement(stanza)), stanza);
});

test('attributes that RFC 6120 does not know are not part of a stanza', () => {
  assert.deepEqual(readStanza(parse("<presence foo='x' xmlns:p='urn:p' p:bar='y'/>")), {
    kind: 'presence',
    payload: [],
  });
});

test('a presence of type available has no type', () => {
  assert.deepEqual(makeStanza({ kind: 'presence', type: 'available', payload: [] }), { kind: 'presence', payload: [] });
});

test('every type of every kind is known', () => {
  for (const [kind, types] of Object.entries(TYPES)) {
    for (const type of types) assert.equal(readStanza(parse(`<${kind} type='${type}'/>`)).type, type);
  }
});

const FAULTS: readonly (readonly [xml: string, fault: StanzaFault])[] = [
  ["<message xmlns='urn:x'/>", 'namespace'],
  ["<message xmlns=''/>", 'namespace'],
  ['<msg/>', 'kind'],
  ['<__proto__/>', 'kind'],
  ['<toString/>', 'kind'],
  ["<message type='weird'/>", 'type'],
  ["<message type=''/>", 'type'],
  ["<presence type='chat'/>", 'type'],
  ["<iq type='chat'/>", 'type'],
  ['<iq/>', 'type'],
  ["<message to='@'/>", 'to'],
  ["<message to=''/>", 'to'],
  ["<message from='a@@b'/>", 'from'],
];

for (const [xml, fault] of FAULTS) {
  test(`${xml} is at fault in its ${fault}`, () =>
    assert.throws(() => readStanza(parse(xml)), { name: 'StanzaError', fault }));
}

test('a received message of an unknown type is a normal one; other kinds are refused', () => {
  assert.equal(receiveStanza(parse("<message type='weird'/>")).type, 'normal');
  assert.equal(receiveStanza(parse("<message type='chat'/>")).type, 'chat');
  assert.equal(receiveStanza(parse('<message/>')).type, undefined);
  assert.throws(() => receiveStanza(parse("<iq type='weird'/>")), { fault: 'type' });
});

const iq = makeStanza({ kind: 'iq', type: 'get', to: 'a@b/c', from: 'd@e/f', id: 'q', payload: [] });

test('a result swaps the addresses and keeps the id', () => {
  assert.ok(iq.kind === 'iq');
  assert.deepEqual(resultOf(iq), { kind: 'iq', type: 'result', to: 'd@e/f', from: 'a@b/c', id: 'q', payload: [] });
});

test('an error has the type of its condition unless told otherwise', () => {
  const [error] = errorOf(iq, { condition: 'forbidden', text: 'No' })?.payload ?? [];
  assert.ok(error !== undefined);
  assert.equal(error.attrs['type'], 'auth');
  assert.deepEqual(error.children, [
    element('forbidden', NS.stanzaErrors),
    element('text', NS.stanzaErrors, { 'xml:lang': 'en' }, ['No']),
  ]);
  const [waiting] = errorOf(iq, { condition: 'forbidden', type: 'wait' })?.payload ?? [];
  assert.equal(waiting?.attrs['type'], 'wait');
});

test('errors and results are never answered with an error', () => {
  for (const kind of ['message', 'presence', 'iq'] as const) {
    const stanza = makeStanza({ kind, type: 'error', from: 'a@b', payload: [] });
    assert.equal(errorOf(stanza, { condition: 'gone' }), undefined);
  }
  assert.equal(errorOf(makeStanza({ kind: 'iq', type: 'result', payload: [] }), { condition: 'gone' }), undefined);
});

/**
 * What may be sent by whom.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Draft, makeStanza } from '../xmpp/stanza.ts';
import { prepare } from './submit.ts';

const ping = element('ping', NS.ping);
const user = { address: parseJid('alice@example.org') };
const component = { address: parseJid('rest.example.org') };
const message = (values: Partial<Draft> = {}) => makeStanza({ kind: 'message', payload: [], ...values });

test('what is missing is stamped', () => {
  const { id, from, to } = prepare(user, message({ to: 'bob@example.org' }));
  assert.equal(from, 'alice@example.org');
  assert.equal(to, 'bob@example.org');
  assert.match(id, /^[\w-]{22}$/);
});

test('an id and a resource of the caller’s choice stay', () => {
  const { id, from } = prepare(user, message({ id: 'mine', to: 'b@c', from: 'alice@example.org/phone' }));
  assert.deepEqual([id, from], ['mine', 'alice@example.org/phone']);
});

test('a stanza without address goes to the own account, a presence to the server', () => {
  assert.equal(prepare(user, message()).to, 'alice@example.org');
  assert.equal(prepare(user, message({ from: 'alice@example.org/phone' })).to, 'alice@example.org');
  assert.equal(prepare(user, makeStanza({ kind: 'iq', type: 'get', payload: [ping] })).to, 'alice@example.org');
  assert.equal(prepare(user, makeStanza({ kind: 'presence', payload: [] })).to, undefined);
});

const iq = (type: string, payload = [ping]) => makeStanza({ kind: 'iq', type, to: 'b@c', payload });
const REFUSED: readonly (readonly [
  what: string,
  principal: typeof user,
  stanza: ReturnType<typeof message>,
  code: ErrorCode,
])[] = [
  ['another user', user, message({ to: 'b@c', from: 'bob@example.org' }), 'from-forbidden'],
  ['the domain', user, message({ to: 'b@c', from: 'example.org' }), 'from-forbidden'],
  ['a subdomain', component, message({ to: 'b@c', from: 'x@a.rest.example.org' }), 'from-forbidden'],
  ['a component’s message without address', component, message(), 'to-invalid'],
  ['a component’s presence without address', component, makeStanza({ kind: 'presence', payload: [] }), 'to-invalid'],
  ['an iq result', user, iq('result'), 'iq-type-invalid'],
  ['an iq error', user, iq('error'), 'iq-type-invalid'],
  ['an iq without payload', user, iq('get', []), 'iq-payload-invalid'],
  ['an iq with two payloads', user, iq('set', [ping, ping]), 'iq-payload-invalid'],
];

for (const [what, principal, stanza, code] of REFUSED) {
  test(`${what} is refused with ${code}`, () => assert.throws(() => prepare(principal, stanza), { code }));
}

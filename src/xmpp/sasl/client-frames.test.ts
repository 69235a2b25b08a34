/** RFC 6120 §6.4, §6.5: the elements of a login as a client writes and reads them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Element, element } from '../../xml/element.ts';
import { write } from '../../xml/write.ts';
import { NS } from '../ns.ts';
import { type Blame, SaslFault } from './client-fault.ts';
import { abort, auth, readBindings, readMechanisms, readSaslAnswer, response } from './client-frames.ts';
import { SASL_CONDITIONS } from './conditions.ts';

const sasl = (name: string, children: readonly (Element | string)[] = []): Element =>
  element(name, NS.sasl, {}, children);
const inside = { defaultNs: NS.sasl };

test('what a client says has the form of RFC 6120', () => {
  const written: readonly (readonly [Element, string])[] = [
    [auth('PLAIN', Buffer.from('\0a\0b')), "<auth mechanism='PLAIN'>AGEAYg==</auth>"],
    [auth('EXTERNAL', new Uint8Array()), "<auth mechanism='EXTERNAL'>=</auth>"],
    [auth('DIGEST-MD5', undefined), "<auth mechanism='DIGEST-MD5'/>"],
    [response(Buffer.from('abc')), '<response>YWJj</response>'],
    [response(new Uint8Array()), '<response/>'],
    [abort(), '<abort/>'],
  ];
  for (const [made, text] of written) assert.equal(write(made, inside), text);
});

test('challenges and successes are read with and without data', () => {
  const read: readonly (readonly [string, string, Uint8Array | undefined])[] = [
    ['challenge', 'YWJj', Buffer.from('abc')],
    ['challenge', '', Buffer.alloc(0)],
    ['challenge', '=', Buffer.alloc(0)],
    ['success', 'YWJj', Buffer.from('abc')],
    ['success', '=', Buffer.alloc(0)],
    ['success', '', undefined],
  ];
  for (const [name, text, data] of read) {
    const answer = readSaslAnswer(sasl(name, [text]));
    assert.ok(answer.name !== 'failure');
    assert.equal(answer.name, name);
    assert.deepEqual(answer.data && Buffer.from(answer.data), data && Buffer.from(data));
  }
});

for (const text of ['YWJ', 'YWJj\n', ' YWJj', 'YW==Jj', '==', 'YWJ=', 'YWJj=', '%', '\u{1D5BA}'])
  test(`${JSON.stringify(text)} is not base64`, () => {
    for (const name of ['challenge', 'success']) {
      assert.throws(() => readSaslAnswer(sasl(name, [text])), { name: 'SaslFault', reason: 'malformed-answer' });
    }
  });

test('a message with an element in it is not taken for the text around it', () => {
  for (const name of ['challenge', 'success']) {
    const mixed = sasl(name, ['YW', sasl('b'), 'Jj']);
    assert.throws(() => readSaslAnswer(mixed), { reason: 'malformed-answer' });
  }
});

test('anything else is no answer', () => {
  const others = [
    ...['auth', 'response', 'abort', 'mechanisms', 'Success', 'constructor', '__proto__'].map(name => sasl(name)),
    element('success', NS.sasl2),
    element('success', NS.client),
    element('features', NS.stream),
    element('message', NS.client, {}, [sasl('success')]),
  ];
  for (const other of others) assert.throws(() => readSaslAnswer(other), { reason: 'unexpected-answer' });
});

function failureOf(children: readonly Element[]): SaslFault {
  const answer = readSaslAnswer(sasl('failure', children));
  assert.ok(answer.name === 'failure');
  return answer.fault;
}

test('each condition says who has to do something', () => {
  const blames: Readonly<Record<string, Blame>> = {
    'not-authorized': 'credentials',
    'account-disabled': 'credentials',
    'credentials-expired': 'credentials',
    'temporary-auth-failure': 'temporary',
    aborted: 'temporary',
    'malformed-request': 'ours',
    'incorrect-encoding': 'ours',
    'encryption-required': 'setup',
    'invalid-authzid': 'setup',
    'invalid-mechanism': 'setup',
    'mechanism-too-weak': 'setup',
  };
  assert.deepEqual(Object.keys(blames).sort(), Object.keys(SASL_CONDITIONS).sort());
  for (const [condition, blame] of Object.entries(blames)) {
    const fault = failureOf([sasl(condition)]);
    assert.deepEqual([fault.reason, fault.blame, fault.serverText], [condition, blame, undefined]);
  }
});

test('a condition that is missing or unknown may be a wrong password, so nothing is tried again', () => {
  for (const children of [[], [sasl('bad-auth')], [sasl('__proto__')], [element('not-authorized', NS.stanzaErrors)]]) {
    const fault = failureOf(children);
    assert.deepEqual([fault.reason, fault.blame], ['undefined-condition', 'credentials']);
  }
});

test('what the server says for people is kept apart and cut', () => {
  const fault = failureOf([sasl('text', [`Sorry. ${'x'.repeat(1_000)}`]), sasl('not-authorized')]);
  assert.equal(fault.reason, 'not-authorized');
  assert.equal(fault.serverText?.length, 256);
  assert.ok(!fault.message.includes('Sorry'));
  const cut = new SaslFault('aborted', 'text', `${'x'.repeat(255)}\u{1F600}`);
  assert.ok(cut.serverText?.isWellFormed());
});

test('what is on offer is read as it came', () => {
  const mechanism = (name: string) => sasl('mechanism', [name]);
  const feature = sasl('mechanisms', [
    mechanism('PLAIN'),
    mechanism(' x '),
    element('mechanism', NS.sasl2, {}, ['B']),
    sasl('hostname'),
  ]);
  assert.deepEqual(readMechanisms(feature), ['PLAIN', ' x ']);
  const type = (name: string) => element('channel-binding', NS.saslBindings, { type: name });
  const features = (children: readonly Element[]) => element('features', NS.stream, {}, children);
  const bindings = element('sasl-channel-binding', NS.saslBindings, {}, [type('tls-exporter'), type('tls-unique')]);
  assert.deepEqual(readBindings(features([feature, bindings])), ['tls-exporter', 'tls-unique']);
  assert.deepEqual(readBindings(features([element('sasl-channel-binding', NS.saslBindings)])), []);
  assert.equal(readBindings(features([feature])), undefined);
});

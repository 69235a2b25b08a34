/**
 * What a key may be, which requests are the same, and what a repeat gets.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, type ErrorCode, RestanzaError } from '../errors.ts';
import { isText } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { type Answer, fingerprintOf, idOf, isUnsent, nameOf, type Outcome, parseKey, repeat } from './idempotency.ts';

const KEYS: readonly (readonly [field: string | readonly string[] | undefined, key: string | undefined])[] = [
  [undefined, undefined],
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"],
  ['a"b', 'a"b'],
  ['x'.repeat(255), 'x'.repeat(255)],
  [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
];

for (const [field, key] of KEYS) {
  test(`the field ${JSON.stringify(field)?.slice(0, 60)} holds ${JSON.stringify(key)?.slice(0, 60)}`, () =>
    assert.equal(parseKey(field), key));
}

const NO_KEYS: readonly (string | readonly string[])[] = [
  '',
  '""',
  ' ',
  '"',
  '"a',
  '"a"b',
  '"a", "b"',
  'a, b',
  '"a";p=1',
  '"a b"',
  'a b',
  '"a\\b"',
  'a\tb',
  'a\x7f',
  '\xe4',
  '"\xe4"',
  'x'.repeat(256),
  `"${'x'.repeat(256)}"`,
  ['a', 'b'],
];

for (const field of NO_KEYS) {
  test(`the field ${JSON.stringify(field).slice(0, 60)} is refused`, () =>
    assert.throws(() => parseKey(field), { code: 'request-malformed', message: /Idempotency-Key must be one string/ }));
}

test('a long field that is no key is refused at once', () => {
  const start = performance.now();
  for (const field of ['"'.repeat(16_000), `"${'\\'.repeat(16_000)}`, `"${'\\"'.repeat(8_000)}`, 'x'.repeat(16_000)]) {
    assert.throws(() => parseKey(field), { code: 'request-malformed' });
  }
  assert.ok(performance.now() - start < 100);
});

test('requests are the same only when method, path, media type and body are', () => {
  const part = fc.constantFrom('', 'a', 'b', 'a\n', '"', '["a"]', 'a","b');
  const request = fc.record({
    method: part,
    path: part,
    contentType: fc.option(part, { nil: undefined }),
    body: part.map(text => new TextEncoder().encode(text)),
  });
  fc.assert(
    fc.property(request, request, (one, other) => {
      const same = Buffer.from(fingerprintOf(one)).equals(fingerprintOf(other));
      assert.equal(same, JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: 1_000 },
  );
});

test('a name belongs to one principal and one key, and the id to the name', () => {
  const [alice, home] = [parseJid('alice@one.example'), parseJid('alice@one.example/at home')];
  const pairs = [
    [alice, 'a'],
    [alice, 'b'],
    [parseJid('bob@one.example'), 'a'],
    [home, 'a'],
    [parseJid('alice@one.example/at'), 'home'],
  ] as const;
  const ids = pairs.map(([principal, key]) => idOf(nameOf(principal, key)));
  assert.equal(new Set(ids).size, pairs.length);
  assert.deepEqual(
    pairs.map(([principal, key]) => idOf(nameOf(principal, key))),
    ids,
  );
  for (const id of ids) assert.match(id, /^[\w-]{22}$/);
});

test('an id is XML text', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), name => isText(idOf(name))));
});

/** For every error that is the gateway's or the other side's: whether nothing was sent before it. */
const SERVER_ERRORS: Partial<Record<ErrorCode, boolean>> = {
  'reply-timeout': false,
  'link-lost': false,
  unconfirmed: false,
  internal: false,
  'link-down': true,
  'link-congested': true,
  'too-many-waiting': true,
  'too-many-sessions': true,
  'storage-unavailable': true,
  'issuer-unavailable': true,
  stopping: true,
};

for (const [code, { status }] of Object.entries(ERRORS) as [ErrorCode, { status: number }][]) {
  test(`${code} ${status < 500 || SERVER_ERRORS[code] ? 'says that nothing was sent' : 'may come after a stanza'}`, () => {
    const expected = status < 500 ? true : SERVER_ERRORS[code];
    assert.equal(isUnsent(new RestanzaError(code)), expected);
  });
}

test('of an error without a code nobody knows what came before it', () => {
  for (const error of [new Error('x'), new DOMException('gone', 'AbortError'), undefined]) {
    assert.equal(isUnsent(error), false);
  }
});

const one = fingerprintOf({ method: 'POST', path: '/rest', contentType: undefined, body: new Uint8Array() });
const other = fingerprintOf({ method: 'POST', path: '/msg', contentType: undefined, body: new Uint8Array() });
const answer: Answer = { status: 202, headers: {}, body: new Uint8Array() };

test('a repeat of an answered request gets the answer, of an interrupted one is made again', () => {
  assert.equal(repeat({ fingerprint: one, outcome: answer }, one), answer);
  assert.equal(repeat({ fingerprint: one, outcome: 'interrupted' }, one), undefined);
});

test('a repeat of a request that runs, or whose answer is lost, is refused', () => {
  assert.throws(() => repeat({ fingerprint: one, outcome: 'running' }, one), {
    code: 'idempotency-concurrent',
    retryAfter: 1,
  });
  assert.throws(() => repeat({ fingerprint: one, outcome: 'unrecorded' }, one), { code: 'idempotency-unrecorded' });
});

test('another request with the same key is refused, whatever became of the first', () => {
  for (const outcome of [answer, 'running', 'interrupted', 'unrecorded'] satisfies Outcome[]) {
    assert.throws(() => repeat({ fingerprint: one, outcome }, other), { code: 'idempotency-mismatch' });
  }
});

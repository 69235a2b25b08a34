/**
 * How the terms of a token are written.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTerms, type Term, TermError, type WrittenTerms } from './token-terms.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const LEAST: WrittenTerms = { jid: 'bot@one.example', scopes: ['send'] };
const DAY = 86_400_000;

test('a token needs an address and a scope', () => {
  assert.deepEqual(readTerms(LEAST, NOW), {
    pattern: 'bot@one.example',
    scopes: new Set(['send']),
    networks: [],
  });
});

test('everything can be said of it', () => {
  const written = {
    jid: '*@One.Example',
    scopes: ['send', 'query', 'send'],
    expires: '90d',
    rate: 5,
    networks: ['10.0.0.0/8', '2001:DB8::/32', '10.0.0.0/8'],
    label: 'a bot – of mine',
  };
  assert.deepEqual(readTerms(written, NOW), {
    pattern: '*@one.example',
    scopes: new Set(['send', 'query']),
    expires: NOW + 90 * DAY,
    rate: 5,
    networks: ['10.0.0.0/8', '2001:db8::/32'],
    label: 'a bot – of mine',
  });
});

for (const [text, time] of Object.entries({
  '1s': 1000,
  '30m': 1_800_000,
  '12h': 43_200_000,
  '3650d': 3650 * DAY,
  '2026-01-02T00:00:00Z': DAY,
  '2026-01-02T01:00:00+01:00': DAY,
  '2026-01-02t00:00:00.5z': DAY + 500,
})) {
  test(`${text} is ${time} ms from now`, () => {
    assert.equal(readTerms({ ...LEAST, expires: text }, NOW).expires, NOW + time);
  });
}

const WRONG: readonly (readonly [Term, Partial<Record<Term, unknown>>])[] = [
  ['jid', { jid: '' }],
  ['jid', { jid: 'one.example' }],
  ['jid', { jid: 'a@b@c' }],
  ['jid', { jid: 'a@one.example/r' }],
  ['scopes', { scopes: [] }],
  ['scopes', { scopes: ['send', 'sned'] }],
  ['scopes', { scopes: ['toString'] }],
  ...[
    '',
    '0d',
    '3651d',
    '90',
    'd',
    '-1d',
    '1.5d',
    '1w',
    '2025-12-31T23:59:59Z',
    '2026-01-02',
    '2026-02-30T00:00:00',
    'never',
  ].map(expires => ['expires', { expires }] as const),
  ...[0, -1, 1.5, 100_001, Number.NaN, Number.POSITIVE_INFINITY].map(rate => ['rate', { rate }] as const),
  ['networks', { networks: ['10.0.0.0/33'] }],
  ['networks', { networks: Array.from({ length: 101 }, () => '10.0.0.1') }],
  ['label', { label: '' }],
  ['label', { label: 'a\nb' }],
  ['label', { label: 'a'.repeat(201) }],
  ['label', { label: '\u202e' }],
];

for (const [term, change] of WRONG) {
  test(`${JSON.stringify(change).slice(0, 60)} is refused, and what it is in is named`, () => {
    assert.throws(
      () => readTerms({ ...LEAST, ...change } as WrittenTerms, NOW),
      (error: unknown) => error instanceof TermError && error.term === term && error.message.length > 10,
    );
  });
}

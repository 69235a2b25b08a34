/**
 * PKCE: the example of RFC 7636, and what must not match.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isChallenge, matchesChallenge } from './pkce.ts';

/** RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

test('the verifier of the RFC matches its challenge', () => {
  assert.ok(isChallenge(CHALLENGE));
  assert.ok(matchesChallenge(CHALLENGE, VERIFIER));
});

test('nothing else does', () => {
  const others = [
    CHALLENGE,
    VERIFIER.slice(1),
    `${VERIFIER}x`,
    VERIFIER.toLowerCase(),
    '',
    'x'.repeat(129),
    `${VERIFIER} `,
  ];
  for (const other of others) assert.ok(!matchesChallenge(CHALLENGE, other), other);
  for (const text of ['', VERIFIER.slice(1), `${CHALLENGE}=`, CHALLENGE.replace('-', '+')])
    assert.ok(!isChallenge(text));
});

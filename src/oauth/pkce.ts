/**
 * Proof Key for Code Exchange (RFC 7636).
 *
 * Decides that S256 is the only method: with `plain`, who sees the authorization request has the verifier.
 */
import { createHash } from 'node:crypto';
import { sameSecret } from '../auth/secret.ts';

/** The methods that a client may use. */
export const CHALLENGE_METHODS = ['S256'] as const;

/** base64url of 32 bytes. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
/** RFC 7636 §4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Whether a text can be the challenge of S256. */
export function isChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}

/** Whether a verifier is that of a challenge (RFC 7636 §4.6). */
export function matchesChallenge(challenge: string, verifier: string): boolean {
  return VERIFIER.test(verifier) && sameSecret(challenge, createHash('sha256').update(verifier).digest('base64url'));
}

/**
 * The random texts of OAuth: codes, tokens, client secrets.
 *
 * Decides how long they are (256 bits, RFC 6749 §10.10 asks for 128) and what they look like. Only a digest of one is ever
 * kept (`auth/token-text.ts`).
 */
import { randomBytes } from 'node:crypto';

/** What each kind begins with, so that one that was published by mistake can be found and told apart. */
const PREFIXES = { access: 'oat_', refresh: 'ort_', code: 'oac_', device: 'odc_', client: 'ocs_' } as const;

/** A kind of secret. */
export type SecretKind = keyof typeof PREFIXES;

const BYTES = 32;

/** Makes a new secret: 256 random bits as text that needs no encoding anywhere. */
export function newSecret(kind: SecretKind): string {
  return PREFIXES[kind] + randomBytes(BYTES).toString('base64url');
}

/** Whether a text could be a secret of this kind. */
export function isSecret(kind: SecretKind, text: string): boolean {
  return text.startsWith(PREFIXES[kind]);
}

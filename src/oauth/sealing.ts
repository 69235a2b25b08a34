/**
 * What only this gateway can read, and nobody change: AES-256-GCM (NIST SP 800-38D) under one key.
 *
 * Decides that each use has a key of its own (HKDF, RFC 5869), so that what was sealed for one is nothing for another, and how
 * the parts stand together. Where the key comes from is decided in `compose/`.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Bytes of the key. */
export const KEY_BYTES = 32;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Seals and opens texts for one use. */
export interface Seal {
  /** Makes a text unreadable; the outcome is base64url. */
  seal(text: string): string;
  /** The text again; `undefined` for what was not sealed by us for this use. */
  open(sealed: string): string | undefined;
}

/**
 * Makes the seal for a use.
 *
 * @param key 32 random bytes
 * @param use what it is for; other uses have other keys
 */
export function sealFor(key: Uint8Array, use: string): Seal {
  const own = Buffer.from(hkdfSync('sha256', key, new Uint8Array(), `restanza ${use}`, KEY_BYTES));
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, own, nonce);
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url');
    },
    open: sealed => open(own, Buffer.from(sealed, 'base64url')),
  };
}

function open(key: Buffer, sealed: Buffer): string | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const hidden = sealed.subarray(NONCE_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(hidden), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/**
 * The signature of a callback (Standard Webhooks 1.0, scheme v1).
 *
 * Decides what is signed (id, time and body, with dots between) and how: HMAC-SHA256 under each key, so that a receiver
 * which knows the old or the new secret can verify while the secret is changed. The time is that of the try.
 */
import { createHmac } from 'node:crypto';

/** What a signature covers. */
export interface Signed {
  /** The `webhook-id`: no dot in it. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string | Uint8Array;
}

const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
/** Bytes that a key has by the specification. */
const [SHORTEST, LONGEST] = [24, 64];

/**
 * Reads a secret: `whsec_` and 24 to 64 bytes in base64.
 *
 * @returns the key, or `undefined` when the text is no such secret
 */
export function readSecret(text: string): Uint8Array | undefined {
  const encoded = SECRET.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= SHORTEST && key.length <= LONGEST ? key : undefined;
}

/** The `webhook-signature` header: one signature for each key, the first key's first. */
export function sign({ id, timestamp, body }: Signed, keys: readonly Uint8Array[]): string {
  const signatures = keys.map(key => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body));
  return signatures.map(signature => `v1,${signature.digest('base64')}`).join(' ');
}

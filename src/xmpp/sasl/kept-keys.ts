/**
 * The keys of a SCRAM login as text, for whoever keeps them (RFC 5802 §3).
 *
 * Decides the form alone. The text is as secret as the password, towards the server that it is for; keeping it so is the
 * business of whoever keeps it.
 */
import type { ClientKeys } from './client-exchange.ts';
import { SCRAM_HASHES, type ScramHash } from './scram-keys.ts';

const FIELDS = ['salt', 'clientKey', 'storedKey', 'serverKey'] as const;

/** Writes keys as text. */
export function writeKeys({ hash, iterations, ...keys }: ClientKeys): string {
  const written = FIELDS.map(field => Buffer.from(keys[field]).toString('base64'));
  return [hash, String(iterations), ...written].join(' ');
}

/** Reads what `writeKeys` has written; `undefined` for any other text. */
export function readKeys(text: string): ClientKeys | undefined {
  const [hash = '', iterations = '', ...written] = text.split(' ');
  const [salt, clientKey, storedKey, serverKey] = written.map(part => new Uint8Array(Buffer.from(part, 'base64')));
  if (!isHash(hash) || !/^[1-9]\d{0,9}$/.test(iterations)) return undefined;
  if (salt === undefined || clientKey === undefined || storedKey === undefined || serverKey === undefined)
    return undefined;
  return { hash, iterations: Number(iterations), salt, clientKey, storedKey, serverKey };
}

function isHash(text: string): text is ScramHash {
  return Object.hasOwn(SCRAM_HASHES, text);
}

/**
 * The arithmetic of SCRAM (RFC 5802 §3, RFC 7677), the same for a server, a client and a store of accounts.
 *
 * Decides what is kept of a password: two keys per hash, from which nobody can log in. The messages are the business of
 * `scram-message.ts`, who may be logged in that of `scram.ts`.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { opaqueString, PreparationError } from '../precis.ts';
import type { Kdf } from './kdf.ts';

/** The hashes by the name that follows `SCRAM-`: as node:crypto knows them, and the bytes of their keys. */
export const SCRAM_HASHES = {
  'SHA-512': { digest: 'sha512', length: 64 },
  'SHA-256': { digest: 'sha256', length: 32 },
  'SHA-1': { digest: 'sha1', length: 20 },
} as const satisfies Record<string, { readonly digest: string; readonly length: number }>;

/** A hash that SCRAM is used with. */
export type ScramHash = keyof typeof SCRAM_HASHES;

/** What is kept of a password for one hash. */
export interface ScramKeys {
  readonly hash: ScramHash;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** H(ClientKey). */
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** A hash that we keep accounts with, and log their owners in with. */
export type AccountHash = 'SHA-256' | 'SHA-1';

/** What is kept of an account's password. */
export type AccountKeys = Readonly<Record<AccountHash, ScramKeys>>;

/**
 * Rounds of PBKDF2 for new keys. RFC 7677 §4 asks for 4,096 at least and XEP-0438 for 10,000. Who logs in by SCRAM computes
 * them, so only PLAIN and HTTP Basic cost the server: about two milliseconds of one core for each password. Many more would
 * slow every request with Basic and every client in a slow language, and still not save a weak password from somebody who
 * has stolen the file.
 */
export const ITERATIONS = 10_000;

const SALT_BYTES = 16;
const PASSWORD_BYTES = 1024;

/**
 * Prepares a password by OpaqueString (RFC 8265 §4.2), which replaced the SASLprep that RFC 4616 and RFC 5802 name.
 *
 * Clients send, or feed to SCRAM, the bytes as typed, SASLprep or OpaqueString. For ASCII and for all that NFKC leaves alone,
 * the outcomes are the same. For the rest (ligatures, fullwidth letters, Roman numerals) OpaqueString keeps the difference
 * that SASLprep drops, which is what clients without any preparation need too.
 *
 * @throws PreparationError when it is empty, longer than 1,024 bytes or holds what FreeformClass refuses
 */
export function preparePassword(text: string): string {
  if (text === '') throw new PreparationError('is empty');
  if (Buffer.byteLength(text) > PASSWORD_BYTES) throw new PreparationError(`is longer than ${PASSWORD_BYTES} bytes`);
  return opaqueString(text);
}

/** The salt and rounds of a derivation. */
export interface ScramParameters {
  readonly hash: ScramHash;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** The keys that follow from a password; the client key logs its owner in and is never kept. */
export interface DerivedKeys extends ScramKeys {
  readonly clientKey: Uint8Array;
}

/**
 * Derives all keys of a password (RFC 5802 §3).
 *
 * @throws PreparationError for a password that cannot be one
 * @throws RestanzaError `too-many-waiting` by the Kdf
 */
export async function deriveKeys(kdf: Kdf, password: string, parameters: ScramParameters): Promise<DerivedKeys> {
  const { hash, salt, iterations } = parameters;
  const { digest, length } = SCRAM_HASHES[hash];
  const salted = await kdf.derive({ password: preparePassword(password), salt, iterations, digest, length });
  const clientKey = hmac(hash, salted, 'Client Key');
  const serverKey = hmac(hash, salted, 'Server Key');
  return { hash, salt, iterations, clientKey, storedKey: hashed(hash, clientKey), serverKey };
}

/** Makes what is kept of a new password: for each hash, keys with a salt of their own. Errors as `deriveKeys`. */
export async function newAccountKeys(kdf: Kdf, password: string): Promise<AccountKeys> {
  const make = async (hash: AccountHash): Promise<ScramKeys> => {
    const parameters = { hash, salt: randomBytes(SALT_BYTES), iterations: ITERATIONS };
    const { clientKey: _, ...keys } = await deriveKeys(kdf, password, parameters);
    return keys;
  };
  const [sha1, sha256] = await Promise.all([make('SHA-1'), make('SHA-256')]);
  return { 'SHA-1': sha1, 'SHA-256': sha256 };
}

/**
 * Makes keys for a name that has no account: the same each time, so that they look like an account's, and of no password.
 *
 * @param secret of this installation, so that nobody else can compute them
 */
export function decoyKeys(secret: Uint8Array, name: string): AccountKeys {
  const make = (hash: AccountHash): ScramKeys => {
    const bytes = (use: string) => createHmac('sha256', secret).update(`${hash}\0${use}\0${name}`).digest();
    const { length } = SCRAM_HASHES[hash];
    return {
      hash,
      salt: bytes('salt').subarray(0, SALT_BYTES),
      iterations: ITERATIONS,
      storedKey: bytes('stored key').subarray(0, length),
      serverKey: bytes('server key').subarray(0, length),
    };
  };
  return { 'SHA-1': make('SHA-1'), 'SHA-256': make('SHA-256') };
}

/**
 * Whether keys are those of a password, at the cost of one derivation; the comparison takes the same time either way.
 *
 * @throws RestanzaError `too-many-waiting` by the Kdf
 */
export async function verifyPassword(kdf: Kdf, keys: ScramKeys, password: string): Promise<boolean> {
  const { storedKey } = await deriveKeys(kdf, password, keys);
  return timingSafeEqual(storedKey, keys.storedKey);
}

/** The client's proof that it knows the password: ClientKey XOR ClientSignature. */
export function clientProof({ hash, clientKey, storedKey }: DerivedKeys, authMessage: string): Uint8Array {
  return xor(clientKey, hmac(hash, storedKey, authMessage));
}

/**
 * Whether a proof is that of the account's owner, in the same time either way.
 *
 * @param proof of any length: one of the wrong length makes a client key that is none
 */
export function verifyProof({ hash, storedKey }: ScramKeys, proof: Uint8Array, authMessage: string): boolean {
  const clientKey = xor(proof, hmac(hash, storedKey, authMessage));
  return timingSafeEqual(hashed(hash, clientKey), storedKey);
}

/** The server's proof that it knows the account: ServerSignature. */
export function serverSignature({ hash, serverKey }: ScramKeys, authMessage: string): Uint8Array {
  return hmac(hash, serverKey, authMessage);
}

/** Whether a signature is that of a server that knows the account, in the same time either way. */
export function verifySignature(keys: ScramKeys, signature: Uint8Array, authMessage: string): boolean {
  const expected = serverSignature(keys, authMessage);
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** The hash of a text. */
export function textHash(hash: ScramHash, text: string): Uint8Array {
  return createHash(SCRAM_HASHES[hash].digest).update(text).digest();
}

function hmac(hash: ScramHash, key: Uint8Array, text: string): Uint8Array {
  return createHmac(SCRAM_HASHES[hash].digest, key).update(text).digest();
}

function hashed(hash: ScramHash, bytes: Uint8Array): Uint8Array {
  return createHash(SCRAM_HASHES[hash].digest).update(bytes).digest();
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] ?? 0));
}

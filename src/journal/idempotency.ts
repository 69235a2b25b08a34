/**
 * Requests that may be repeated (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * Decides what the field `Idempotency-Key` may hold, when two requests are the same, which errors say that nothing was
 * sent, and what a repeat gets. Knows neither HTTP server nor file; `idempotency-store.ts` keeps what is to be known.
 *
 * The promise: a stanza is sent at most once for each key of a principal, unless the process ended after it was sent and
 * before its answer was on the disk. Then a repeat sends it again with the same id, which derives from the key, so that
 * whoever gets both can tell that they are one. A request that sent nothing is forgotten, so that a repeat really tries.
 */
import { createHash } from 'node:crypto';
import { type ErrorCode, RestanzaError } from '../errors.ts';

/** An answer that was given. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Those header fields that belong to the body; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * What became of the first request with a key:
 * - `running`: it has no answer yet
 * - `interrupted`: the process ended before it had one
 * - `unrecorded`: its answer could not be kept
 * - or its answer
 */
export type Outcome = 'running' | 'interrupted' | 'unrecorded' | Answer;

/** The first request with a key. */
export interface First {
  readonly fingerprint: Uint8Array;
  readonly outcome: Outcome;
}

/** What makes a request the same as another. */
export interface Content {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** An Item that is a String (RFC 8941 §3.3.3), of visible characters only. */
const STRING = /^"((?:[!#-[\]-~]|\\["\\])*)"$/;
/** Many clients send the key bare. */
const BARE = /^[!#-~][!-~]*$/;
const LENGTH = 255;

/** Errors with a status of 500 and above that come before anything is sent; the table of errors says so in their text. */
const UNSENT: ReadonlySet<ErrorCode> = new Set([
  'link-down',
  'link-congested',
  'too-many-waiting',
  'too-many-sessions',
  'storage-unavailable',
  'issuer-unavailable',
  'stopping',
]);

/** Characters of an id: 132 bits. */
const ID_LENGTH = 22;

/**
 * Reads the field `Idempotency-Key`: a structured string, or the same without quotes.
 *
 * @param field its value; several fields are one value with commas, as node:http joins them
 * @returns the key, 1 to 255 visible ASCII characters; `undefined` when there is no field
 * @throws RestanzaError `request-malformed`
 */
export function parseKey(field: string | readonly string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = typeof field === 'string' ? field : field.join(', ');
  const key = STRING.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? BARE.exec(text)?.[0] ?? '';
  if (key.length >= 1 && key.length <= LENGTH) return key;
  const form = `one string in double quotes, of 1 to ${LENGTH} visible ASCII characters, such as a UUID`;
  throw new RestanzaError('request-malformed', `Idempotency-Key must be ${form}`);
}

/** The SHA-256 of what makes a request the same as another: method, path, media type and body. */
export function fingerprintOf({ method, path, contentType, body }: Content): Uint8Array {
  // JSON holds no line feed outside its strings and escapes it inside, so it ends where the first one stands.
  const head = JSON.stringify([method, path, contentType ?? null]);
  return createHash('sha256').update(`${head}\n`).update(body).digest();
}

/** The SHA-256 under which a caller's key is known. A key has no space, so the last one parts the two. */
export function nameOf(caller: string, key: string): Uint8Array {
  return createHash('sha256').update(`${caller} ${key}`).digest();
}

/** The id of the stanza that a request sends, always the same for the same key: 22 characters of base64url. */
export function idOf(name: Uint8Array): string {
  return Buffer.from(name).toString('base64url').slice(0, ID_LENGTH);
}

/** Whether an error that ended a request says that no stanza was sent, or that it is known not to have been. */
export function isUnsent(error: unknown): boolean {
  return error instanceof RestanzaError && (error.row.status < 500 || UNSENT.has(error.code));
}

/**
 * Decides what a repeat gets.
 *
 * @param fingerprint of the repeat
 * @returns the answer to give again; `undefined` when the request has to be made again
 * @throws RestanzaError `idempotency-mismatch`, `idempotency-concurrent`, `idempotency-unrecorded`
 */
export function repeat({ fingerprint: first, outcome }: First, fingerprint: Uint8Array): Answer | undefined {
  if (!Buffer.from(first).equals(fingerprint)) {
    throw new RestanzaError('idempotency-mismatch', 'make a new key, or send the same body to the same path again');
  }
  if (outcome === 'running') throw new RestanzaError('idempotency-concurrent', undefined, { retryAfter: 1 });
  if (outcome === 'unrecorded') throw new RestanzaError('idempotency-unrecorded');
  return outcome === 'interrupted' ? undefined : outcome;
}

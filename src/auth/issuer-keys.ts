/**
 * The public keys of an issuer of tokens (RFC 7517).
 *
 * Decides when they are had anew: when they are an hour old, and for a key that is not among them, but then at most once a
 * minute, so that made-up names of keys cost the issuer nothing. While they cannot be had, those that are known are used
 * for a day. Requests that need them at the same time wait for one attempt.
 */
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import type { Log } from '../log.ts';
import { explainKeysFault } from './issuer-keys-fault.ts';

/** No keys can be had. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Gives a key set: the text of its JSON, of no more than `LARGEST` bytes. */
export type LoadKeys = () => Promise<string>;

/** Milliseconds. */
const FRESH = 3_600_000;
const USABLE = 86_400_000;
const BETWEEN = 60_000;
/** While there are no keys at all. */
const BETWEEN_FIRST = 5_000;
const FETCH = 10_000;
/** Bytes of a key set. */
const LARGEST = 256 * 1024;
/** Keys that are no secrets (RFC 7518 §6.1, RFC 8037 §2). */
const KEY_TYPES: readonly unknown[] = ['EC', 'OKP', 'RSA'];

type KeySet = ReturnType<typeof createLocalJWKSet>;
/** A key to verify with. */
export type Key = Awaited<ReturnType<KeySet>>;

interface Known {
  readonly set: KeySet;
  readonly since: number;
}

/** The keys of one issuer. */
export class IssuerKeys {
  readonly #load: LoadKeys;
  readonly #log: Pick<Log, 'warn'>;
  readonly #now: () => number;
  #known: Known | undefined;
  #attempted = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor(load: LoadKeys, log: Pick<Log, 'warn'>, now: () => number = () => performance.now()) {
    this.#load = load;
    this.#log = log;
    this.#now = now;
  }

  /**
   * Finds the key that a token names.
   *
   * @param header the protected header of the token
   * @throws KeysUnavailable; JOSEError when there is no such key
   */
  async find(header: JWSHeaderParameters): Promise<Key> {
    if (this.#now() - (this.#known?.since ?? Number.NEGATIVE_INFINITY) > FRESH) await this.#refresh();
    const { set } = this.#usable();
    try {
      return await keyIn(set, header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return keyIn(this.#usable().set, header);
    }
  }

  #usable(): Known {
    const known = this.#known;
    if (known === undefined || this.#now() - known.since > USABLE) throw new KeysUnavailable('there are no keys');
    return known;
  }

  /** Loads the keys, unless that was tried a moment ago. */
  async #refresh(): Promise<void> {
    const wait = this.#known === undefined ? BETWEEN_FIRST : BETWEEN;
    if (this.#loading === undefined && this.#now() - this.#attempted < wait) return;
    this.#loading ??= this.#attempt().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #attempt(): Promise<void> {
    this.#attempted = this.#now();
    try {
      this.#known = { set: readKeys(await this.#load()), since: this.#now() };
    } catch (error) {
      this.#log.warn({ reason: explainKeysFault(error) }, 'the keys of an issuer of tokens cannot be had');
    }
  }
}

function keyIn(set: KeySet, header: JWSHeaderParameters): Promise<Key> {
  const input: FlattenedJWSInput = { payload: '', signature: '' };
  return set(header, input);
}

/** @throws Error when the text is no key set */
function readKeys(text: string): KeySet {
  const value: unknown = JSON.parse(text);
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys)) throw new Error('what is there is no key set: it has no array «keys»');
  return createLocalJWKSet({ keys: keys.filter(key => KEY_TYPES.includes(key?.kty)) });
}

/** Loads a key set from a URL. Redirects are not followed. */
export function keysAt(url: string): LoadKeys {
  return async () => {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(FETCH),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`it answers ${response.status}`);
    }
    return readBounded(response.body ?? []);
  };
}

/** Loads a key set from a file. */
export function keysIn(path: string): LoadKeys {
  return async () => {
    const bytes = await readFile(path);
    return readBounded([bytes]);
  };
}

async function readBounded(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LARGEST) throw new Error(`the key set has more than ${LARGEST} bytes`);
    parts.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
}

/**
 * What a login asks of the accounts.
 *
 * Decides that a name without an account costs the same and looks the same as one with an account up to the last step, so
 * that nobody can find out who has one.
 */
import { JidError, prepareLocalpart } from '../jid.ts';
import { PreparationError } from '../precis.ts';
import type { Kdf } from './kdf.ts';
import { type AccountKeys, decoyKeys, verifyPassword } from './scram-keys.ts';

/** The accounts of one domain. */
export interface Credentials {
  /** What is kept of the password of an account; `undefined` when there is no such account. */
  lookup(localpart: string): Promise<AccountKeys | undefined>;
  /** 32 random bytes that stay the same for the life of the installation. */
  readonly decoySecret: Uint8Array;
  readonly kdf: Kdf;
}

/** What a name leads to. */
export interface Claim {
  /** The prepared name; `undefined` when nobody has it: then the keys lead nowhere. */
  readonly localpart: string | undefined;
  readonly keys: AccountKeys;
}

/**
 * Finds the keys that go with a name, or keys that look so.
 *
 * @param name as it came in
 */
export async function claim(credentials: Credentials, name: string): Promise<Claim> {
  const localpart = localpartOf(name);
  const decoy = decoyKeys(credentials.decoySecret, localpart ?? name);
  const keys = localpart === undefined ? undefined : await credentials.lookup(localpart);
  return keys === undefined ? { localpart: undefined, keys: decoy } : { localpart, keys };
}

/**
 * Checks a name and a password, with one derivation whether or not there is such an account.
 *
 * @param name as it came in
 * @returns the localpart of the account; `undefined` when the name or the password is wrong
 * @throws RestanzaError `too-many-waiting` when too many passwords are being checked
 */
export async function checkPassword(
  credentials: Credentials,
  name: string,
  password: string,
): Promise<string | undefined> {
  const { localpart, keys } = await claim(credentials, name);
  try {
    const right = await verifyPassword(credentials.kdf, keys['SHA-256'], password);
    return right ? localpart : undefined;
  } catch (error) {
    // A password that nobody can have is wrong whoever is meant, so answering at once tells nothing.
    if (error instanceof PreparationError) return undefined;
    throw error;
  }
}

/** The localpart that a name is a spelling of; `undefined` when it is none, so that no account can have it. */
export function localpartOf(name: string): string | undefined {
  try {
    return prepareLocalpart(name);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

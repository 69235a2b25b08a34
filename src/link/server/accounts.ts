/**
 * The accounts of the embedded host, in a SQLite file.
 *
 * Decides what is kept of a user: the name and, instead of the password, the keys of SCRAM (`xmpp/sasl/scram-keys.ts`). The
 * file is only for the user who runs the gateway. A change is on the disk when its promise resolves (WAL with synchronous
 * FULL). Several processes may have the file open.
 */

import { randomBytes } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { inTransaction, openDatabase } from '../../sqlite.ts';
import { isAnonymousLocalpart } from '../../xmpp/anonymous.ts';
import { prepareLocalpart } from '../../xmpp/jid.ts';
import { type Credentials, checkPassword, localpartOf } from '../../xmpp/sasl/credentials.ts';
import { Kdf } from '../../xmpp/sasl/kdf.ts';
import { type AccountKeys, newAccountKeys, type ScramHash, type ScramKeys } from '../../xmpp/sasl/scram-keys.ts';
import { MIGRATIONS } from './accounts-schema.ts';

/** Length of the secret that makes this installation's answers for unknown names its own. */
const DECOY_BYTES = 32;

const SQL = {
  decoy: 'SELECT secret FROM decoy',
  setDecoy: 'INSERT INTO decoy SELECT ? WHERE NOT EXISTS (SELECT 1 FROM decoy)',
  names: 'SELECT localpart FROM account ORDER BY localpart',
  has: 'SELECT 1 FROM account WHERE localpart = ?',
  keys: 'SELECT hash, salt, iterations, stored_key, server_key FROM scram_keys WHERE localpart = ?',
  create: 'INSERT INTO account VALUES (?) ON CONFLICT DO NOTHING',
  setKeys: 'INSERT OR REPLACE INTO scram_keys VALUES (?, ?, ?, ?, ?, ?)',
  remove: 'DELETE FROM account WHERE localpart = ?',
} as const;

const DAMAGED = 'the file is damaged; restore it from a backup';

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** Why accounts could not be changed; the message says what to do. */
export class AccountsError extends Error {
  override readonly name = 'AccountsError';
}

/** The accounts of one embedded host. Names may come in any spelling of a localpart. */
export class Accounts implements Credentials, Disposable {
  readonly kdf: Kdf;
  readonly decoySecret: Uint8Array;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  private constructor(database: DatabaseSync, kdf: Kdf) {
    this.#database = database;
    this.#statements = prepareAll(database);
    this.kdf = kdf;
    this.#statements.setDecoy.run(randomBytes(DECOY_BYTES));
    this.decoySecret = bytesOf(this.#statements.decoy.get()?.['secret']);
  }

  /**
   * Opens the accounts, and makes the file and its folder when there are none yet.
   *
   * @param file its path
   * @param kdf what bounds the work on passwords; give the same one to all accounts of a process
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(file: string, kdf: Kdf = new Kdf()): Accounts {
    return new Accounts(openDatabase(file, MIGRATIONS), kdf);
  }

  /** The names of all accounts, sorted. */
  names(): readonly string[] {
    return this.#statements.names.all().map(row => textOf(row['localpart']));
  }

  /** Whether there is an account of this name. */
  has(name: string): boolean {
    const localpart = localpartOf(name);
    return localpart !== undefined && this.#statements.has.get(localpart) !== undefined;
  }

  /** What is kept of an account's password; `undefined` when there is no such account. */
  async lookup(name: string): Promise<AccountKeys | undefined> {
    const localpart = localpartOf(name);
    const rows = localpart === undefined ? [] : this.#statements.keys.all(localpart);
    const [sha1, sha256] = [keysOf('SHA-1', rows), keysOf('SHA-256', rows)];
    return sha1 && sha256 && { 'SHA-1': sha1, 'SHA-256': sha256 };
  }

  /**
   * Whether this is the account's password. Takes as long when there is no such account.
   *
   * @throws RestanzaError `too-many-waiting` when too many passwords are being checked
   */
  async verify(name: string, password: string): Promise<boolean> {
    return (await checkPassword(this, name, password)) !== undefined;
  }

  /**
   * Makes an account.
   *
   * @throws JidError for a name that is no localpart, PreparationError for a password that cannot be one,
   *   AccountsError when the name is taken or cannot be an account's
   */
  async create(name: string, password: string): Promise<void> {
    const localpart = prepareLocalpart(name);
    if (isAnonymousLocalpart(localpart))
      throw new AccountsError('this is a name of anonymous users; choose another one');
    const keys = await newAccountKeys(this.kdf, password);
    inTransaction(this.#database, () => {
      const { changes } = this.#statements.create.run(localpart);
      if (changes === 0) throw new AccountsError(`there is an account ${localpart} already; choose another name`);
      this.#store(localpart, keys);
    });
  }

  /**
   * Replaces the password of an account.
   *
   * @throws PreparationError for a password that cannot be one, AccountsError when there is no such account
   */
  async setPassword(name: string, password: string): Promise<void> {
    const keys = await newAccountKeys(this.kdf, password);
    const localpart = localpartOf(name);
    inTransaction(this.#database, () => {
      if (localpart === undefined || !this.has(localpart)) throw new AccountsError('there is no account of that name');
      this.#store(localpart, keys);
    });
  }

  /** Removes an account. Returns whether there was one. */
  remove(name: string): boolean {
    const localpart = localpartOf(name);
    return localpart !== undefined && this.#statements.remove.run(localpart).changes > 0;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #store(localpart: string, keys: AccountKeys): void {
    for (const { hash, salt, iterations, storedKey, serverKey } of Object.values(keys)) {
      this.#statements.setKeys.run(localpart, hash, salt, iterations, storedKey, serverKey);
    }
  }
}

function prepareAll(database: DatabaseSync): Statements {
  return {
    decoy: database.prepare(SQL.decoy),
    setDecoy: database.prepare(SQL.setDecoy),
    names: database.prepare(SQL.names),
    has: database.prepare(SQL.has),
    keys: database.prepare(SQL.keys),
    create: database.prepare(SQL.create),
    setKeys: database.prepare(SQL.setKeys),
    remove: database.prepare(SQL.remove),
  };
}

function keysOf(hash: ScramHash, rows: readonly Record<string, SQLOutputValue>[]): ScramKeys | undefined {
  const row = rows.find(candidate => candidate['hash'] === hash);
  if (row === undefined) return undefined;
  return {
    hash,
    salt: bytesOf(row['salt']),
    iterations: Number(row['iterations']),
    storedKey: bytesOf(row['stored_key']),
    serverKey: bytesOf(row['server_key']),
  };
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new AccountsError(DAMAGED);
}

function textOf(value: SQLOutputValue | undefined): string {
  if (typeof value === 'string') return value;
  throw new AccountsError(DAMAGED);
}

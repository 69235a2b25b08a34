/**
 * The tables of the accounts, as numbered steps that only go forward.
 *
 * Decides how an empty or older file becomes one of today. The number of steps taken is the file's `user_version`, so a
 * file that has taken more was written by a later release, which this one must not touch.
 */
import type { DatabaseSync } from 'node:sqlite';

/** The steps. A released one is never changed; a change of the tables is a further one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE account (
    localpart TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE scram_keys (
    localpart  TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    hash       TEXT NOT NULL CHECK (hash IN ('SHA-1', 'SHA-256')),
    salt       BLOB NOT NULL,
    iterations INTEGER NOT NULL CHECK (iterations >= 4096),
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (localpart, hash)
  ) STRICT, WITHOUT ROWID;

  -- What makes this installation's answers for unknown names its own.
  CREATE TABLE decoy (
    secret BLOB NOT NULL CHECK (length(secret) = 32)
  ) STRICT;
  `,
];

/** The file was written by a later release. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';

  /** @param found the file's version; `known` is the latest of this release */
  constructor(found: number, known: number) {
    super(`it has version ${found} of the tables, and this release knows up to ${known}; start a later release`);
  }
}

/**
 * Brings the tables up to date. Two processes may do it at the same time: one waits for the other.
 *
 * @throws SchemaTooNew
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = MIGRATIONS): void {
  inTransaction(database, () => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > steps.length) throw new SchemaTooNew(version, steps.length);
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

/** Does all of some work on the database or, when it throws, nothing of it. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // Some errors of SQLite have ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

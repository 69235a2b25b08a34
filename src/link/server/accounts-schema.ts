/**
 * The tables of the accounts, as numbered steps that only go forward.
 *
 * Decides what is kept of an account. How a file takes the steps is decided in `sqlite.ts`.
 */

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

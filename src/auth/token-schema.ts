/**
 * The table of API tokens, as numbered steps that only go forward.
 *
 * Decides what is kept of a token: a hash of its text, never the text. How a file takes the steps is decided in `sqlite.ts`.
 */

/** The steps. A released one is never changed; a change of the table is a further one. Times are milliseconds since 1970. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE token (
    id       TEXT PRIMARY KEY NOT NULL,
    -- SHA-256 of the text.
    digest   BLOB UNIQUE NOT NULL CHECK (length(digest) = 32),
    pattern  TEXT NOT NULL,
    -- With spaces between them.
    scopes   TEXT NOT NULL,
    -- With spaces between them; empty for everywhere.
    networks TEXT NOT NULL,
    label    TEXT,
    -- Requests per second; null for no bound.
    rate     INTEGER CHECK (rate > 0),
    -- An address; null for the command line.
    creator  TEXT,
    created  INTEGER NOT NULL,
    -- Null for never.
    expires  INTEGER,
    -- Null for not yet.
    used     INTEGER,
    revoked  INTEGER
  ) STRICT;

  CREATE INDEX token_by_pattern ON token (pattern);
  `,
];

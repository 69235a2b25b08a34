/**
 * The tables of OAuth, as numbered steps that only go forward.
 *
 * Decides what is kept: clients, what users have granted them, and the secrets that were given out for a grant. Of every secret
 * there is only a digest. When a grant goes, all that was given out for it goes along. Times are milliseconds since 1970.
 */

/** The steps. A released one is never changed; a change of the tables is a further one. */
export const OAUTH_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE client (
    domain   TEXT NOT NULL,
    id       TEXT NOT NULL,
    secret   BLOB CHECK (length(secret) = 32),
    metadata TEXT NOT NULL,
    issued   INTEGER NOT NULL,
    -- Whether anybody has ever granted it something.
    used     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (domain, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE access_grant (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    domain   TEXT NOT NULL,
    client   TEXT,
    address  TEXT NOT NULL,
    scope    TEXT NOT NULL,
    -- What lets us act for the account later, sealed.
    keepsake TEXT NOT NULL,
    issued   INTEGER NOT NULL,
    -- When the last thing that was given out for it ends.
    expires  INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX access_grant_by_address ON access_grant (address);
  CREATE INDEX access_grant_by_expiry ON access_grant (expires);

  CREATE TABLE code (
    digest       BLOB PRIMARY KEY CHECK (length(digest) = 32),
    access_grant INTEGER NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    -- Whether the request named it.
    named        INTEGER NOT NULL,
    challenge    TEXT,
    nonce        TEXT,
    expires      INTEGER NOT NULL,
    used         INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX code_by_grant ON code (access_grant);

  CREATE TABLE token (
    digest       BLOB PRIMARY KEY CHECK (length(digest) = 32),
    kind         TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    access_grant INTEGER NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    scope        TEXT NOT NULL,
    issued       INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    used         INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX token_by_grant ON token (access_grant);
  CREATE INDEX token_by_expiry ON token (expires);

  CREATE TABLE device (
    digest       BLOB PRIMARY KEY CHECK (length(digest) = 32),
    domain       TEXT NOT NULL,
    user_code    TEXT NOT NULL UNIQUE,
    client       TEXT NOT NULL,
    scope        TEXT NOT NULL,
    expires      INTEGER NOT NULL,
    -- When it was asked for last, and how many milliseconds must lie between.
    polled       INTEGER NOT NULL DEFAULT 0,
    interval     INTEGER NOT NULL,
    state        TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'denied', 'granted')),
    access_grant INTEGER REFERENCES access_grant ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_by_grant ON device (access_grant);
  `,
];

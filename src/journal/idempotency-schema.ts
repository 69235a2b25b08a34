/**
 * The table of requests that came with an `Idempotency-Key`, as numbered steps that only go forward.
 *
 * Decides what is kept of a request: neither key nor address nor body, but hashes of them; and the answer, which has to be
 * given again. How a file takes the steps is decided in `sqlite.ts`.
 */

/** The steps. A released one is never changed; a change of the table is a further one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE request (
    -- SHA-256 of the principal and the key.
    name        BLOB PRIMARY KEY NOT NULL CHECK (length(name) = 32),
    -- SHA-256 of the principal.
    owner       BLOB NOT NULL CHECK (length(owner) = 32),
    -- Bytes that the owner's requests have taken, up to and with this one.
    held        INTEGER NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    -- Milliseconds since 1970.
    started     INTEGER NOT NULL,
    -- Null while there is no answer.
    status      INTEGER CHECK (status BETWEEN 200 AND 599),
    -- A JSON object; null while there is no answer.
    headers     TEXT,
    -- Null while there is no answer, and when it was not kept.
    body        BLOB
  ) STRICT;

  CREATE INDEX request_by_start ON request (started);
  CREATE INDEX request_by_owner ON request (owner, held);
  `,
];

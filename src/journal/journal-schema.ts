/**
 * The tables of the journal, as numbered steps that only go forward.
 *
 * Decides what is kept of an entry and of each delivery of it, and which questions have an index. SQLite's integrity check
 * sees damage to pages, and rows that an index knows differently, but not a bit that flipped inside a text: so rows that
 * must be right carry a checksum over themselves. How a file takes the steps is decided in `sqlite.ts`.
 */

/** The steps. A released one is never changed; a change of the tables is a further one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE entry (
    seq    INTEGER PRIMARY KEY NOT NULL,
    -- Milliseconds since 1970.
    at     INTEGER NOT NULL,
    -- The link's address.
    link   TEXT NOT NULL,
    -- The bare address that the stanza was sent to.
    owner  TEXT NOT NULL,
    event  TEXT NOT NULL CHECK (event IN ('host', 'bare', 'full')),
    -- XML, in which names without a prefix are in the namespace jabber:client.
    stanza TEXT NOT NULL,
    -- CRC-32 of the other columns.
    sum    INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX entry_by_link ON entry (link);
  CREATE INDEX entry_by_owner ON entry (link, owner);
  CREATE INDEX entry_by_time ON entry (at);

  CREATE TABLE delivery (
    entry  INTEGER NOT NULL,
    -- Which of the deliveries of the entry, from 0.
    place  INTEGER NOT NULL,
    -- The link's address, as in the entry.
    link   TEXT NOT NULL,
    target TEXT NOT NULL,
    -- The bare address of the sender, empty when the stanza has none.
    sender TEXT NOT NULL,
    -- Bytes of the stanza.
    size   INTEGER NOT NULL,
    -- The part of the id that nobody can guess.
    secret TEXT NOT NULL,
    state  TEXT NOT NULL CHECK (state IN ('queued', 'done', 'dead')),
    -- Tries since it was queued.
    tries  INTEGER NOT NULL,
    -- Attempts ever, also before it was queued again.
    made   INTEGER NOT NULL,
    -- When the next try is due, in milliseconds since 1970; 0 for at once.
    next   INTEGER NOT NULL,
    -- CRC-32 of the other columns.
    sum    INTEGER NOT NULL,
    PRIMARY KEY (entry, place)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX delivery_by_state ON delivery (link, state);

  CREATE TABLE attempt (
    entry   INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    -- Which of the delivery's tries, from 1.
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    -- Milliseconds.
    latency REAL NOT NULL,
    -- Null when no HTTP status came.
    status  INTEGER,
    excerpt TEXT NOT NULL,
    PRIMARY KEY (entry, place, number)
  ) STRICT, WITHOUT ROWID;

  -- Up to where the archive of a link's account has been taken over.
  CREATE TABLE archive (
    link     TEXT PRIMARY KEY NOT NULL,
    -- The id of the last stanza (XEP-0359), empty when there was none.
    position TEXT NOT NULL,
    -- CRC-32 of the other columns.
    sum      INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- One row: how many commits there were, the last seq that was given, and the CRC-32 of both.
  CREATE TABLE progress (
    one     INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    commits INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    sum     INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- When the stanza of the position came or was archived, in milliseconds since 1970; null when an earlier release noted it.
  -- The checksum is also over this one where it is not null.
  ALTER TABLE archive ADD COLUMN at INTEGER;
  `,
];

/**
 * Everything that the journal asks of SQLite, as plain text.
 *
 * Decides the statements; each is prepared once for each opening of the file. What they mean together is decided in
 * `journal-file.ts` and `journal-queries.ts`.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The columns of an entry, under the names that `entryOf` reads. */
const ENTRY = 'entry.seq, entry.at, entry.link, entry.owner, entry.event, entry.stanza, entry.sum';
const DELIVERY = `delivery.entry, delivery.place, delivery.link, delivery.target, delivery.sender, delivery.size,
  delivery.secret, delivery.state, delivery.tries, delivery.made, delivery.next, delivery.sum`;
/** Both, side by side. */
const RECORD = `${DELIVERY} AS delivery_sum, entry.seq, entry.at, entry.owner, entry.event, entry.stanza, entry.sum`;
const SETTLED = "NOT EXISTS (SELECT 1 FROM delivery WHERE entry = seq AND state = 'queued')";

const SQL = {
  progress: 'SELECT commits, last, sum FROM progress',
  start: 'INSERT INTO progress (one, commits, last, sum) VALUES (1, 0, 0, ?)',
  advance: 'UPDATE progress SET commits = ?, last = ?, sum = ?',

  insertEntry: 'INSERT INTO entry (seq, at, link, owner, event, stanza, sum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  insertDelivery: `
    INSERT INTO delivery (entry, place, link, target, sender, size, secret, state, tries, made, next, sum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateDelivery: 'UPDATE delivery SET state = ?, tries = ?, made = ?, next = ?, sum = ? WHERE entry = ? AND place = ?',
  insertAttempt: `
    INSERT INTO attempt (entry, place, number, at, latency, status, excerpt) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  dropAttempts: 'DELETE FROM attempt WHERE entry = ? AND place = ? AND number <= ?',
  setPosition: 'INSERT OR REPLACE INTO archive (link, position, at, sum) VALUES (?, ?, ?, ?)',
  deleteEntry: 'DELETE FROM entry WHERE seq = ?',
  deleteDeliveries: 'DELETE FROM delivery WHERE entry = ?',
  deleteAttempts: 'DELETE FROM attempt WHERE entry = ?',

  first: 'SELECT min(seq) AS seq FROM entry',
  queued: `SELECT ${DELIVERY} FROM delivery WHERE state = 'queued'`,
  positions: 'SELECT link, position, at, sum FROM archive',
  pages: `
    SELECT page_count AS count, freelist_count AS free, page_size AS size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  passive: 'PRAGMA wal_checkpoint(PASSIVE)',
  checkpoint: 'PRAGMA wal_checkpoint(TRUNCATE)',

  entry: `SELECT ${ENTRY} FROM entry WHERE seq = ?`,
  entriesOfLink: `SELECT ${ENTRY} FROM entry WHERE link = ? AND seq > ? ORDER BY seq LIMIT ?`,
  entriesOfOwner: `SELECT ${ENTRY} FROM entry WHERE link = ? AND owner = ? AND seq > ? ORDER BY seq LIMIT ?`,
  record: `SELECT ${RECORD} FROM delivery CROSS JOIN entry ON seq = delivery.entry WHERE delivery.entry = ? AND place = ?`,
  records: `
    SELECT ${RECORD} FROM delivery CROSS JOIN entry ON seq = delivery.entry
    WHERE delivery.link = ?1 AND state = ?2 AND (delivery.entry, place) > (?3, ?4)
      AND (?5 IS NULL OR target = ?5) AND at >= ?6 AND at < ?7
    ORDER BY delivery.entry, place LIMIT ?8`,
  dead: `SELECT ${DELIVERY} FROM delivery WHERE link = ?1 AND state = 'dead' AND (?2 IS NULL OR target = ?2)`,
  attempts: 'SELECT at, latency, status, excerpt FROM attempt WHERE entry = ? AND place = ? ORDER BY number',
  settledBefore: `SELECT seq FROM entry WHERE at < ? AND ${SETTLED} ORDER BY at, seq LIMIT ?`,
  settledAfter: `SELECT seq FROM entry WHERE seq > ? AND ${SETTLED} ORDER BY seq LIMIT ?`,
} as const;

/** The prepared statements, by name. */
export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** Prepares all statements on an opened database. */
export function prepareAll(database: DatabaseSync): Statements {
  const prepared = Object.entries(SQL).map(([name, text]) => [name, database.prepare(text)] as const);
  return Object.fromEntries(prepared) as Statements;
}

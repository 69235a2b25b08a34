/**
 * The clients that have registered.
 *
 * Decides how many there may be and how long one stays that nobody ever granted anything: registration is open to strangers,
 * who must not fill the disk.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Jid } from '../xmpp/jid.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Client, ClientMetadata } from './client.ts';

/** Clients at one domain that nobody has granted anything yet. */
const MOST_UNUSED = 10_000;
/** Milliseconds that such a client stays. */
const UNUSED = 86_400_000;

const SQL = {
  add: 'INSERT INTO client (domain, id, secret, metadata, issued) VALUES (?, ?, ?, ?, ?)',
  find: 'SELECT id, secret, metadata FROM client WHERE domain = ? AND id = ?',
  unused: 'SELECT count(*) AS count FROM client WHERE domain = ? AND used = 0',
  use: 'UPDATE client SET used = 1 WHERE domain = ? AND id = ? AND used = 0',
  prune: 'DELETE FROM client WHERE used = 0 AND issued < ?',
} as const;

/** The table of clients. */
export class ClientStore {
  readonly #statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#statements = {
      add: database.prepare(SQL.add),
      find: database.prepare(SQL.find),
      unused: database.prepare(SQL.unused),
      use: database.prepare(SQL.use),
      prune: database.prepare(SQL.prune),
    };
  }

  /** Whether there is room for another client at a domain. */
  hasRoom(domain: Jid): boolean {
    return Number(this.#statements.unused.get(domain)?.['count']) < MOST_UNUSED;
  }

  /** Keeps a new client. */
  add(domain: Jid, { id, secret, metadata }: Client, now: number): void {
    this.#statements.add.run(domain, id, secret ?? null, JSON.stringify(metadata), now);
  }

  /** Finds a client; `undefined` when there is none of this id at the domain. */
  find(domain: Jid, id: string): Client | undefined {
    const row = this.#statements.find.get(domain, id);
    return row === undefined ? undefined : clientOf(row);
  }

  /** Somebody has granted it something, so it stays. */
  use(domain: Jid, id: string): void {
    this.#statements.use.run(domain, id);
  }

  /** Drops clients that nobody ever granted anything. Returns how many. */
  prune(now: number): number {
    return Number(this.#statements.prune.run(now - UNUSED).changes);
  }
}

function clientOf(row: Readonly<Record<string, SQLOutputValue>>): Client {
  const { id, secret, metadata } = row;
  // Only `add` writes this column.
  const known: ClientMetadata = JSON.parse(String(metadata));
  return { id: String(id), metadata: known, ...(secret instanceof Uint8Array && { secret }) };
}

/** An address that we have written ourselves. */
export function storedAddress(value: SQLOutputValue | undefined): Jid {
  return parseJid(String(value));
}

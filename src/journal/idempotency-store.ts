/**
 * The requests that came with an `Idempotency-Key`, in a SQLite file.
 *
 * Decides what is kept, and for how long. A request is on the disk before it runs, its answer before the client has it. It
 * is forgotten 24 hours after it began, or earlier when its principal's later requests need the place: each principal has
 * 64 MiB, which are 131,072 requests with short answers. So nobody can push out what another one needs. Bodies over 256 KiB
 * are not kept. What is old goes a few at a time with each new request; there is no timer. What a repeat gets is decided in
 * `idempotency.ts`.
 *
 * One process may have the file open: which requests are under way is known only to it.
 */

import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { inTransaction, openDatabase } from '../sqlite.ts';
import { type Answer, type First, idOf, nameOf, type Outcome, repeat } from './idempotency.ts';
import { MIGRATIONS } from './idempotency-schema.ts';

/** How much is kept. */
export interface Retention {
  /** Milliseconds. */
  readonly time: number;
  /** The largest body of an answer, in bytes. */
  readonly body: number;
  /** Bytes for each principal. */
  readonly quota: number;
}

const RETENTION: Retention = { time: 24 * 60 * 60 * 1000, body: 256 * 1024, quota: 64 * 1024 * 1024 };

/** What a request takes beside its answer, in bytes: its row and its places in the indexes, rounded up. */
const ROW = 512;
/** How many old requests go with each new one; more than one, so that the old ones get fewer. */
const BATCH = 16;

const SQL = {
  find: 'SELECT fingerprint, status, headers, body FROM request WHERE name = ? AND started > ?',
  expire: 'DELETE FROM request WHERE rowid IN (SELECT rowid FROM request WHERE started <= ? LIMIT ?)',
  start: `
    INSERT OR REPLACE INTO request (name, owner, held, fingerprint, started)
    SELECT ?, ?, coalesce(max(held), 0) + ?, ?, ? FROM request WHERE owner = ?`,
  // The request may have made room for later ones of its owner while it ran.
  record: `
    INSERT INTO request (name, owner, held, fingerprint, started, status, headers, body)
    SELECT ?, ?, coalesce(max(held), 0) + ?, ?, ?, ?, ?, ? FROM request WHERE owner = ?
    ON CONFLICT (name) DO UPDATE SET
      held = excluded.held, status = excluded.status, headers = excluded.headers, body = excluded.body`,
  makeRoom: 'DELETE FROM request WHERE owner = ? AND held <= (SELECT max(held) FROM request WHERE owner = ?) - ?',
  forget: 'DELETE FROM request WHERE name = ?',
} as const;

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** A request that runs. Its owner must finish or abandon it, once. */
export interface Entry {
  /** For the stanza that it sends. */
  readonly id: string;
  readonly name: Uint8Array;
  readonly owner: Uint8Array;
  readonly fingerprint: Uint8Array;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** An earlier process began it, and may have sent the stanza. */
  readonly resumed: boolean;
}

/** What is to be done with a request: make it, or give an answer again. */
export type Begun =
  | { readonly kind: 'run'; readonly entry: Entry }
  | { readonly kind: 'replay'; readonly answer: Answer };

/** Keeps requests and their answers. */
export class IdempotencyStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #log: Log;
  readonly #retention: Retention;
  readonly #now: () => number;
  /** By id, what the file does not tell: requests that run, and those whose answers could not be written. */
  readonly #open = new Map<string, First>();

  private constructor(database: DatabaseSync, log: Log, retention: Retention, now: () => number) {
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#log = log;
    this.#retention = retention;
    this.#now = now;
  }

  /**
   * Opens the store, and makes the file and its folder when there are none yet.
   *
   * @param file its path
   * @param now milliseconds since 1970
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(
    file: string,
    log: Log,
    retention: Retention = RETENTION,
    now: () => number = Date.now,
  ): IdempotencyStore {
    return new IdempotencyStore(openDatabase(file, MIGRATIONS), log, retention, now);
  }

  /**
   * Begins a request, unless it is a repeat.
   *
   * @param caller who makes it; nobody else is called so
   * @param key as `parseKey` returns it
   * @param fingerprint as `fingerprintOf` returns it
   * @throws RestanzaError `idempotency-mismatch`, `idempotency-concurrent`, `idempotency-unrecorded`,
   *   `storage-unavailable`; the request must not be made then
   */
  begin(caller: string, key: string, fingerprint: Uint8Array): Begun {
    const name = nameOf(caller, key);
    const owner = createHash('sha256').update(caller).digest();
    const started = this.#now();
    const first = this.#written(() => this.#find(name, started));
    const answer = first && repeat(first, fingerprint);
    if (answer !== undefined) return { kind: 'replay', answer };
    const entry = { id: idOf(name), name, owner, fingerprint, started, resumed: first !== undefined };
    if (!entry.resumed) this.#written(() => this.#start(entry));
    this.#open.set(entry.id, { fingerprint, outcome: 'running' });
    return { kind: 'run', entry };
  }

  /**
   * Keeps the answer of a request. When it cannot be written, the log says so, and repeats are refused as long as this
   * process runs.
   */
  finish(entry: Entry, answer: Answer): void {
    try {
      inTransaction(this.#database, () => this.#record(entry, answer));
      this.#open.delete(entry.id);
    } catch (error) {
      this.#open.set(entry.id, { fingerprint: entry.fingerprint, outcome: 'unrecorded' });
      this.#log.error({ err: error, id: entry.id }, 'the answer to a request with Idempotency-Key could not be kept');
    }
  }

  /** Forgets a request that sent nothing. What an earlier process may have sent is not forgotten. */
  abandon(entry: Entry): void {
    this.#open.delete(entry.id);
    if (entry.resumed) return;
    try {
      this.#statements.forget.run(entry.name);
    } catch (error) {
      this.#log.error({ err: error, id: entry.id }, 'a request with Idempotency-Key could not be forgotten');
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #find(name: Uint8Array, now: number): First | undefined {
    const open = this.#open.get(idOf(name));
    if (open !== undefined) return open;
    const row = this.#statements.find.get(name, now - this.#retention.time);
    return row && { fingerprint: bytesOf(row['fingerprint']), outcome: outcomeOf(row) };
  }

  #start({ name, owner, fingerprint, started }: Entry): void {
    const { expire, start, makeRoom } = this.#statements;
    inTransaction(this.#database, () => {
      expire.run(started - this.#retention.time, BATCH);
      start.run(name, owner, ROW, fingerprint, started, owner);
      makeRoom.run(owner, owner, this.#retention.quota);
    });
  }

  #record({ name, owner, fingerprint, started }: Entry, { status, headers, body }: Answer): void {
    const kept = body.length <= this.#retention.body ? body : null;
    const fields = JSON.stringify(headers);
    const size = ROW + fields.length + (kept?.length ?? 0);
    this.#statements.record.run(name, owner, size, fingerprint, started, status, fields, kept, owner);
    this.#statements.makeRoom.run(owner, owner, this.#retention.quota);
  }

  /** Does what must succeed before a request is made. */
  #written<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      this.#log.error({ err: error }, 'the requests with Idempotency-Key cannot be read or written');
      throw new RestanzaError('storage-unavailable', 'send it again later', { cause: error, retryAfter: 5 });
    }
  }
}

function prepareAll(database: DatabaseSync): Statements {
  return {
    find: database.prepare(SQL.find),
    expire: database.prepare(SQL.expire),
    start: database.prepare(SQL.start),
    record: database.prepare(SQL.record),
    makeRoom: database.prepare(SQL.makeRoom),
    forget: database.prepare(SQL.forget),
  };
}

function outcomeOf({ status, headers, body }: Readonly<Record<string, SQLOutputValue>>): Outcome {
  if (typeof status !== 'number') return 'interrupted';
  return body instanceof Uint8Array ? { status, headers: fieldsOf(headers), body } : 'unrecorded';
}

function fieldsOf(json: SQLOutputValue | undefined): Readonly<Record<string, string>> {
  const fields: unknown = JSON.parse(String(json));
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)]));
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

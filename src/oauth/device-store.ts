/**
 * Devices that wait for their user (RFC 8628).
 *
 * Decides what is kept from the moment in which a device asks until it has its answer, and how long the answer waits.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Jid } from '../xmpp/jid.ts';

/** A device that waits. */
export interface Device {
  readonly digest: Uint8Array;
  /** What the user types, in the one form that all spellings share. */
  readonly userCode: string;
  readonly client: string;
  readonly scope: readonly string[];
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** When it asked last, in milliseconds since 1970; 0 for never. */
  readonly polled: number;
  /** Milliseconds that must lie between two questions. */
  readonly interval: number;
  readonly state: 'pending' | 'denied' | 'granted';
  /** The grant, once there is one. */
  readonly grant: number | undefined;
}

/** A device that begins to wait. */
export type NewDevice = Omit<Device, 'polled' | 'state' | 'grant'>;

/** Devices that may wait at one domain: anybody can make one wait. */
const MOST = 10_000;

const COLUMNS = 'digest, user_code, client, scope, expires, polled, interval, state, access_grant';

const SQL = {
  count: 'SELECT count(*) AS count FROM device WHERE domain = ?',
  add: 'INSERT INTO device (digest, domain, user_code, client, scope, expires, interval) VALUES (?, ?, ?, ?, ?, ?, ?)',
  byDigest: `SELECT ${COLUMNS} FROM device WHERE digest = ? AND domain = ?`,
  byUserCode: `SELECT ${COLUMNS} FROM device WHERE user_code = ? AND domain = ? AND state = 'pending'`,
  poll: 'UPDATE device SET polled = ?, interval = ? WHERE digest = ?',
  decide: "UPDATE device SET state = ?, access_grant = ? WHERE digest = ? AND state = 'pending'",
  remove: 'DELETE FROM device WHERE digest = ?',
  prune: 'DELETE FROM device WHERE expires < ?',
} as const;

/** Milliseconds after its end for which a device is told that it was late. */
const AFTERWARDS = 60_000;

/** The table of devices. */
export class DeviceStore {
  readonly #statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#statements = {
      count: database.prepare(SQL.count),
      add: database.prepare(SQL.add),
      byDigest: database.prepare(SQL.byDigest),
      byUserCode: database.prepare(SQL.byUserCode),
      poll: database.prepare(SQL.poll),
      decide: database.prepare(SQL.decide),
      remove: database.prepare(SQL.remove),
      prune: database.prepare(SQL.prune),
    };
  }

  /** Whether there is room for another device at a domain. */
  hasRoom(domain: Jid): boolean {
    return Number(this.#statements.count.get(domain)?.['count']) < MOST;
  }

  /** Keeps a device that begins to wait. */
  add(domain: Jid, { digest, userCode, client, scope, expires, interval }: NewDevice): void {
    this.#statements.add.run(digest, domain, userCode, client, scope.join(' '), expires, interval);
  }

  /** Finds the device with this code; `undefined` when there is none at the domain. */
  find(domain: Jid, digest: Uint8Array): Device | undefined {
    return deviceOf(this.#statements.byDigest.get(digest, domain));
  }

  /** Finds the device that waits for this user code; `undefined` when none does. */
  findByUserCode(domain: Jid, userCode: string): Device | undefined {
    return deviceOf(this.#statements.byUserCode.get(userCode, domain));
  }

  /** A device has asked, and how long it has to wait now. */
  poll({ digest }: Device, now: number, interval: number): void {
    this.#statements.poll.run(now, interval, digest);
  }

  /** The user has decided: for a grant, or against it. Returns whether the device still waited. */
  decide({ digest }: Device, grant: number | undefined): boolean {
    const state = grant === undefined ? 'denied' : 'granted';
    return Number(this.#statements.decide.run(state, grant ?? null, digest).changes) === 1;
  }

  /** The device has its answer. Returns whether nobody else had it before. */
  remove({ digest }: Device): boolean {
    return Number(this.#statements.remove.run(digest).changes) === 1;
  }

  /** Drops devices that have waited too long. Returns how many. */
  prune(now: number): number {
    return Number(this.#statements.prune.run(now - AFTERWARDS).changes);
  }
}

function deviceOf(row: Readonly<Record<string, SQLOutputValue>> | undefined): Device | undefined {
  if (row === undefined) return undefined;
  const { digest, user_code, client, scope, expires, polled, interval, state, access_grant } = row;
  return {
    digest: digest instanceof Uint8Array ? digest : new Uint8Array(),
    userCode: String(user_code),
    client: String(client),
    scope: String(scope)
      .split(' ')
      .filter(token => token !== ''),
    expires: Number(expires),
    polled: Number(polled),
    interval: Number(interval),
    state: state === 'granted' ? 'granted' : state === 'denied' ? 'denied' : 'pending',
    grant: access_grant === null ? undefined : Number(access_grant),
  };
}

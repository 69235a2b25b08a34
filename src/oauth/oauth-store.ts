/**
 * The database of OAuth: `oauth.sqlite` in the data folder.
 *
 * Decides how the tables are opened, closed and swept; what is done with them is decided in `client-store.ts`,
 * `grant-store.ts` and `device-store.ts`, which share it. A change is on the disk when the call returns.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../sqlite.ts';
import { ClientStore } from './client-store.ts';
import { DeviceStore } from './device-store.ts';
import { GrantStore } from './grant-store.ts';
import { OAUTH_MIGRATIONS } from './oauth-schema.ts';

/** What is kept. */
export class OAuthStore implements Disposable {
  readonly clients: ClientStore;
  readonly grants: GrantStore;
  readonly devices: DeviceStore;
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.clients = new ClientStore(database);
    this.grants = new GrantStore(database);
    this.devices = new DeviceStore(database);
  }

  /**
   * Opens the database, and makes the file and its folder when there are none yet.
   *
   * @param file its path
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(file: string): OAuthStore {
    const database = openDatabase(file, OAUTH_MIGRATIONS);
    try {
      database.exec('PRAGMA foreign_keys = ON');
      return new OAuthStore(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * Drops what nobody can use any more.
   *
   * @param now milliseconds since 1970
   * @returns how many rows went
   */
  prune(now: number): number {
    return this.devices.prune(now) + this.grants.prune(now) + this.clients.prune(now);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

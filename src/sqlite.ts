/**
 * The SQLite files of the gateway.
 *
 * Decides how every one is opened: for nobody but the user who runs the gateway, with a commit that is on the disk when it
 * returns (WAL with synchronous FULL), brought up to date by numbered steps that only go forward, and not at all when it is
 * damaged. The number of steps taken is the file's `user_version`, so a file that has taken more was written by a later
 * release, which this one must not touch. What is in it is the business of whoever opens it. A folder with such files is
 * held by one gateway at a time.
 */
import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Milliseconds to wait for another process that writes, say a backup. The whole gateway waits. */
const BUSY_TIMEOUT = 1_000;

/** SQLITE_BUSY. */
const BUSY = 5;

/** What helps against the primary result codes of SQLite that a damaged or shared file gives. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [BUSY, 'another process is changing it, try again'],
  [8, 'it must be writable'],
  [11, 'restore it from a backup, or move it away'],
  [13, 'the disk is full, make room'],
  [14, 'its folder must be writable'],
  [26, 'restore it from a backup, or move it away'],
]);

/** Why a database could not be opened; the message says what to do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/**
 * Opens a database, and makes the file and its folder when there are none yet.
 *
 * @param file its path
 * @param steps how an empty or older file becomes one of today, see `migrate`
 * @throws DatabaseError saying what is wrong with the file; nothing is left open then
 */
export function openDatabase(file: string, steps: readonly string[]): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    restrict(file);
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    requireIntact(database);
    migrate(database, steps);
    return database;
  } catch (error) {
    database?.close();
    throw new DatabaseError(`the database ${file} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Holds a folder for this gateway. The system lets go of it when the process ends, however that comes about.
 *
 * @returns lets go of it
 * @throws DatabaseError when another gateway holds it, or the file for that cannot be used; Error of the system when this user
 *   may not write there
 */
export function holdFolder(folder: string): Disposable {
  const file = join(folder, 'lock.sqlite');
  // Not by `restrict`: to close a file ends all locks that this process has on it (POSIX). SQLite knows that; the file is empty.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // SQLite would say that it cannot open the file, or that it is read-only, and not why.
  accessSync(folder, constants.W_OK | constants.X_OK);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const isHeld = error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY;
    const reason = isHeld
      ? 'another gateway uses this folder; stop it, or give this one a folder of its own'
      : `the database ${file} cannot be used: ${reasonOf(error)}`;
    throw new DatabaseError(reason, { cause: error });
  }
  const held = database;
  return { [Symbol.dispose]: () => held.close() };
}

/** Makes the folder and the file for nobody but us, before anything is written; SQLite's other files follow. */
function restrict(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

/** Looks for damage before anything is built on it. */
function requireIntact(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
  if (found !== 'ok') throw new DatabaseError('the file is damaged; restore it from a backup, or move it away');
}

/** What is wrong and what to do about it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
  const advice = code === undefined ? undefined : ADVICE.get(code & 0xff);
  return advice === undefined ? text : `${text}; ${advice}`;
}

/** The file was written by a later release. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';

  /** @param found the file's version; `known` is the latest of this release */
  constructor(found: number, known: number) {
    super(`it has version ${found} of the tables, and this release knows up to ${known}; start a later release`);
  }
}

/**
 * Brings the tables up to date. Two processes may do it at the same time: one waits for the other.
 *
 * @throws SchemaTooNew
 */
export function migrate(database: DatabaseSync, steps: readonly string[]): void {
  inTransaction(database, () => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > steps.length) throw new SchemaTooNew(version, steps.length);
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

/** Does all of some work on the database or, when it throws, nothing of it. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // Some errors of SQLite have ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

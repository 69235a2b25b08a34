/**
 * API tokens, in a SQLite file.
 *
 * Decides what is written when: a token before anyone sees its text, its end before who ended it is told, and its last use
 * at most once a minute. What has ended is kept for 30 days, for those who wonder; of what still holds there are at most
 * 1000 for a pattern. Several processes may have the file open, so that the command line works while the gateway runs;
 * each look at a token reads the file, so that a token that is new or revoked is so at once.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { inTransaction, openDatabase } from '../sqlite.ts';
import { parsePattern } from './jid-pattern.ts';
import { parseScopes } from './scopes.ts';
import { MIGRATIONS } from './token-schema.ts';
import { API_TOKEN, digestOf, makeTokenId, makeTokenText } from './token-text.ts';
import type { NewToken, TokenRecord, Tokens, TokenTerms } from './tokens.ts';

/** Milliseconds between two writes of when a token was used. */
const TOUCH = 60_000;

/** Milliseconds for which a token is kept that has ended. */
const KEEP = 30 * 24 * 60 * 60 * 1000;
/** Tokens for a pattern. */
const MOST = 1000;

const FIELDS = 'id, pattern, scopes, networks, label, rate, creator, created, expires, used, revoked';

const SQL = {
  create: `INSERT INTO token (digest, ${FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)`,
  forget: 'DELETE FROM token WHERE revoked < ?1 OR expires < ?1',
  count: 'SELECT count(*) AS count FROM token WHERE pattern = ? AND revoked IS NULL AND coalesce(expires > ?, TRUE)',
  list: `SELECT ${FIELDS} FROM token ORDER BY created, rowid`,
  find: `SELECT ${FIELDS} FROM token WHERE id = ?`,
  lookUp: `SELECT ${FIELDS} FROM token WHERE digest = ?`,
  touch: 'UPDATE token SET used = ? WHERE id = ?',
  revoke: 'UPDATE token SET revoked = ? WHERE id = ? AND revoked IS NULL',
} as const;

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** Keeps tokens. Its owner closes it. */
export class TokenStore implements Tokens, Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #log: Pick<Log, 'error'>;
  readonly #now: () => number;
  /** When uses may be written again, after that has failed. */
  #touchable = 0;

  private constructor(database: DatabaseSync, log: Pick<Log, 'error'>, now: () => number) {
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#log = log;
    this.#now = now;
  }

  /**
   * Opens the store, and makes the file and its folder when there are none yet.
   *
   * @param file its path
   * @param now milliseconds since 1970
   * @throws DatabaseError saying what is wrong with the file
   */
  static open(file: string, log: Pick<Log, 'error'>, now: () => number = Date.now): TokenStore {
    return new TokenStore(openDatabase(file, MIGRATIONS), log, now);
  }

  create(terms: TokenTerms, creator?: string): NewToken {
    const token = makeTokenText(API_TOKEN);
    const made = { id: makeTokenId(), created: this.#now(), ...(creator !== undefined && { creator }) };
    const record: TokenRecord = { ...terms, ...made };
    this.#done(() => inTransaction(this.#database, () => this.#add(digestOf(token), record)));
    return { token, record };
  }

  list(): readonly TokenRecord[] {
    return this.#done(() => this.#statements.list.all().map(recordOf));
  }

  find(id: string): TokenRecord | undefined {
    return this.#done(() => this.#statements.find.all(id).map(recordOf)[0]);
  }

  lookUp(token: string): TokenRecord | undefined {
    return this.#done(() => this.#statements.lookUp.all(digestOf(token)).map(recordOf)[0]);
  }

  touch({ id, used = 0 }: TokenRecord): void {
    const now = this.#now();
    if (now < Math.max(used + TOUCH, this.#touchable)) return;
    try {
      this.#statements.touch.run(now, id);
    } catch (error) {
      this.#touchable = now + TOUCH;
      this.#log.error({ err: error, id }, 'the last use of a token could not be written');
    }
  }

  revoke(id: string): boolean {
    return this.#done(() => this.#statements.revoke.run(this.#now(), id).changes > 0);
  }

  #add(digest: Uint8Array, record: TokenRecord): void {
    const { forget, count, create } = this.#statements;
    forget.run(record.created - KEEP);
    const found = Number(count.get(record.pattern, record.created)?.['count']);
    if (found >= MOST)
      throw new RestanzaError('token-forbidden', `there are ${MOST} for ${record.pattern}; revoke some`);
    create.run(digest, ...valuesOf(record));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #done<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (error instanceof RestanzaError) throw error;
      this.#log.error({ err: error }, 'the tokens cannot be read or written');
      throw new RestanzaError('storage-unavailable', 'send it again later', { cause: error, retryAfter: 5 });
    }
  }
}

function prepareAll(database: DatabaseSync): Statements {
  return {
    create: database.prepare(SQL.create),
    forget: database.prepare(SQL.forget),
    count: database.prepare(SQL.count),
    list: database.prepare(SQL.list),
    find: database.prepare(SQL.find),
    lookUp: database.prepare(SQL.lookUp),
    touch: database.prepare(SQL.touch),
    revoke: database.prepare(SQL.revoke),
  };
}

/** In the order of `FIELDS`, up to when it ends. */
function valuesOf(record: TokenRecord): (string | number | null)[] {
  const { id, pattern, scopes, networks, label, rate, creator, created, expires } = record;
  const lists = [[...scopes].join(' '), networks.join(' ')];
  return [id, pattern, ...lists, label ?? null, rate ?? null, creator ?? null, created, expires ?? null];
}

/** Scopes that this release does not know permit nothing. */
function recordOf(row: Readonly<Record<string, SQLOutputValue>>): TokenRecord {
  const text = (name: string) => (row[name] === null ? {} : { [name]: String(row[name]) });
  const number = (name: string) => (row[name] === null ? {} : { [name]: Number(row[name]) });
  return {
    id: String(row['id']),
    pattern: parsePattern(String(row['pattern'])),
    scopes: parseScopes(String(row['scopes'])).scopes,
    networks: String(row['networks']).split(' ').filter(Boolean),
    created: Number(row['created']),
    ...text('label'),
    ...text('creator'),
    ...number('rate'),
    ...number('expires'),
    ...number('used'),
    ...number('revoked'),
  };
}

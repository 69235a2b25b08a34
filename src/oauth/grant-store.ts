/**
 * What users have granted, and the codes and tokens that were given out for it.
 *
 * Decides what is one step that happens whole or not at all: a code or a refresh token is used once, and using one again ends
 * its grant with everything that was given out for it (RFC 6749 §4.1.2, RFC 9700 §4.14.2). An end holds from the next request on.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Jid } from '../xmpp/jid.ts';
import { storedAddress } from './client-store.ts';

/** What a user, or for itself a client, has granted. */
export interface Grant {
  readonly id: number;
  readonly domain: Jid;
  /** Absent for the password grant of a component, which needs no client. */
  readonly client: string | undefined;
  readonly address: Jid;
  /** Scope tokens. */
  readonly scope: readonly string[];
  /** Sealed. */
  readonly keepsake: string;
  /** Milliseconds since 1970. */
  readonly issued: number;
}

/** What goes with a code. */
export interface CodeTerms {
  readonly redirectUri: string;
  /** Whether the request named it itself. */
  readonly namesRedirect: boolean;
  readonly challenge: string | undefined;
  readonly nonce: string | undefined;
}

/** A code with its grant. */
export interface StoredCode extends CodeTerms {
  readonly grant: Grant;
  readonly expires: number;
  readonly used: boolean;
}

/** A token with its grant. */
export interface StoredToken {
  readonly kind: 'access' | 'refresh';
  readonly grant: Grant;
  readonly scope: readonly string[];
  readonly issued: number;
  readonly expires: number;
  readonly used: boolean;
}

/** A token to keep; times are milliseconds since 1970. */
export type NewToken = Pick<StoredToken, 'kind' | 'scope' | 'issued' | 'expires'> & { readonly digest: Uint8Array };

const GRANT_COLUMNS = 'g.id, g.domain, g.client, g.address, g.scope AS granted, g.keepsake, g.issued AS granted_at';

const SQL = {
  addGrant:
    'INSERT INTO access_grant (domain, client, address, scope, keepsake, issued, expires) VALUES (?, ?, ?, ?, ?, ?, ?)',
  grant: `SELECT ${GRANT_COLUMNS} FROM access_grant g WHERE g.id = ?`,
  extend: 'UPDATE access_grant SET expires = max(expires, ?) WHERE id = ?',
  end: 'DELETE FROM access_grant WHERE id = ?',
  addCode:
    'INSERT INTO code (digest, access_grant, redirect_uri, named, challenge, nonce, expires) VALUES (?, ?, ?, ?, ?, ?, ?)',
  code: `SELECT c.redirect_uri, c.named, c.challenge, c.nonce, c.expires, c.used, ${GRANT_COLUMNS}
    FROM code c JOIN access_grant g ON g.id = c.access_grant WHERE c.digest = ?`,
  useCode: 'UPDATE code SET used = 1 WHERE digest = ? AND used = 0',
  addToken: 'INSERT INTO token (digest, kind, access_grant, scope, issued, expires) VALUES (?, ?, ?, ?, ?, ?)',
  token: `SELECT t.kind, t.scope, t.issued, t.expires, t.used, ${GRANT_COLUMNS}
    FROM token t JOIN access_grant g ON g.id = t.access_grant WHERE t.digest = ?`,
  useToken: 'UPDATE token SET used = 1 WHERE digest = ? AND used = 0',
  endToken: 'DELETE FROM token WHERE digest = ?',
  pruneTokens: 'DELETE FROM token WHERE expires < ?',
  pruneGrants: 'DELETE FROM access_grant WHERE expires < ?',
} as const;

type Row = Readonly<Record<string, SQLOutputValue>>;

/** The tables of grants, codes and tokens. */
export class GrantStore {
  readonly #statements: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#statements = {
      addGrant: database.prepare(SQL.addGrant),
      grant: database.prepare(SQL.grant),
      extend: database.prepare(SQL.extend),
      end: database.prepare(SQL.end),
      addCode: database.prepare(SQL.addCode),
      code: database.prepare(SQL.code),
      useCode: database.prepare(SQL.useCode),
      addToken: database.prepare(SQL.addToken),
      token: database.prepare(SQL.token),
      useToken: database.prepare(SQL.useToken),
      endToken: database.prepare(SQL.endToken),
      pruneTokens: database.prepare(SQL.pruneTokens),
      pruneGrants: database.prepare(SQL.pruneGrants),
    };
  }

  /**
   * Keeps a grant.
   *
   * @param expires when it goes unless something is given out for it, in milliseconds since 1970
   */
  add(grant: Omit<Grant, 'id'>, expires: number): Grant {
    const { domain, client, address, scope, keepsake, issued } = grant;
    const { lastInsertRowid } = this.#statements.addGrant.run(
      domain,
      client ?? null,
      address,
      scope.join(' '),
      keepsake,
      issued,
      expires,
    );
    return { ...grant, id: Number(lastInsertRowid) };
  }

  /** Finds a grant; `undefined` when it has ended. */
  find(id: number): Grant | undefined {
    const row = this.#statements.grant.get(id);
    return row === undefined ? undefined : grantOf(row);
  }

  /** Ends a grant, with all that was given out for it. */
  end({ id }: Grant): void {
    this.#statements.end.run(id);
  }

  /** Keeps a code. */
  addCode(digest: Uint8Array, { id }: Grant, terms: CodeTerms, expires: number): void {
    const { redirectUri, namesRedirect, challenge, nonce } = terms;
    const { addCode } = this.#statements;
    addCode.run(digest, id, redirectUri, Number(namesRedirect), challenge ?? null, nonce ?? null, expires);
  }

  /** Finds a code, used or not; `undefined` when there is none, or its grant has ended. */
  code(digest: Uint8Array): StoredCode | undefined {
    const row = this.#statements.code.get(digest);
    if (row === undefined) return undefined;
    return {
      grant: grantOf(row),
      redirectUri: String(row['redirect_uri']),
      namesRedirect: row['named'] !== 0,
      challenge: textOf(row['challenge']),
      nonce: textOf(row['nonce']),
      expires: Number(row['expires']),
      used: row['used'] !== 0,
    };
  }

  /** Uses a code up. Returns whether it had not been used before. */
  useCode(digest: Uint8Array): boolean {
    return Number(this.#statements.useCode.run(digest).changes) === 1;
  }

  /** Keeps tokens of a grant, which then lasts as long as they do. */
  addTokens({ id }: Grant, tokens: readonly NewToken[]): void {
    for (const { digest, kind, scope, issued, expires } of tokens) {
      this.#statements.addToken.run(digest, kind, id, scope.join(' '), issued, expires);
      this.#statements.extend.run(expires, id);
    }
  }

  /** Finds a token, used or not, expired or not; `undefined` when there is none, or its grant has ended. */
  token(digest: Uint8Array): StoredToken | undefined {
    const row = this.#statements.token.get(digest);
    if (row === undefined) return undefined;
    return {
      kind: row['kind'] === 'access' ? 'access' : 'refresh',
      grant: grantOf(row),
      scope: scopeOf(row['scope']),
      issued: Number(row['issued']),
      expires: Number(row['expires']),
      used: row['used'] !== 0,
    };
  }

  /** Uses a refresh token up. Returns whether it had not been used before. */
  useToken(digest: Uint8Array): boolean {
    return Number(this.#statements.useToken.run(digest).changes) === 1;
  }

  /** Ends one token alone. */
  endToken(digest: Uint8Array): void {
    this.#statements.endToken.run(digest);
  }

  /** Drops tokens and grants that have run out. Returns how many. */
  prune(now: number): number {
    const { pruneTokens, pruneGrants } = this.#statements;
    return Number(pruneGrants.run(now).changes) + Number(pruneTokens.run(now).changes);
  }
}

function grantOf(row: Row): Grant {
  return {
    id: Number(row['id']),
    domain: storedAddress(row['domain']),
    client: textOf(row['client']),
    address: storedAddress(row['address']),
    scope: scopeOf(row['granted']),
    keepsake: String(row['keepsake']),
    issued: Number(row['granted_at']),
  };
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function scopeOf(value: SQLOutputValue | undefined): readonly string[] {
  return String(value)
    .split(' ')
    .filter(token => token !== '');
}

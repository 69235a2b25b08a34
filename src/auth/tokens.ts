/**
 * API tokens: what one is, and what can be done with them.
 *
 * Decides the terms that a token is given on. The text of a token is shown once, when it is made; how it is written is in
 * `token-text.ts`, what is kept of it in `token-store.ts`. The tokens of the authorization server are its own business.
 */
import type { JidPattern } from './jid-pattern.ts';
import type { Scope } from './scopes.ts';

/** What a token is good for. */
export interface TokenTerms {
  readonly pattern: JidPattern;
  /** At least one. */
  readonly scopes: ReadonlySet<Scope>;
  /** When it ends, in milliseconds since 1970; absent for never. */
  readonly expires?: number;
  /** Requests per second. */
  readonly rate?: number;
  /** The addresses and networks (CIDR) that it may be used from; anywhere when empty. */
  readonly networks: readonly string[];
  /** For those who manage it. */
  readonly label?: string;
}

/** A token as those see it who manage it. Times are milliseconds since 1970. */
export interface TokenRecord extends TokenTerms {
  readonly id: string;
  readonly created: number;
  /** The address of whoever made it; absent for the command line. */
  readonly creator?: string;
  /** Within a minute. */
  readonly used?: number;
  readonly revoked?: number;
}

/** A new token. */
export interface NewToken {
  /** Its text: the only time that it is seen. */
  readonly token: string;
  readonly record: TokenRecord;
}

/** The tokens of a gateway. Every method throws RestanzaError `storage-unavailable` when they cannot be read or written. */
export interface Tokens {
  /** @throws RestanzaError `token-forbidden` when there are too many for the pattern */
  create(terms: TokenTerms, creator?: string): NewToken;
  /** All, also those that have ended, the oldest first. */
  list(): readonly TokenRecord[];
  /** By its id. */
  find(id: string): TokenRecord | undefined;
  /** The token with this text. */
  lookUp(token: string): TokenRecord | undefined;
  /** Says that a token was used now. Never throws: a request does not fail for it. */
  touch(record: TokenRecord): void;
  /**
   * Ends a token for good.
   *
   * @returns `false` when there is none with this id, or it was revoked before
   */
  revoke(id: string): boolean;
}

/** Whether a token can still be used. */
export function isLive({ expires, revoked }: TokenRecord, now: number): boolean {
  return revoked === undefined && (expires === undefined || expires > now);
}

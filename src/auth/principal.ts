/**
 * Who makes a request, after somebody vouched for it.
 *
 * Decides what the rooms above may know of a caller: the address that he acts as and the host that serves it. How he proved
 * it (a password, later a token) stays in this room.
 */
import { type Jid, resourceOf } from '../xmpp/jid.ts';
import { type JidPattern, matches, patternFor } from './jid-pattern.ts';
import type { Scope } from './scopes.ts';

/** The token that somebody came with, in so far as it bounds what he does later. */
export interface Bearing {
  /** Who issued it: the gateway's own tokens, its authorization server, or somebody else (JWT). */
  readonly kind: 'api' | 'oauth' | 'jwt';
  /** By which the issuer finds it again; no secret. */
  readonly id: string;
  /** Requests per second that it is good for. */
  readonly rate?: number;
  /** When it ends, in milliseconds since 1970. */
  readonly expires?: number;
}

/** An authenticated caller. */
export interface Principal {
  /** The address that he acts as; parts that are absent may be filled in by him (`submit.ts`). */
  readonly address: Jid;
  /** Nobody can be him in another request: what is kept for him is of no use. */
  readonly transient?: true;
  /** The session on the XMPP server that he acts through, where that has an address which is not his to choose. */
  readonly session?: string;
  /** All that he may do; without it, all that the address may. */
  readonly scopes?: ReadonlySet<Scope>;
  /** The addresses that are his, where they are others than those that his own stands for. */
  readonly pattern?: JidPattern;
  /** Absent when he came with a password or a secret. */
  readonly token?: Bearing;
}

/** What an authenticator may look at. */
export interface Credentials {
  /** The `Authorization` field. */
  readonly authorization: string | undefined;
  /** The domain that the `Host` field names, without port; decides the host of a bare user name when several have users. */
  readonly hostname: string | undefined;
  /** The IP address that the request comes from. */
  readonly address: string;
}

/** A way to tell who makes a request. */
export interface Authenticator {
  /**
   * @throws RestanzaError `no-credentials`, `credentials-malformed`, `credentials-rejected`, `scheme-unsupported`,
   *   `too-many-failures`, `too-many-waiting`
   */
  authenticate(credentials: Credentials): Promise<Principal>;
  /** The value of `WWW-Authenticate` that goes with a refusal (RFC 9110 §11.6.1). */
  readonly challenge: string;
}

/** Credentials that have been read, and that nobody has looked into yet. */
export interface Claim {
  /** The account that they name, in the one form that all spellings of its name share; what no account can have is one. */
  readonly account: string;
  /** @throws RestanzaError what `Authenticator.authenticate` throws, but for what cannot be read */
  check(): Promise<Principal>;
}

/** A way to tell who makes a request by what somebody could guess. */
export interface Guessable {
  /**
   * Reads credentials.
   *
   * @throws RestanzaError `no-credentials`, `credentials-malformed`, `scheme-unsupported`
   */
  claimOf(credentials: Credentials): Claim;
  /** As that of an `Authenticator`. */
  readonly challenge: string;
}

/**
 * As whom a principal is known who comes back: by his address and by what he may do, so that nobody gets what was kept for
 * somebody who may do more.
 */
export function callerOf({ address, scopes }: Principal): string {
  return scopes === undefined ? address : [address, ...[...scopes].sort()].join('\n');
}

/** All addresses that are a principal's. */
export function patternOf({ address, pattern }: Principal): JidPattern {
  return pattern ?? patternFor(address);
}

/**
 * Whether a principal may act as an address: all parts that his own address has must be the same, those that it lacks are
 * free, as in mod_rest. A user may choose a resource, unless a session of his own has one; a component any address of its
 * domain.
 */
export function mayActAs(principal: Principal, address: Jid): boolean {
  const { address: own, session } = principal;
  if (session !== undefined || resourceOf(own) !== undefined) return own === address;
  return matches(patternOf(principal), address);
}

/**
 * Who makes a request, after somebody vouched for it.
 *
 * Decides what the rooms above may know of a caller: the address that he acts as and the host that serves it. How he proved
 * it (a password, later a token) stays in this room.
 */
import { bareOf, domainOf, type Jid, localOf, resourceOf } from '../xmpp/jid.ts';

/** An authenticated caller. */
export interface Principal {
  /** The address that he acts as; parts that are absent may be filled in by him (`submit.ts`). */
  readonly address: Jid;
  /** The session that his credentials opened on the XMPP server, where he acts through one of his own. */
  readonly session?: string;
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

/** An authenticator whose credentials somebody could guess. */
export interface Guessable extends Authenticator {
  /**
   * The account that credentials claim, in the one form that all spellings of its name share; what no account can have is
   * one account together.
   *
   * @throws RestanzaError what `authenticate` throws for credentials that cannot be read
   */
  accountOf(credentials: Credentials): string;
}

/**
 * Whether a principal may act as an address: all parts that his own address has must be the same, those that it lacks are
 * free, as in mod_rest. A user may choose a resource, unless a session of his own has one; a component any address of its
 * domain.
 */
export function mayActAs(principal: Principal, address: Jid): boolean {
  const { address: own, session } = principal;
  if (session !== undefined || resourceOf(own) !== undefined) return own === address;
  if (localOf(own) !== undefined) return own === bareOf(address);
  return own === domainOf(address);
}

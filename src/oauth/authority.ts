/**
 * A host as an authorization server: what every endpoint works with.
 *
 * Decides the terms of this room: the rules of the operator, and what is asked of whoever knows the accounts. How each kind of
 * host answers that is decided in `compose/oauth.ts`.
 */
import type { Principal } from '../auth/principal.ts';
import type { Throttle } from '../auth/throttle.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import { type Client, DEVICE_GRANT, type GrantType } from './client.ts';
import type { OAuthStore } from './oauth-store.ts';
import type { Seal } from './sealing.ts';
import type { SigningKey } from './signing.ts';

/** What the operator has decided. Times are seconds. */
export interface Rules {
  /** Whether clients may register themselves. */
  readonly registration: boolean;
  /** Whether passwords may be exchanged for tokens (RFC 6749 §4.3). */
  readonly passwordGrant: boolean;
  /** Whether clients with a secret need PKCE as well, unless the code is shown to the user. */
  readonly requirePkce: boolean;
  readonly accessLifetime: number;
  readonly refreshLifetime: number;
  /** The clients that the operator has made, by id. */
  readonly clients: ReadonlyMap<string, Client>;
}

/** Somebody who has proved who he is. */
export interface Login {
  /** Bare, or for a component whatever he named. */
  readonly address: Jid;
  /** What it takes to act for him later; as secret as a password. */
  readonly keepsake: string;
}

/** The accounts of a host. */
export interface Users {
  /** `users` log in with pages of ours. Behind a `component` nobody is known but who has its secret. */
  readonly names: 'users' | 'component';
  /** The account that a name claims, in the one spelling that it has. */
  accountOf(name: string): string;
  /**
   * Checks a name and a password. Takes as long for names that nobody has.
   *
   * @returns `undefined` when either is wrong
   * @throws RestanzaError when it cannot be told at the moment; LoginRefused when nothing could be kept of it
   */
  logIn(name: string, password: string): Promise<Login | undefined>;
  /** What it takes to act for an address that the operator has given to a client; `undefined` where there is no such way. */
  vouch(address: Jid): Promise<Login | undefined>;
  /**
   * Acts for somebody who has logged in before.
   *
   * @returns `undefined` when that is over: the password is another one, or the account is gone
   * @throws RestanzaError when it cannot be told at the moment
   */
  principal(login: Login): Promise<Principal | undefined>;
}

/** The login was right, but the server gives nothing that one could act with later. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** One host as an authorization server. */
export interface Authority {
  readonly domain: Jid;
  /** What users call it. */
  readonly name: string;
  /** A style sheet that comes after ours. */
  readonly style: string;
  /** The URL by which clients know it; absent where it is the one that a request was made to. */
  readonly publicUrl: string | undefined;
  readonly rules: Rules;
  readonly users: Users;
  readonly store: OAuthStore;
  /** Keeps keepsakes from those who read the database. */
  readonly keepsakes: Seal;
  /** Keeps what stands in our forms as it is. */
  readonly forms: Seal;
  readonly signing: SigningKey;
  /** Slows the guessing of passwords; the same for all ways to log in. */
  readonly throttle: Throttle;
  /** Slows the guessing of user codes. */
  readonly codeThrottle: Throttle;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The grants that clients at a host can have. */
export function grantsOf({ users, rules }: Pick<Authority, 'users' | 'rules'>): readonly GrantType[] {
  const grants: readonly (readonly [GrantType, boolean])[] = [
    ['authorization_code', users.names === 'users'],
    ['refresh_token', true],
    [DEVICE_GRANT, users.names === 'users'],
    ['password', rules.passwordGrant],
    ['client_credentials', rules.clients.size > 0],
  ];
  return grants.flatMap(([grant, offered]) => (offered ? [grant] : []));
}

/** The grants that a client may register for: to act for itself, it needs the operator. */
export function registrableGrants(authority: Pick<Authority, 'users' | 'rules'>): readonly GrantType[] {
  return grantsOf(authority).filter(grant => grant !== 'client_credentials');
}

/** Finds a client, by whomever it was made. */
export function findClient({ rules, store, domain }: Authority, id: string): Client | undefined {
  return rules.clients.get(id) ?? store.clients.find(domain, id);
}

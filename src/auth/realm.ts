/**
 * A host as those see it who prove who they are.
 *
 * Decides what a scheme of HTTP needs of a host: to tell whose a name and password are, and whose a token is.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { Principal } from './principal.ts';

/**
 * Checks a name and a password for one host.
 *
 * @param name a localpart for a host with users, the domain itself for a component
 * @returns who that is; `undefined` when either is wrong
 * @throws RestanzaError when it cannot be told at the moment
 */
export type Verify = (name: string, password: string) => Promise<Principal | undefined>;

/**
 * Checks a bearer token for one host.
 *
 * @returns whose it is; `undefined` when it is nobody's there
 * @throws RestanzaError when it cannot be told at the moment
 */
export type VerifyToken = (token: string) => Promise<Principal | undefined>;

/** A host that credentials can belong to. */
export interface Realm {
  readonly domain: Jid;
  /** `users`: names are localparts. `component`: the only name is the domain. */
  readonly names: 'users' | 'component';
  readonly verify: Verify;
  /** Absent where no tokens are taken. */
  readonly verifyToken?: VerifyToken;
}

/**
 * Acting as an address for which one has a token, but no password.
 *
 * Decides what a host says of that: it knows whether it has a link for the address.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { Principal } from './principal.ts';

/**
 * As whom the bearer of a token for an address acts.
 *
 * @param address an account, or a domain for all addresses at it
 * @returns `undefined` where nobody can act as that address without its password
 */
export type ActingAs = (address: Jid) => Pick<Principal, 'address' | 'session'> | undefined;

/**
 * The accounts of a host, as its authorization server sees them.
 *
 * Decides what somebody may call himself: at a host with users the localpart or the address of an account, at a component any
 * address of it. How a password is checked and what is kept of a login is each host's own business.
 */
import { LoginRefused, type Users } from '../oauth/authority.ts';
import { domainOf, type Jid, JidError, localOf, makeJid, parseJid } from '../xmpp/jid.ts';
import type { Served } from './surroundings.ts';

/** How often a login is made until it leaves something to act with. */
const TRIES = 2;

/** Makes the accounts of a host. */
export function usersOf({ domain, realm, later }: Pick<Served, 'domain' | 'realm' | 'later'>): Users {
  const find = realm.names === 'users' ? userAt : addressAt;
  const nobody = realm.names === 'users' ? '' : domain;
  return {
    names: realm.names,
    accountOf: name => (realm.names === 'users' ? (find(name, domain) ?? `@${domain}`) : domain),
    async logIn(name, password) {
      const address = find(name, domain);
      // A name that nobody has costs what a wrong password costs.
      const known = realm.names === 'users' && address !== undefined ? (localOf(address) ?? nobody) : nobody;
      // What an earlier login has left may be out of date, though the password is right; then there is a new login.
      for (let tries = 0; tries < TRIES; tries += 1) {
        const principal = await realm.verify(known, password);
        if (principal === undefined || address === undefined) return undefined;
        const keepsake = await later.keep({ ...principal, address });
        if (keepsake !== undefined) return { address, keepsake };
      }
      throw new LoginRefused('the server leaves no keys after a login');
    },
    async vouch(address) {
      const keepsake = await later.vouch(address);
      return keepsake === undefined ? undefined : { address, keepsake };
    },
    principal: ({ address, keepsake }) => later.act(address, keepsake),
  };
}

/** The account that somebody names, by its localpart or its address. */
function userAt(name: string, domain: Jid): Jid | undefined {
  const at = name.lastIndexOf('@');
  if (at !== -1 && name.slice(at + 1).toLowerCase() !== domain) return undefined;
  try {
    return makeJid({ local: at === -1 ? name : name.slice(0, at), domain });
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** The address of a component that somebody names: any at its domain, or the domain itself. */
function addressAt(name: string, domain: Jid): Jid | undefined {
  const address = readAddress(name);
  return address !== undefined && domainOf(address) === domain ? address : undefined;
}

/** Reads an address; `undefined` for a text that is none. */
export function readAddress(text: string): Jid | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

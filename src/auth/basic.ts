/**
 * HTTP Basic (RFC 7617): a name and a password in each request.
 *
 * Decides which host the name belongs to and asks that host's verifier. A name is a component's domain, a full address, or
 * a localpart at the host that the request was made to. Everything that is wrong gets the same answer at the same cost as a
 * wrong password, so that nobody can list users or domains; mod_rest answers 403 to it, so do we.
 */
import { RestanzaError } from '../errors.ts';
import { JidError, prepareLocalpart } from '../xmpp/jid.ts';
import type { Guessable } from './principal.ts';
import type { Realm } from './realm.ts';

/** A user name and password as they came. */
interface NameAndPassword {
  readonly name: string;
  readonly password: string;
}

/** The same for whatever is wrong. */
const NEXT_STEP = 'check the name (an account, its whole address, or the domain of a component) and the password';

const BASIC = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i;

/**
 * Reads an `Authorization` field of the scheme Basic: base64 of `name:password` in UTF-8.
 *
 * @throws RestanzaError `no-credentials`, `scheme-unsupported`, `credentials-malformed`
 */
export function parseBasic(authorization: string | undefined): NameAndPassword {
  if (authorization === undefined) throw new RestanzaError('no-credentials', 'use HTTP Basic, as with curl --user');
  if (!/^basic(?= |$)/i.test(authorization))
    throw new RestanzaError(
      'scheme-unsupported',
      "write 'Basic' and the base64 of name:password, or 'Bearer' and a token",
    );
  const encoded = BASIC.exec(authorization)?.[1];
  const decoded = encoded === undefined ? undefined : decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon < 1) {
    throw new RestanzaError('credentials-malformed', 'Basic takes the base64 of name:password in UTF-8');
  }
  return { name: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where a name leads: a realm and the name there. */
interface Destination {
  readonly realm: Realm;
  readonly name: string;
}

/**
 * Finds the realm of a name: the domain of an address, a component's own domain, the host that was asked, the only host
 * with users; in this order.
 */
export function destinationOf(
  name: string,
  hostname: string | undefined,
  realms: readonly Realm[],
): Destination | undefined {
  const at = name.lastIndexOf('@');
  const domain = (at === -1 ? name : name.slice(at + 1)).toLowerCase();
  const named = realms.find(realm => realm.domain === domain);
  if (at !== -1) return named?.names === 'users' ? { realm: named, name: name.slice(0, at) } : undefined;
  if (named?.names === 'component') return { realm: named, name: named.domain };
  const withUsers = realms.filter(realm => realm.names === 'users');
  const asked =
    withUsers.find(realm => realm.domain === hostname) ?? (withUsers.length === 1 ? withUsers[0] : undefined);
  return asked === undefined ? undefined : { realm: asked, name };
}

/** Reads names and passwords for these hosts. */
export function basic(realms: readonly Realm[]): Guessable {
  const [first] = realms;
  return {
    challenge: `Basic realm="${first?.domain ?? 'restanza'}/rest", charset="UTF-8"`,
    claimOf({ authorization, hostname }) {
      const { name, password } = parseBasic(authorization);
      const destination = destinationOf(name, hostname, realms) ?? nowhere(realms);
      return {
        account: accountAt(destination),
        async check() {
          const principal = await destination?.realm.verify(destination.name, password);
          if (principal === undefined) throw new RestanzaError('credentials-rejected', NEXT_STEP);
          return principal;
        },
      };
    },
  };
}

/** The address of the account; without localpart where no account can have the name. */
function accountAt(destination: Destination | undefined): string {
  if (destination === undefined) return '';
  const { realm, name } = destination;
  return realm.names === 'users' ? `${spellingOf(name)}@${realm.domain}` : realm.domain;
}

function spellingOf(name: string): string {
  try {
    return prepareLocalpart(name);
  } catch (error) {
    if (error instanceof JidError) return '';
    throw error;
  }
}

/** A name that leads nowhere costs what a wrong password costs; an empty localpart is nobody's. */
function nowhere(realms: readonly Realm[]): Destination | undefined {
  const realm = realms.find(({ names }) => names === 'users');
  return realm === undefined ? undefined : { realm, name: '' };
}

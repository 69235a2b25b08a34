/**
 * A domain whose users are those of an XMPP server: they act over HTTP with their own passwords, and some are always online.
 *
 * Decides how sessions and always-on accounts are built from the configuration, and that who has a token acts through the
 * session of an always-on account: there is no other without a password. The domain itself has no link here: what is
 * addressed to it is its server's business.
 */
import type { Principal } from '../auth/principal.ts';
import type { Verify, VerifyToken } from '../auth/realm.ts';
import type { AccountConfig, HostConfig, VirtualHostConfig } from '../config/load.ts';
import { RestanzaError } from '../errors.ts';
import { CatchUp } from '../host/catch-up.ts';
import { Host } from '../host/host.ts';
import { type Entrance, Sessions } from '../host/sessions.ts';
import { connectClient } from '../link/client.ts';
import type { ClientLink, ClientOptions } from '../link/client-options.ts';
import { SYSTEM_CLOCK } from '../link/clock.ts';
import { namesOnly } from '../link/own-certificate.ts';
import { PacedLog } from '../link/paced-log.ts';
import { bareOf, domainOf, type Jid, JidError, localOf, makeJid } from '../xmpp/jid.ts';
import type { ClientCredential } from '../xmpp/sasl/client-exchange.ts';
import { readKeys, writeKeys } from '../xmpp/sasl/kept-keys.ts';
import { newId } from '../xmpp/stanza.ts';
import { ownCertificateOf, trustOf } from './certificates.ts';
import { type Later, type Served, type Surroundings, watch } from './surroundings.ts';

type VirtualHost = HostConfig & { readonly virtualhost: NonNullable<HostConfig['virtualhost']> };
/** What all sessions at a domain have in common. */
type Server = Pick<ClientOptions, 'server' | 'tls' | 'trust' | 'kdf' | 'log'>;

/** Milliseconds that a page of an archive may take. */
const ARCHIVE_WAIT = 60_000;
/** Characters of the random part of a resource. */
const RANDOM_PART = 12;

/**
 * Serves the users of a domain.
 *
 * @throws SetupFault when a file of certificates cannot be used
 */
export async function serveVirtualHost(domain: Jid, config: VirtualHost, around: Surroundings): Promise<Served> {
  const { virtualhost, accounts } = config;
  const { log, software, kdf, stack } = around;
  const { server, tls, idle, max_sessions: max } = virtualhost;
  const trust = await trustOf(domain, virtualhost);
  const common: Server = { ...(server !== undefined && { server }), tls, trust, kdf, log };
  // While the server is away, each request is a login that fails.
  const paced = new PacedLog(log, SYSTEM_CLOCK);
  const connect = (entrance: Entrance) =>
    connectClient({ ...common, ...sessionOf(entrance), log: paced, reconnect: false });
  const sessions = stack.use(new Sessions({ connect, software, idle, max, clock: SYSTEM_CLOCK, log }));
  const logins = await Promise.all(
    [...accounts].map(async ([local, account]) => {
      const address = makeJid({ local, domain });
      return { address, account, login: await loginOf(address, account, virtualhost, trust) };
    }),
  );
  const online = new Map(
    logins.map(({ address, account, login }) => {
      return [address, serveAccount(address, account, { ...common, ...login }, around)] as const;
    }),
  );
  return {
    domain,
    realm: {
      domain,
      names: 'users',
      verify: entering(domain, sessions),
      ...(virtualhost.oauth && { verifyToken: offering(domain, sessions) }),
    },
    hostOf: principal => hostOf(principal, sessions, online),
    hold: ({ session }) => (session === undefined ? undefined : sessions.hold(session)),
    actingAs: address => {
      const account = online.get(address);
      return account && { address: account.link.bound ?? address, session: address };
    },
    later: laterAt(sessions, online),
    giveUp: () => {
      sessions.linkLost();
      for (const { host } of online.values()) host.linkLost();
    },
    closed: new Promise(() => {}),
  };
}

/**
 * The host that somebody acts through.
 *
 * @throws RestanzaError `link-down` when his session has ended since the request came in
 */
function hostOf(
  { session, address }: Principal,
  sessions: Sessions,
  accounts: ReadonlyMap<Jid, AlwaysOn>,
): Host | undefined {
  if (session === undefined) return undefined;
  const host = sessions.hostOf(session) ?? alwaysOn(session, address, accounts);
  if (host === undefined) throw new RestanzaError('link-down', undefined, { retryAfter: 1 });
  return host;
}

function sessionOf({ account, kind, secret }: Entrance): Pick<ClientOptions, 'account' | 'credential' | 'resource'> {
  const credential = kind === 'token' ? tokenOf(account, secret) : credentialOf(account, kind, secret);
  return { account, credential, resource: `rest-${newId().slice(0, RANDOM_PART)}` };
}

function tokenOf(account: Jid, token: string): ClientCredential {
  return { kind: 'token', token, ...(localOf(account) !== undefined && { address: account }) };
}

function credentialOf(account: Jid, kind: 'password' | 'keys', secret: string): ClientCredential {
  const authcid = localOf(account) ?? '';
  const keys = kind === 'keys' ? readKeys(secret) : undefined;
  return keys === undefined ? { kind: 'password', authcid, password: secret } : { kind: 'keys', authcid, keys };
}

/** What stands for an account that is always online; no keys look like it. */
const ALWAYS_ON = 'always on';

/** Users are acted for with the keys that their login has left, accounts that are always online by their own sessions. */
function laterAt(sessions: Sessions, accounts: ReadonlyMap<Jid, AlwaysOn>): Later {
  return {
    async keep({ address, session }) {
      const keys = session === undefined ? undefined : sessions.keysOf(session);
      const kept = keys && writeKeys(keys);
      // Some servers have another salt at every login; then keys are of no use, and that must be told while one can be told.
      const again = kept && (await sessions.enter({ account: bareOf(address), kind: 'keys', secret: kept }));
      // Or the password has been set anew since the login.
      if (session !== undefined && kept !== undefined && again === undefined) sessions.distrust(session);
      return again && kept;
    },
    vouch: async address => (accounts.has(address) ? ALWAYS_ON : undefined),
    async act(account, kept) {
      if (kept === ALWAYS_ON) {
        const online = accounts.get(account);
        return online && { address: online.link.bound ?? account, session: account };
      }
      // What cannot be read is of no use, and must never be tried as a password.
      if (readKeys(kept) === undefined) return undefined;
      const session = await sessions.enter({ account, kind: 'keys', secret: kept });
      return session && { address: session.address, session: session.id };
    },
  };
}

/** Logs in with a user's name and password. */
function entering(domain: Jid, sessions: Sessions): Verify {
  return async (name, secret) => {
    const account = accountNamed(name, domain);
    if (account === undefined) return undefined;
    const session = await sessions.enter({ account, kind: 'password', secret });
    return session && { address: session.address, session: session.id };
  };
}

/** Offers the server a token that may be one of its own. */
function offering(domain: Jid, sessions: Sessions): VerifyToken {
  return async secret => {
    const session = await sessions.enter({ account: domain, kind: 'token', secret });
    return session && { address: session.address, session: session.id };
  };
}

function accountNamed(local: string, domain: Jid): Jid | undefined {
  try {
    return local === '' ? undefined : makeJid({ local, domain });
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** An account that is always online. */
interface AlwaysOn {
  readonly link: ClientLink;
  readonly host: Host;
}

/** The host of an account, for one whose session is the account's own; that is called as the account. */
function alwaysOn(session: string, address: Jid, accounts: ReadonlyMap<Jid, AlwaysOn>): Host | undefined {
  const account = bareOf(address);
  return session === account ? accounts.get(account)?.host : undefined;
}

/** What an account that is always online logs in with. */
type Login = Pick<ClientOptions, 'credential' | 'trust'>;

async function loginOf(
  account: Jid,
  config: AccountConfig,
  virtualhost: VirtualHostConfig,
  trust: Login['trust'],
): Promise<Login> {
  const { password } = config;
  if (password !== undefined)
    return { trust, credential: { kind: 'password', authcid: localOf(account) ?? '', password } };
  const own = await ownCertificateOf(account, config);
  const authzid = namesOnly(own, account) ? undefined : account;
  return { trust: await trustOf(domainOf(account), virtualhost, own), credential: { kind: 'external', authzid } };
}

/** Keeps an account online; each new session first takes over what came meanwhile. */
function serveAccount(account: Jid, config: AccountConfig, common: Server & Login, around: Surroundings): AlwaysOn {
  const { receiving, stack, software, log } = around;
  const { resource, presence } = config;
  const link = connectClient({ ...common, account, resource, presence, carbons: true, reconnect: true });
  const send = (stanza: Parameters<Host['send']>[0]) => host.send({ ...stanza, from: account });
  const receiver = receiving.receiver({ link: account, config, events: 'component', send });
  const sink = new CatchUp({
    account,
    positions: receiving.journal,
    earlier: receiving.latest(account),
    sink: receiver,
    clock: SYSTEM_CLOCK,
    log,
  });
  const identity = { address: account, category: 'client', type: 'bot', software };
  const host: Host = stack.use(new Host(link, { identity, log, sink }));
  stack.use(receiver);
  stack.use(sink);
  link.onSession = () => {
    // What was asked in the last session is never answered; `watch` has not seen its end when it was to be resumed.
    host.linkLost();
    sink.begin((query, gone) => host.request(query, { timeout: ARCHIVE_WAIT, gone }));
  };
  watch(link, host);
  return { link, host };
}

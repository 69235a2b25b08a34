/**
 * Domains that are served as a component, or by the gateway itself.
 *
 * Decides how each is built from its configuration.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { remembering } from '../auth/remember.ts';
import { secretIs } from '../auth/secret.ts';
import type { HostConfig } from '../config/load.ts';
import type { Receiver } from '../delivery/receiver.ts';
import type { DEFAULT_EVENTS } from '../delivery/target.ts';
import { Host } from '../host/host.ts';
import { connectComponent } from '../link/component.ts';
import type { Link } from '../link/link.ts';
import { Accounts } from '../link/server/accounts.ts';
import { openEmbedded } from '../link/server/embedded.ts';
import { type Jid, localOf, makeJid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { type Served, type Surroundings, watch } from './surroundings.ts';
import { whileSame } from './while-same.ts';

/** The accounts of the embedded default. */
const DEMO_ACCOUNTS = ['alice', 'bob'];

type ComponentHost = HostConfig & { readonly component: NonNullable<HostConfig['component']> };
type EmbeddedHost = HostConfig & { readonly embedded: NonNullable<HostConfig['embedded']> };

/** Serves a domain as a component of an XMPP server. */
export function serveComponent(domain: Jid, config: ComponentHost, around: Surroundings): Served {
  const { server, secret } = config.component;
  const { log, software } = around;
  const link = connectComponent({ domain, server, secret, log });
  const identity = { address: domain, category: 'component', type: 'generic', software };
  const { host } = stand(link, identity, { config, events: 'component' }, around);
  const isSecret = secretIs(secret);
  const verify = async (name: string, password: string) =>
    name === domain && isSecret(password) ? { address: domain } : undefined;
  const verifyToken = async (token: string) => (isSecret(token) ? { address: domain } : undefined);
  return {
    domain,
    realm: { domain, names: 'component', verify, verifyToken },
    hostOf: () => host,
    actingAs: address => ({ address }),
    later: whileSame(async () => secret),
    giveUp: () => host.linkLost(),
    closed: watch(link, host),
  };
}

/** Serves a domain without any other server. */
export async function serveEmbedded(domain: Jid, config: EmbeddedHost, around: Surroundings): Promise<Served> {
  const { c2s, accounts: wanted } = config.embedded;
  const { log, software, kdf, throttle: guesses, stack } = around;
  const folder = join(around.config.data, encodeURIComponent(domain));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const accounts = stack.use(Accounts.open(join(folder, 'accounts.sqlite'), kdf));
  const passwords = await makeAccounts(accounts, around.config.demo ? randomPasswords(accounts) : wanted);
  // Clients may be there before the receiver is, and get nothing from it yet.
  let receiver: Receiver | undefined;
  const isClaimed = (stanza: Stanza) => receiver?.hasTarget(stanza) === true;
  const link = await openEmbedded({ domain, c2s, accounts, guesses, data: folder, log, isClaimed });
  log.info({ host: domain, address: link.c2sAddress }, 'c2s listening');
  const identity = { address: domain, category: 'server', type: 'im', software };
  const { host, sink } = stand(link, identity, { config, events: 'domain' }, around);
  receiver = sink;
  const verify = remembering(async (name, password) =>
    (await accounts.verify(name, password)) ? { address: makeJid({ local: name, domain }) } : undefined,
  );
  return {
    domain,
    realm: { domain, names: 'users', verify },
    hostOf: () => host,
    actingAs: address => ({ address }),
    later: whileSame(async address => storedKeyOf(accounts, address)),
    giveUp: () => host.linkLost(),
    closed: watch(link, host),
    welcome: { domain, c2s: link.c2sAddress, passwords },
  };
}

/** What changes with the password of an account; `undefined` when there is no such account. */
async function storedKeyOf(accounts: Accounts, address: Jid): Promise<string | undefined> {
  const keys = await accounts.lookup(localOf(address) ?? '');
  return keys && Buffer.from(keys['SHA-256'].storedKey).toString('base64');
}

/** How stanzas of a link are received. */
interface Reception {
  readonly config: HostConfig;
  readonly events: keyof typeof DEFAULT_EVENTS;
}

/** Puts a host with its receiver on a link. */
function stand(
  link: Link,
  identity: ConstructorParameters<typeof Host>[1]['identity'],
  { config, events }: Reception,
  { log, receiving, stack }: Surroundings,
): { readonly host: Host; readonly sink: Receiver } {
  const sink = receiving.receiver({ link: link.address, config, events, send: stanza => host.send(stanza) });
  const host: Host = stack.use(new Host(link, { identity, log, sink }));
  // Disposed before the host, which waits for what it has taken.
  stack.use(sink);
  return { host, sink };
}

/** Random passwords for those of the first accounts that are not there yet. */
function randomPasswords(accounts: Accounts): ReadonlyMap<string, string> {
  const missing = DEMO_ACCOUNTS.filter(name => !accounts.has(name));
  return new Map(missing.map(name => [name, randomBytes(12).toString('base64url')]));
}

/** Makes the accounts that the configuration names; a password that differs from the stored one replaces it. */
async function makeAccounts(
  accounts: Accounts,
  wanted: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  for (const [name, password] of wanted) {
    if (!accounts.has(name)) await accounts.create(name, password);
    else if (!(await accounts.verify(name, password))) await accounts.setPassword(name, password);
  }
  return wanted;
}

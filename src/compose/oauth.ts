/**
 * The authorization servers of a configuration.
 *
 * Decides which hosts are one, where their secrets are kept, and how each kind of host answers for its accounts.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Throttle } from '../auth/throttle.ts';
import { digestOf } from '../auth/token-text.ts';
import type { Config, HostConfig } from '../config/load.ts';
import type { Log } from '../log.ts';
import type { Authority, Rules } from '../oauth/authority.ts';
import type { Client } from '../oauth/client.ts';
import { OAuthStore } from '../oauth/oauth-store.ts';
import { KEY_BYTES, sealFor } from '../oauth/sealing.ts';
import { openSigningKey, readOrMake } from '../oauth/signing.ts';
import { bareOf, domainOf, type Jid } from '../xmpp/jid.ts';
import { readAddress, usersOf } from './oauth-users.ts';
import { type Served, SetupFault, type Surroundings } from './surroundings.ts';

type OAuthConfig = NonNullable<HostConfig['oauth']>;

/** What the authorization servers of a gateway share. */
export interface OAuth {
  readonly store: OAuthStore;
  readonly authorities: ReadonlyMap<Jid, Authority>;
}

/** Milliseconds between two looks for what can go. */
const SWEEP = 600_000;

/**
 * Opens the authorization servers.
 *
 * @param throttle slows the guessing of passwords; the same one that HTTP Basic has
 * @returns `undefined` when no host is one
 * @throws DatabaseError, SetupFault when a file cannot be used, or a client of the configuration has an address that is not there
 */
export async function openOAuth(
  served: readonly Served[],
  throttle: Throttle,
  { config, log, stack }: Surroundings,
): Promise<OAuth | undefined> {
  const wanted = served.flatMap(host => {
    const oauth = config.hosts.get(host.domain)?.oauth;
    return oauth?.enabled === true ? [{ host, oauth }] : [];
  });
  if (wanted.length === 0) return undefined;
  const store = stack.use(OAuthStore.open(join(config.data, 'oauth.sqlite')));
  stack.use(sweeping(store, log));
  const key = await keyOf(config);
  const signing = await openSigningKey(join(config.data, 'oauth-signing.pem'));
  const common = { store, signing, throttle, codeThrottle: new Throttle(), log, now: () => Date.now() };
  const authorities = new Map<Jid, Authority>();
  for (const { host, oauth } of wanted) {
    const { domain } = host;
    authorities.set(domain, {
      ...common,
      domain,
      name: oauth.name ?? domain,
      style: await styleOf(domain, oauth.style_file),
      publicUrl: oauth.public_url,
      rules: await rulesOf(host, oauth),
      users: usersOf(host),
      keepsakes: sealFor(key, 'keepsakes'),
      forms: sealFor(key, `forms ${domain}`),
    });
  }
  return { store, authorities };
}

async function styleOf(domain: Jid, file: string | undefined): Promise<string> {
  try {
    return file === undefined ? '' : await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupFault(`hosts.${domain}.oauth.style_file: ${reason}`);
  }
}

async function keyOf({ oauth, data }: Config): Promise<Uint8Array> {
  if (oauth?.key !== undefined) return oauth.key;
  const file = join(data, 'oauth.key');
  const text = await readOrMake(file, async () => `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new SetupFault(
    `${file}: there must be ${KEY_BYTES} bytes in base64; restore it, or remove it to end all grants`,
  );
}

function sweeping(store: OAuthStore, log: Log): Disposable {
  const timer = setInterval(() => {
    try {
      store.prune(Date.now());
    } catch (error) {
      log.error({ err: error }, 'the database of OAuth cannot be made smaller');
    }
  }, SWEEP);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function rulesOf(host: Served, oauth: OAuthConfig): Promise<Rules> {
  const clients = new Map<string, Client>();
  for (const [id, { secret, address }] of oauth.clients) {
    clients.set(id, clientOf(id, secret, await addressOf(host, id, address)));
  }
  return {
    registration: oauth.registration,
    passwordGrant: oauth.password_grant,
    requirePkce: oauth.require_pkce,
    accessLifetime: oauth.access_lifetime,
    refreshLifetime: oauth.refresh_lifetime,
    clients,
  };
}

function clientOf(id: string, secret: string, address: Jid): Client {
  const metadata = {
    client_name: id,
    client_uri: `https://${domainOf(address)}`,
    redirect_uris: [],
    application_type: 'web',
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  } as const;
  return { id, secret: digestOf(secret), address, metadata };
}

/** @throws SetupFault */
async function addressOf({ domain, later }: Served, id: string, text: string): Promise<Jid> {
  const key = `hosts.${domain}.oauth.clients.${id}.address`;
  const address = readAddress(text);
  if (address === undefined || domainOf(address) !== domain) {
    throw new SetupFault(`${key}: must be an address at ${domain}`);
  }
  if ((await later.vouch(bareOf(address))) !== undefined) return bareOf(address);
  throw new SetupFault(
    `${key}: nobody can act as ${address} without its password; name an account that the gateway has`,
  );
}

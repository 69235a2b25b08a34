/**
 * The only place that builds everything.
 *
 * Decides which parts a configuration needs, in which order they start and, by the same stack in reverse, stop: first the
 * HTTP server, which lets requests finish, then the hosts with their links, then the stores. Every part is owned here.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { basic, type Realm, type Verify } from './auth/basic.ts';
import type { Authenticator } from './auth/principal.ts';
import { limited } from './auth/rate.ts';
import { remembering } from './auth/remember.ts';
import { sameSecret } from './auth/secret.ts';
import { Throttle, throttled } from './auth/throttle.ts';
import type { ComponentConfig, Config, EmbeddedConfig } from './config/load.ts';
import { Host } from './host/host.ts';
import type { Identity } from './host/respond.ts';
import { createApp } from './http/app.ts';
import { IdempotencyStore } from './journal/idempotency-store.ts';
import { connectComponent } from './link/component.ts';
import type { Link } from './link/link.ts';
import { Accounts } from './link/server/accounts.ts';
import { openEmbedded } from './link/server/embedded.ts';
import type { Log } from './log.ts';
import { packageVersion } from './version.ts';
import { domainOf, type Jid, makeJid } from './xmpp/jid.ts';
import { Kdf } from './xmpp/sasl/kdf.ts';

/** How long requests may go on after the order to stop, in milliseconds. */
const DRAIN = 5_000;
/** After that, how long the errors that end them may take on their way, in milliseconds. */
const FAREWELL = 1_000;
/** The accounts of the embedded default. */
const DEMO_ACCOUNTS = ['alice', 'bob'];

/** A running gateway. Disposing it stops it in order. */
export interface Gateway extends AsyncDisposable {
  /** Where HTTP is served. */
  readonly url: string;
  /** Resolves when the last host's link has closed for good: nothing can be sent any more. */
  readonly failed: Promise<Error>;
  /** What a new user needs to try the embedded default; absent with a configuration. */
  readonly welcome?: Welcome;
}

/** The way in to the embedded default. */
export interface Welcome {
  readonly domain: Jid;
  /** `host:port` where XMPP clients log in. */
  readonly c2s: string;
  /** Passwords of the accounts that were made just now, by localpart; empty at later starts. */
  readonly passwords: ReadonlyMap<string, string>;
}

/** A host with what the rest of the process needs to know of it. */
interface Served {
  readonly host: Host;
  readonly realm: Realm;
  /** Resolves when the link has closed for good, with the reason. */
  readonly closed: Promise<string>;
  readonly welcome?: Welcome;
}

/** What every host is built with. */
interface Surroundings {
  readonly config: Config;
  readonly log: Log;
  readonly software: Identity['software'];
  /** Bounds the work on passwords of all hosts together. */
  readonly kdf: Kdf;
  /** Owns what is opened. */
  readonly stack: AsyncDisposableStack;
}

/**
 * Starts a gateway.
 *
 * @throws Error when a port cannot be listened on or the data folder cannot be used; nothing is left open then
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const around = {
    config,
    log,
    software: { name: 'Restanza', version: await packageVersion() },
    kdf: new Kdf(),
    stack,
  };
  const idempotency = stack.use(IdempotencyStore.open(join(config.data, 'idempotency.sqlite'), log));
  const served: Served[] = [];
  for (const [domain, { component, embedded }] of config.hosts) {
    if (component !== undefined) served.push(serveComponent(domain, component, around));
    if (embedded !== undefined) served.push(await serveEmbedded(domain, embedded, around));
  }
  const app = httpOf({ config, served, idempotency, log });
  stack.defer(() => drain(app, served));
  const url = await app.listen(config.listen);
  log.info({ url }, 'listening');
  const [welcome] = served.flatMap(part => part.welcome ?? []);
  const running = stack.move();
  return {
    url,
    failed: Promise.all(served.map(part => part.closed)).then(causes => new Error(causes.join('; '))),
    ...(config.demo && welcome !== undefined && { welcome }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function serveComponent(
  domain: Jid,
  { server, secret }: ComponentConfig,
  { log, software, stack }: Surroundings,
): Served {
  const link = connectComponent({ domain, server, secret, log });
  const host = stack.use(
    new Host(link, { identity: { address: domain, category: 'component', type: 'generic', software }, log }),
  );
  const verify: Verify = async (name, password) =>
    name === domain && sameSecret(secret, password) ? { address: domain } : undefined;
  return { host, realm: { domain, names: 'component', verify }, closed: watch(link, host) };
}

async function serveEmbedded(
  domain: Jid,
  { c2s, accounts: wanted }: EmbeddedConfig,
  around: Surroundings,
): Promise<Served> {
  const { config, log, software, kdf, stack } = around;
  const folder = join(config.data, encodeURIComponent(domain));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const accounts = stack.use(Accounts.open(join(folder, 'accounts.sqlite'), kdf));
  const passwords = await makeAccounts(accounts, config.demo ? randomPasswords(accounts) : wanted);
  const link = await openEmbedded({ domain, c2s, accounts, data: folder, log });
  log.info({ host: domain, address: link.c2sAddress }, 'c2s listening');
  const host = stack.use(
    new Host(link, { identity: { address: domain, category: 'server', type: 'im', software }, log }),
  );
  const verify = remembering(async (name, password) =>
    (await accounts.verify(name, password)) ? { address: makeJid({ local: name, domain }) } : undefined,
  );
  const welcome = { domain, c2s: link.c2sAddress, passwords };
  return { host, realm: { domain, names: 'users', verify }, closed: watch(link, host), welcome };
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

/** Follows a link: what waits is given up when it falls, and its end for good is told. */
function watch(link: Link, host: Host): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  link.onState = state => {
    if (state.name === 'online' || state.name === 'suspended') return;
    host.linkLost();
    if (state.name === 'closed') resolve(`${link.address}: ${state.cause.text}`);
  };
  return promise;
}

/** What the HTTP server stands before. */
interface Behind {
  readonly config: Config;
  readonly served: readonly Served[];
  readonly idempotency: IdempotencyStore;
  readonly log: Logger;
}

function authenticatorOf({ request_rate: rate }: Config, served: readonly Served[]): Authenticator {
  const authenticator = throttled(basic(served.map(({ realm }) => realm)), new Throttle());
  return rate === 0 ? authenticator : limited(authenticator, rate);
}

function httpOf({ config, served, idempotency, log }: Behind): FastifyInstance {
  const hosts = new Map(served.map(({ host }) => [host.address, host]));
  return createApp({
    log,
    authenticator: authenticatorOf(config, served),
    idempotency,
    hostOf: ({ address }) => hosts.get(domainOf(address)),
    bodyLimit: config.stanza_size_limit,
    paths: config.paths,
    iqTimeout: config.iq_timeout,
    iqMaxTimeout: config.iq_max_timeout,
  });
}

/** Takes no more requests and lets those under way finish; those that still wait for an answer then get an error. */
async function drain(app: FastifyInstance, served: readonly Served[]): Promise<void> {
  const answer = setTimeout(() => {
    for (const { host } of served) host.linkLost();
  }, DRAIN);
  const cut = setTimeout(() => app.server.closeAllConnections(), DRAIN + FAREWELL);
  await app.close().finally(() => {
    clearTimeout(answer);
    clearTimeout(cut);
  });
}

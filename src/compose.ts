/**
 * The only place that builds everything; its rooms are in `compose/`.
 *
 * Decides which parts a configuration needs, in which order they start and, by the same stack in reverse, stop: first the
 * HTTP server, which lets requests finish, then the calls of targets, then the hosts with their links, then the stores.
 * Every part is owned here.
 */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ActingAs } from './auth/acting.ts';
import { anonymous, byHost } from './auth/anonymous.ts';
import { apiTokens } from './auth/api-tokens.ts';
import type { TokenVerifier } from './auth/bearer.ts';
import { networkOf } from './auth/network.ts';
import type { Authenticator } from './auth/principal.ts';
import { limited, limitedByToken } from './auth/rate.ts';
import { schemes } from './auth/schemes.ts';
import { Throttle, throttled } from './auth/throttle.ts';
import type { TokenStore } from './auth/token-store.ts';
import { openTokens, tokenFault } from './compose/api-tokens.ts';
import { issuersOf } from './compose/external-tokens.ts';
import { serveComponent, serveEmbedded } from './compose/hosts.ts';
import { type OAuth, openOAuth } from './compose/oauth.ts';
import { pruning } from './compose/pruning.ts';
import { Receiving } from './compose/receiving.ts';
import type { Served, Surroundings, Welcome } from './compose/surroundings.ts';
import { stillHolds, verifiersOf } from './compose/verifiers.ts';
import { serveVirtualHost } from './compose/virtual-host.ts';
import type { Config, HostConfig } from './config/load.ts';
import { createApp } from './http/app.ts';
import { IdempotencyStore } from './journal/idempotency-store.ts';
import { SqliteJournal } from './journal/sqlite-journal.ts';
import { SYSTEM_CLOCK } from './link/clock.ts';
import { PacedLog } from './link/paced-log.ts';
import { accessTokens } from './oauth/token-verifier.ts';
import { holdFolder } from './sqlite.ts';
import { packageVersion } from './version.ts';
import { domainOf, type Jid } from './xmpp/jid.ts';
import { Kdf } from './xmpp/sasl/kdf.ts';

export type { Welcome } from './compose/surroundings.ts';

/** How long requests may go on after the order to stop, in milliseconds. */
const DRAIN = 5_000;
/** After that, how long the errors that end them may take on their way, in milliseconds. */
const FAREWELL = 1_000;

/** A running gateway. Disposing it stops it in order. */
export interface Gateway extends AsyncDisposable {
  /** Where HTTP is served. */
  readonly url: string;
  /** Resolves when the last host's link has closed for good: nothing can be sent any more. */
  readonly failed: Promise<Error>;
  /** What a new user needs to try the embedded default; absent with a configuration. */
  readonly welcome?: Welcome;
}

/**
 * Starts a gateway.
 *
 * @throws Error when a port cannot be listened on or the data folder cannot be used; nothing is left open then
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const software = { name: 'Restanza', version: await packageVersion() };
  stack.use(holdFolder(config.data));
  // On a full disk every request fails in the same way.
  const paced = new PacedLog(log, SYSTEM_CLOCK);
  const idempotency = stack.use(IdempotencyStore.open(join(config.data, 'idempotency.sqlite'), paced));
  const journal = stack.use(SqliteJournal.open(join(config.data, 'journal.sqlite'), log));
  const tokens = stack.use(openTokens(config, log));
  const receiving = new Receiving(journal, software.version, log);
  const throttle = new Throttle();
  const around: Surroundings = { config, log, software, kdf: new Kdf(), throttle, receiving, stack };
  const served: Served[] = [];
  for (const [domain, host] of config.hosts) served.push(await serve(domain, host, around));
  receiving.start();
  stack.use(receiving);
  stack.use(pruning(journal, config.journal, log));
  const oauth = await openOAuth(served, throttle, around);
  const app = httpOf({ config, served, idempotency, receiving, tokens, throttle, oauth, log });
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

/** Exactly one of the kinds of a host is there. */
async function serve(domain: Jid, host: HostConfig, around: Surroundings): Promise<Served> {
  if (host.component !== undefined) return serveComponent(domain, host, around);
  if (host.embedded !== undefined) return serveEmbedded(domain, host, around);
  return serveVirtualHost(domain, host, around);
}

/** What the HTTP server stands before. */
interface Behind {
  readonly config: Config;
  readonly served: readonly Served[];
  readonly idempotency: IdempotencyStore;
  readonly receiving: Receiving;
  readonly tokens: TokenStore;
  readonly throttle: Throttle;
  readonly oauth: OAuth | undefined;
  readonly log: Logger;
}

function authenticatorOf(
  { hosts, request_rate: rate }: Config,
  served: readonly Served[],
  verifiers: readonly TokenVerifier[],
  throttle: Throttle,
): Authenticator {
  const all = schemes(
    served.map(({ realm }) => realm),
    verifiers,
  );
  const authenticator = limitedByToken(throttled(all, throttle));
  const known = rate === 0 ? authenticator : limited(authenticator, rate);
  const open = [...hosts].filter(([, { embedded }]) => embedded?.anonymous === true);
  if (open.length === 0) return known;
  const strangers = open.map(([domain]) => [domain, strangersAt(domain, rate)] as const);
  return byHost([...hosts.keys()], new Map(strangers), known);
}

/** Everyone is someone new in each request, so that only where he comes from can be counted. */
function strangersAt(domain: Jid, rate: number): Authenticator {
  const authenticator = anonymous(domain);
  return rate === 0 ? authenticator : limited(authenticator, rate, (_, { address }) => networkOf(address));
}

function httpOf({ config, served, idempotency, receiving, tokens, throttle, oauth, log }: Behind): FastifyInstance {
  const hosts = new Map(served.map(host => [host.domain, host]));
  const actingAs: ActingAs = address => hosts.get(domainOf(address))?.actingAs(address);
  const issuers = {
    api: apiTokens(tokens, actingAs),
    oauth: oauth && accessTokens({ ...oauth, log }),
    external: issuersOf(config.hosts, actingAs, log),
  };
  const verifiers = verifiersOf(issuers, served);
  return createApp({
    log,
    authenticator: authenticatorOf(config, served, verifiers, throttle),
    idempotency,
    hostOf: principal => hosts.get(domainOf(principal.address))?.hostOf(principal),
    hold: principal => hosts.get(domainOf(principal.address))?.hold?.(principal),
    receiving: {
      journal: receiving.journal,
      links: receiving.links,
      retried: () => receiving.revive(),
      holds: principal => stillHolds(principal, verifiers),
    },
    administration: { tokens, tokenFault: terms => tokenFault(terms, config.hosts) },
    oauth: oauth && { authorities: oauth.authorities, served: [...hosts.keys()], log },
    bodyLimit: config.stanza_size_limit,
    paths: config.paths,
    trustedProxies: config.trusted_proxies,
    cors: new Map([...config.hosts].map(([domain, { cors }]) => [domain, cors])),
    iqTimeout: config.iq_timeout,
    iqMaxTimeout: config.iq_max_timeout,
  });
}

/** Takes no more requests and lets those under way finish; those that still wait for an answer then get an error. */
async function drain(app: FastifyInstance, served: readonly Served[]): Promise<void> {
  const answer = setTimeout(() => {
    for (const { giveUp } of served) giveUp();
  }, DRAIN);
  const cut = setTimeout(() => app.server.closeAllConnections(), DRAIN + FAREWELL);
  await app.close().finally(() => {
    clearTimeout(answer);
    clearTimeout(cut);
  });
}

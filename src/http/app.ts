/**
 * The HTTP server.
 *
 * Decides the limits on connections and requests (Fastify's own defaults leave several of them open), that bodies reach the
 * routes as bytes and nothing else parses them, and that stopping lets requests finish that are under way.
 */
import { setImmediate } from 'node:timers/promises';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { allowOrigins, type Origins, pagesOf } from './cors.ts';
import { handleErrors, sendError } from './errors.ts';
import { type BodyLimit, Connections } from './framing.ts';
import type { OAuthOptions } from './oauth-exchange.ts';
import { originForm, senderFault } from './origin.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { eventRoutes, type ReceivingOptions } from './routes/events.ts';
import { msgRoutes } from './routes/msg.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { type RestOptions, restRoutes } from './routes/rest.ts';
import { type TokenAdministration, tokenRoutes } from './routes/tokens.ts';

/** Bounds of the server; times in milliseconds, sizes in bytes. */
const LIMITS = {
  headersTimeout: 10_000,
  /** For the whole request to arrive; waiting for an answer is not part of it. */
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  maxHeaderSize: 16 * 1024,
  /** A JID has up to 3,071 bytes. */
  maxParamLength: 3_200,
  maxConnections: 10_000,
} as const;

/** What the application is built from. */
export interface AppOptions extends RestOptions {
  readonly log: Log;
  /** The proxies, as IP addresses and networks, that may say where a request comes from; none when absent. */
  readonly trustedProxies?: readonly string[];
  /** The pages that may use the API of each host; none when absent. */
  readonly cors?: Origins;
  /** What came in, for clients to read; without it there are no such routes. */
  readonly receiving?: ReceivingOptions;
  /** API tokens; without it, none are managed over HTTP. */
  readonly administration?: TokenAdministration;
  /** The hosts that are authorization servers; none when absent. */
  readonly oauth?: OAuthOptions | undefined;
}

/** Builds the server; it listens when its owner says so. */
export function createApp({
  log,
  trustedProxies = [],
  cors = new Map(),
  receiving,
  administration,
  oauth,
  ...rest
}: AppOptions): FastifyInstance {
  const options: RestOptions = { allowedOrigins: domain => pagesOf(cors, domain), ...rest };
  const connections = new Connections();
  const app: FastifyInstance = fastify({
    bodyLimit: options.bodyLimit,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    requestTimeout: LIMITS.requestTimeout,
    keepAliveTimeout: LIMITS.keepAliveTimeout,
    routerOptions: { maxParamLength: LIMITS.maxParamLength, ignoreDuplicateSlashes: true },
    // Node would answer a request without Host itself, in a form that is not ours.
    http: { maxHeaderSize: LIMITS.maxHeaderSize, headersTimeout: LIMITS.headersTimeout, requireHostHeader: false },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    rewriteUrl: originForm,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, log),
    clientErrorHandler: (error, socket) => connections.fail(error, socket),
  });
  // RFC 9110 §10.1.1 lets a server ignore an expectation that it does not know; Node would answer 417 without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.server.maxConnections = LIMITS.maxConnections;
  connections.follow(app.server);
  allowOrigins(app, cors, [...(oauth?.authorities.values() ?? [])]);
  readBodies(app, connections);
  app.addHook('onResponse', ({ method, url }, reply, done) => {
    log.debug({ method, path: url.split('?', 1)[0], status: reply.statusCode }, 'request answered');
    done();
  });
  closeWhenStopping(app);
  answerTogether(app, connections);
  handleErrors(app, log, options.paths);
  restRoutes(app, options);
  msgRoutes(app, options);
  if (receiving !== undefined) {
    eventRoutes(app, { ...options, ...receiving, log });
    deliveryRoutes(app, { ...options, ...receiving });
  }
  if (administration !== undefined) tokenRoutes(app, { ...options, ...administration });
  if (oauth !== undefined) oauthRoutes(app, oauth);
  return app;
}

/**
 * Every request is read to its end between the check of its credentials and its handler, also one that has no use for a body.
 * The requests of one turn of the event loop are handled at its end, one behind the other: each step is dearer when it takes
 * turns with the others.
 */
function readBodies(app: FastifyInstance, connections: Connections): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', ({ body }, _payload, done) => done(null, body));
  app.addHook('onRequest', ({ raw }, _reply, done) => done(connections.faultBefore(raw) ?? senderFault(raw)));
  app.addHook('preParsing', async (request, reply) => {
    try {
      request.body = await connections.body(request.raw, limitOf(request));
      await setImmediate();
    } catch (error) {
      // The rest may still come, and nobody reads it.
      reply.header('connection', 'close');
      throw error;
    }
  });
}

/** Routes that have a limit of their own have a fixed one. */
function limitOf({ routeOptions: { bodyLimit: bytes }, server }: FastifyRequest): BodyLimit {
  return bytes === server.initialConfig.bodyLimit ? { bytes, key: 'stanza_size_limit' } : { bytes };
}

/**
 * Answers leave at the end of the turn of the event loop in which they were made, one behind the other. Each would otherwise
 * wake its client while the next request is worked on, and to wake somebody takes the system longer than to write. Who
 * waits alone gets the answer no later.
 */
function answerTogether(app: FastifyInstance, connections: Connections): void {
  app.addHook('onSend', async ({ raw }, reply) => {
    await setImmediate();
    connections.answering(raw, reply.raw);
  });
}

/**
 * While the server stops, requests on connections that are still open are refused, and those that finish end their
 * connection; as an idle one it would outlive the server.
 */
function closeWhenStopping(app: FastifyInstance): void {
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
  });
  app.addHook('onRequest', (_request, _reply, done) => done(stopping ? new RestanzaError('stopping') : undefined));
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) reply.header('connection', 'close');
    done();
  });
}

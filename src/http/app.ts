/**
 * The HTTP server.
 *
 * Decides the limits on connections and requests (Fastify's own defaults leave several of them open), that bodies reach the
 * routes as bytes and nothing else parses them, and that stopping lets requests finish that are under way.
 */
import { type FastifyInstance, fastify } from 'fastify';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { answerGarbage, handleErrors, sendError } from './errors.ts';
import { msgRoutes } from './routes/msg.ts';
import { type RestOptions, restRoutes } from './routes/rest.ts';

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
export type AppOptions = RestOptions & { readonly log: Log };

/** Builds the server; it listens when its owner says so. */
export function createApp({ log, ...options }: AppOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    bodyLimit: options.bodyLimit,
    requestTimeout: LIMITS.requestTimeout,
    keepAliveTimeout: LIMITS.keepAliveTimeout,
    routerOptions: { maxParamLength: LIMITS.maxParamLength, ignoreDuplicateSlashes: true },
    http: { maxHeaderSize: LIMITS.maxHeaderSize, headersTimeout: LIMITS.headersTimeout },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, log),
    clientErrorHandler: answerGarbage,
  });
  // RFC 9110 §10.1.1 lets a server ignore an expectation that it does not know; Node would answer 417 without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.server.maxConnections = LIMITS.maxConnections;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    log.debug({ method, path: url.split('?', 1)[0], status: reply.statusCode }, 'request answered');
  });
  closeWhenStopping(app);
  handleErrors(app, log, options.paths.rest);
  restRoutes(app, options);
  msgRoutes(app, options);
  return app;
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

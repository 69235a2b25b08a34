/**
 * `/oauth2`: the endpoints of the authorization server for programs, and what it says of itself.
 *
 * Decides where they are and with which method each is asked; the pages for people are in `oauth-pages.ts`. What they do is
 * decided in `oauth/`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isBearer, parseBearer } from '../../auth/bearer.ts';
import { RestanzaError } from '../../errors.ts';
import type { Authority } from '../../oauth/authority.ts';
import { isPublic } from '../../oauth/client.ts';
import { authenticateClient, requireClient } from '../../oauth/client-authentication.ts';
import { beginDevice, deviceRate } from '../../oauth/device-flow.ts';
import { metadataOf, OAUTH_PATHS } from '../../oauth/metadata.ts';
import { OAuthError } from '../../oauth/oauth-error.ts';
import { required } from '../../oauth/parameters.ts';
import { register, registrationRate } from '../../oauth/registering.ts';
import { REGISTRATION_SCHEMA } from '../../oauth/registration.ts';
import { withoutSqlite } from '../../oauth/storage-fault.ts';
import { exchangeTokens } from '../../oauth/token-endpoint.ts';
import { introspect, revoke, userInfo } from '../../oauth/token-inspection.ts';
import {
  authorityFor,
  issuerOf,
  jsonOf,
  OAUTH_BODY,
  type OAuthOptions,
  sendJson,
  sendOAuthError,
  shownBy,
} from '../oauth-exchange.ts';
import { addressOf } from '../source.ts';
import { oauthPages } from './oauth-pages.ts';

/** What a request is answered with. */
type Answer = (authority: Authority, request: FastifyRequest, reply: FastifyReply) => unknown;

/** Adds the routes to the application. */
export function oauthRoutes(app: FastifyInstance, options: OAuthOptions): void {
  const answered = (answer: Answer) => async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      return await answer(authorityFor(request, options), request, reply);
    } catch (error) {
      if (error instanceof OAuthError) return sendOAuthError(reply, error);
      throw withoutSqlite(error, options.log);
    }
  };
  const get = (url: string, answer: Answer) => app.route({ method: 'GET', url, handler: answered(answer) });
  const post = (url: string, answer: Answer) =>
    app.route({ method: 'POST', url, bodyLimit: OAUTH_BODY, handler: answered(answer) });

  for (const url of [OAUTH_PATHS.metadata, OAUTH_PATHS.connect]) get(url, describe);
  get(OAUTH_PATHS.jwks, ({ signing }, _request, reply) => sendJson(reply, 200, { keys: [signing.jwk] }));
  get(OAUTH_PATHS.register, (_authority, _request, reply) => sendJson(reply, 200, REGISTRATION_SCHEMA));
  post(OAUTH_PATHS.register, registering());
  post(OAUTH_PATHS.token, exchange);
  post(OAUTH_PATHS.device, beginning());
  post(OAUTH_PATHS.revoke, end);
  post(OAUTH_PATHS.introspect, inspect);
  get(OAUTH_PATHS.userinfo, identify);
  post(OAUTH_PATHS.userinfo, identify);
  for (const url of [OAUTH_PATHS.token, OAUTH_PATHS.revoke, OAUTH_PATHS.introspect]) get(url, refuseGet);
  oauthPages(app, options);
}

function describe(authority: Authority, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendJson(reply, 200, metadataOf(authority, issuerOf(authority, request)));
}

function registering(): Answer {
  const rate = registrationRate();
  return (authority, request, reply) => {
    if (!authority.rules.registration) throw new RestanzaError('not-found', 'clients are made by the operator here');
    return sendJson(reply, 201, register(authority, jsonOf(request), { address: addressOf(request), rate }));
  };
}

async function exchange(authority: Authority, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const issuer = issuerOf(authority, request);
  return sendJson(reply, 200, await exchangeTokens(authority, { ...shownBy(request), issuer }));
}

function beginning(): Answer {
  const rate = deviceRate();
  return (authority, request, reply) => {
    if (authority.users.names !== 'users') throw new RestanzaError('not-found', 'nobody logs in at a component');
    const shown = shownBy(request);
    const client = requireClient(authority, shown);
    const page = issuerOf(authority, request) + OAUTH_PATHS.device;
    return sendJson(reply, 200, beginDevice(authority, { client, page, rate, ...shown }));
  };
}

function end(authority: Authority, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shown = shownBy(request);
  revoke(authority, authenticateClient(authority, shown), required(shown.parameters, 'token'));
  return sendJson(reply, 200, {});
}

function inspect(authority: Authority, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shown = shownBy(request);
  const client = requireClient(authority, shown);
  // RFC 7662 §2.1: who cannot prove who he is could go through tokens to find one.
  if (isPublic(client)) throw new OAuthError('invalid_client', 'only a client with a secret may ask');
  const token = required(shown.parameters, 'token');
  return sendJson(reply, 200, introspect(authority, client, token, issuerOf(authority, request)));
}

async function identify(authority: Authority, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { authorization } = request.headers;
  if (!isBearer(authorization)) {
    // RFC 6750 §3.1: who has shown nothing is only told what to show.
    reply.header('www-authenticate', 'Bearer realm="oauth2"');
    throw new RestanzaError('no-credentials', 'send the token as Authorization: Bearer');
  }
  return sendJson(reply, 200, await userInfo(authority, parseBearer(authorization), issuerOf(authority, request)));
}

/** RFC 6749 §3.2: secrets do not belong into a URL. */
function refuseGet(_authority: Authority, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('allow', 'POST');
  return sendJson(reply, 405, { error: 'invalid_request', error_description: 'use POST' });
}

/**
 * The gate before every route that needs to know its caller.
 *
 * Decides that credentials, what they permit, and the page that a browser sends them for, are checked before the first byte
 * of a body is read, and that a handler cannot be reached without a principal: it gets him as an argument. What is said of
 * tokens that are not good enough is RFC 6750 §3.
 */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { isBearer } from '../auth/bearer.ts';
import type { Authenticator, Principal } from '../auth/principal.ts';
import { type Permission, requirePermission } from '../auth/scopes.ts';
import { RestanzaError } from '../errors.ts';
import { domainOf } from '../xmpp/jid.ts';
import { type AllowedOrigins, originFault } from './origin.ts';
import { addressOf, hostnameOf } from './source.ts';

/** A handler for an authenticated caller. It answers by `reply`; what it throws is answered for it. */
export type AuthorizedHandler = (principal: Principal, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Is told of a caller at once when he is let in, before his body is read. */
export type Admitted = (principal: Principal, reply: FastifyReply) => void;

/** Who may come in. */
export interface Gate {
  readonly authenticator: Authenticator;
  /** The pages of others that may make requests; none when absent. */
  readonly allowedOrigins?: AllowedOrigins;
}

/** The two parts of a route that `authorized` fills in. */
export interface AuthorizedRoute {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly handler: RouteHandlerMethod;
}

/** What a route takes, of which one is enough. */
export type Needs = readonly [Permission, ...Permission[]];

/**
 * Puts the gate before a handler.
 *
 * A refusal is a `RestanzaError` of the authenticator, `scope-insufficient` or `origin-forbidden`; status 401, and what is
 * said of a token, come with a `WWW-Authenticate` field.
 *
 * @param needs what some request to the route takes; what exactly this one does, the handler may only know later
 */
export function authorized(
  { authenticator, allowedOrigins = () => [] }: Gate,
  needs: Needs,
  handler: AuthorizedHandler,
  admitted?: Admitted,
): AuthorizedRoute {
  const principals = new WeakMap<FastifyRequest, Principal>();
  return {
    async onRequest(request, reply) {
      const { headers } = request;
      const { authorization } = headers;
      const credentials = { authorization, hostname: hostnameOf(request), address: addressOf(request) };
      try {
        const principal = await authenticator.authenticate(credentials);
        const fault = originFault(headers, allowedOrigins(domainOf(principal.address)));
        if (fault !== undefined) throw fault;
        requirePermission(principal.scopes, needs);
        principals.set(request, principal);
        admitted?.(principal, reply);
      } catch (error) {
        if (error instanceof RestanzaError && error.row.status === 401) {
          reply.header('www-authenticate', authenticator.challenge);
        }
        if (isRejectedToken(error, authorization)) reply.header('www-authenticate', 'Bearer error="invalid_token"');
        throw error;
      }
    },
    handler(request, reply) {
      const principal = principals.get(request);
      if (principal === undefined) throw new RestanzaError('no-credentials');
      // Not returned: Fastify would wait until the answer has left.
      handler(principal, request, reply).catch(error => reply.send(error));
    },
  };
}

/** The status of wrong credentials is that of mod_rest; clients of OAuth find here that they need another token. */
function isRejectedToken(error: unknown, authorization: string | undefined): boolean {
  return error instanceof RestanzaError && error.code === 'credentials-rejected' && isBearer(authorization);
}

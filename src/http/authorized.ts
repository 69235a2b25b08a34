/**
 * The gate before every route that needs to know its caller.
 *
 * Decides that credentials are checked before the first byte of a body is read, and that a handler cannot be reached
 * without a principal: it gets him as an argument.
 */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Authenticator, Principal } from '../auth/principal.ts';
import { RestanzaError } from '../errors.ts';

/** A handler for an authenticated caller; what it returns is the body of the answer. */
export type AuthorizedHandler = (
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

/** The two parts of a route that `authorized` fills in. */
export interface AuthorizedRoute {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly handler: RouteHandlerMethod;
}

/**
 * Puts the gate before a handler.
 *
 * A refusal is a `RestanzaError` of the authenticator; status 401 comes with a `WWW-Authenticate` field.
 */
export function authorized(authenticator: Authenticator, handler: AuthorizedHandler): AuthorizedRoute {
  const principals = new WeakMap<FastifyRequest, Principal>();
  return {
    async onRequest(request, reply) {
      const { headers, hostname, ip } = request;
      const credentials = { authorization: headers.authorization, hostname, address: ip };
      try {
        principals.set(request, await authenticator.authenticate(credentials));
      } catch (error) {
        if (error instanceof RestanzaError && error.row.status === 401) {
          reply.header('www-authenticate', authenticator.challenge);
        }
        throw error;
      }
    },
    handler(request, reply) {
      const principal = principals.get(request);
      if (principal === undefined) throw new RestanzaError('no-credentials');
      return handler(principal, request, reply);
    },
  };
}

/**
 * Where a request comes from, and which domain it was made to.
 *
 * Decides that of a proxy's fields only `X-Forwarded-For` is heeded, and only through the server's own check of who may say
 * so (`app.ts`): the domain is always that of `Host`, because a client that could choose another one would choose whose
 * rules hold for it.
 */
import type { FastifyRequest } from 'fastify';
import { isAddress } from '../auth/network.ts';
import { domainOf, type Jid, JidError, parseJid } from '../xmpp/jid.ts';

/** The IP address that a request comes from; what a trusted proxy names in its place must be one too. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return isAddress(ip) ? ip : (socket.remoteAddress ?? '');
}

/** The domain in the `Host` field (RFC 9110 §7.2), in canonical form; `undefined` when there is none. */
export function hostnameOf({ headers }: FastifyRequest): Jid | undefined {
  const name = headers.host?.replace(/:[0-9]*$/, '');
  if (name === undefined || name === '') return undefined;
  try {
    const address = parseJid(name);
    return domainOf(address) === address ? address : undefined;
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/**
 * The port of a server on 127.0.0.1.
 */
import type { Server } from 'node:net';

/**
 * The port that a server listens on.
 *
 * @throws Error when it does not listen
 */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

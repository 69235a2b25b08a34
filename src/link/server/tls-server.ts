/**
 * The server's side of TLS on a client's connection (RFC 6120 §5).
 *
 * Decides that there is no renegotiation, and that a broken record ends the connection.
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** Wraps a socket whose client starts its handshake now. */
export function secured(socket: Socket, secureContext: SecureContext): TLSSocket {
  const wrapped = new TLSSocket(socket, { isServer: true, secureContext });
  wrapped.disableRenegotiation();
  // A TLS socket that no tls.Server made tells of broken records by this event alone, and would stay open.
  wrapped.on('_tlsError', error => wrapped.destroy(error));
  return wrapped;
}

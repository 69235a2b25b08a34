/**
 * Bare TLS sockets of a server for home.example on 127.0.0.1, for what no honest server says once TLS is in place.
 */
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import type { ClientOptions } from '../../src/link/client-options.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { TestAuthority } from './certificates.ts';
import { portOf } from './port-of.ts';

const AUTHORITY = await TestAuthority.make();
const TRUST = trusting(AUTHORITY.cert);

/** A server that is closed by whoever began it. */
export interface RawTlsServer extends AsyncDisposable {
  readonly port: number;
  /** How a link finds it, and why it believes it. */
  readonly options: Pick<ClientOptions, 'server' | 'tls' | 'trust'>;
}

/** Listens on a free port; TLS begins with the first byte. */
export async function listenRawTls(serve: (socket: TLSSocket) => void): Promise<RawTlsServer> {
  const open = new Set<TLSSocket>();
  const server = createServer(await AUTHORITY.issue({ names: ['home.example'] }), socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  return {
    port,
    options: { server: { host: '127.0.0.1', port, directTls: true }, tls: 'required', trust: TRUST },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

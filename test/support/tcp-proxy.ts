/**
 * What stands between a client and its server, and can be cut.
 *
 * Decides how a connection ends that nobody ended: with a reset on both sides, or on the client's alone, so that the server
 * still believes in the old connection when the client comes back; or that it does not end, and carries nothing more.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from './port-of.ts';

/** How a connection is cut. */
export type Cut = 'both' | 'client';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A proxy to one port of 127.0.0.1. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #sockets = new Set<Socket>();
  /** Connections so far. */
  accepted = 0;

  private constructor(target: number) {
    this.#server = createServer(client => this.#join(client, connect({ host: '127.0.0.1', port: target })));
  }

  /** Listens on a free port. */
  static async listen(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return portOf(this.#server);
  }

  #join(client: Socket, server: Socket): void {
    this.accepted += 1;
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        if (this.#pairs.delete(pair)) other.destroy();
      });
      one.pipe(other);
    }
  }

  /** Cuts all connections, in the middle of whatever they carry. */
  cut(how: Cut): void {
    for (const pair of this.#pairs) {
      this.#pairs.delete(pair);
      pair.client.resetAndDestroy();
      if (how === 'both') pair.server.resetAndDestroy();
    }
  }

  /** Nothing more passes on the connections that there are, as when the way is gone and nobody says so. */
  stall(): void {
    for (const { client, server } of this.#pairs) {
      client.unpipe();
      server.unpipe();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

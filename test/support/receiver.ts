/**
 * A server that calls are made to, as good or as bad as a test wants it.
 *
 * Decides nothing: a test says what it answers, byte by byte where need be. It counts its connections and closes them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Caller, type CallPatience, type CallRequest, type Lookup } from '../../src/delivery/caller.ts';
import type { CallResult } from '../../src/delivery/exchange.ts';
import { reachOf } from '../../src/delivery/guard.ts';
import { readTemplate } from '../../src/delivery/url.ts';

/** A call that nothing is special about. */
export const POST: CallRequest = { method: 'POST', path: '/stanzas', headers: { 'x-mark': 'yes' }, body: '{}' };
/** Five seconds. */
export const PATIENCE: CallPatience = { timeout: 5_000, signal: new AbortController().signal };

/** A server with its connections. */
export class Receiver implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  private constructor(server: Server) {
    this.#server = server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket.on('error', () => {}));
    });
  }

  static async #start(server: Server): Promise<Receiver> {
    const receiver = new Receiver(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  static http(listener: RequestListener): Promise<Receiver> {
    return Receiver.#start(createServer(listener));
  }

  static tcp(onConnection: (socket: Socket) => void): Promise<Receiver> {
    return Receiver.#start(createTcpServer(onConnection));
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : assert.fail();
  }

  /** Makes one call. */
  async call(request: CallRequest = POST, patience: CallPatience = PATIENCE): Promise<CallResult> {
    await using caller = callerOf(`http://127.0.0.1:${this.port}/`);
    return await caller.call(request, patience);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}

/** A caller for a URL. @param lookup resolves its name instead of the system */
export function callerOf(url: string, lookup?: Lookup, allowPrivate?: boolean): Caller {
  const { origin, hostname } = readTemplate(url);
  return new Caller({ origin, hostname, reach: reachOf(hostname, allowPrivate), concurrency: 2 }, lookup);
}

/** What an answer says, or what went wrong. */
export function textOf(result: CallResult): string {
  return result.name === 'answer' ? Buffer.from(result.body).toString() : result.text;
}

/**
 * Where clients of the embedded host connect: a TCP port.
 *
 * Decides how many connections there may be, in all and from one address, and that nothing which goes wrong while one is
 * accepted ends the listening. What a connection is used for, and its end, is the business of whoever takes it.
 */
import { BlockList, createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../log.ts';

/** Bounds on connections. */
export interface ConnectionLimits {
  /** Connections in all. */
  readonly total: number;
  /** Connections from one address (with IPv6, from one network of 64 bits) that is not this machine's. */
  readonly perAddress: number;
}

/** The hard limit on open files is often 20,000, and one user behind one address has some devices, not hundreds. */
export const CONNECTION_LIMITS: ConnectionLimits = { total: 10_000, perAddress: 200 };

/** Where to listen. */
export interface Endpoint {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Takes a connection over. `loopback` says that the client is on this machine; behind a proxy on this machine that is true of
 * everyone, so such a proxy has to do TLS itself.
 */
export type Accept = (socket: Socket, loopback: boolean) => void;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether an address, as a socket tells it, is one of this machine's loopback addresses. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/** What counts as one address: whoever has an IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::');
  const before = head.split(':').filter(group => group !== '');
  const after = tail.split(':').filter(group => group !== '');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

/** Counts connections by where they come from. */
export class Census {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more; returns whether there was room. */
  enter(network: string): boolean {
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#limit) return false;
    this.#counts.set(network, count + 1);
    return true;
  }

  /** Counts one less. */
  leave(network: string): void {
    const count = this.#counts.get(network) ?? 0;
    if (count > 1) this.#counts.set(network, count - 1);
    else this.#counts.delete(network);
  }
}

/** A port that is listened on. Disposing it ends the listening and waits until the last connection is closed. */
export class Listener implements AsyncDisposable {
  /** What is listened on, as `host:port`. */
  readonly address: string;
  readonly #server: Server;
  readonly #census: Census;
  readonly #log: Log;
  readonly #accept: Accept;

  private constructor(server: Server, limits: ConnectionLimits, log: Log, accept: Accept) {
    this.address = addressOf(server);
    this.#server = server;
    this.#census = new Census(limits.perAddress);
    this.#log = log;
    this.#accept = accept;
    server.maxConnections = limits.total;
    server.on('connection', socket => this.#take(socket));
    server.on('drop', () => log.debug({ limit: limits.total }, 'a connection was refused: there are too many'));
    // EMFILE and its like: the connection is lost, the next one may find room again.
    server.on('error', err => log.error({ err }, 'a connection could not be accepted'));
  }

  /**
   * Listens.
   *
   * @throws Error of the system, with its `code`, when that is not possible
   */
  static async open(endpoint: Endpoint, limits: ConnectionLimits, log: Log, accept: Accept): Promise<Listener> {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(endpoint, resolve);
    await promise;
    server.off('error', reject);
    return new Listener(server, limits, log, accept);
  }

  #take(socket: Socket): void {
    const { remoteAddress } = socket;
    // A connection that was reset before we looked at it has no address any more.
    if (remoteAddress === undefined) return void socket.destroy();
    const loopback = isLoopback(remoteAddress);
    if (!loopback && !this.#enter(socket, networkOf(remoteAddress))) return void socket.destroy();
    this.#accept(socket, loopback);
  }

  #enter(socket: Socket, network: string): boolean {
    if (!this.#census.enter(network)) {
      this.#log.debug({ network }, 'a connection was refused: there are too many from its address');
      return false;
    }
    socket.once('close', () => this.#census.leave(network));
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    return promise;
  }
}

function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server does not listen on a port');
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/**
 * An honest server for components (XEP-0114) on 127.0.0.1, small enough to misbehave on demand.
 *
 * Decides what a real server does: it checks the handshake, hands stanzas for the component's own domain back on its
 * stream in order, keeps the others for the test, and answers the end of the stream. A test can make it do less. For
 * bytes that no honest server sends, `listenRaw` gives the bare socket.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Element } from '../../src/xml/element.ts';
import { COMPONENT_LIMITS } from '../../src/xml/limits.ts';
import { StreamReader } from '../../src/xml/parse.ts';
import { write } from '../../src/xml/write.ts';
import { COMPONENT_RENAMES } from '../../src/xmpp/component-handshake.ts';
import type { StreamCondition } from '../../src/xmpp/conditions.ts';
import { insideStream, openStream, STREAM_END, streamError } from '../../src/xmpp/header.ts';
import { domainOf, type Jid, parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { Mailbox } from './mailbox.ts';
import { portOf } from './port-of.ts';

const INSIDE = insideStream(NS.client);

/** Turns of the event loop without any progress after which a component counts as not reading. */
const STALLED = 200;

/** What happens when a second connection comes for a domain: the first two are Prosody's choices, the third ejabberd's. */
export type Conflict = 'kick_new' | 'kick_old' | 'share';

/** What a server is made of. */
export interface ComponentServerOptions {
  readonly domain: Jid;
  readonly secret: string;
  readonly conflict?: Conflict;
}

/** One component's connection. */
export class ComponentConnection {
  readonly socket: Socket;
  /** What the component sent for other domains. */
  readonly arrived = new Mailbox<Element>();
  /** What the component sent to itself; it is told here only while `routes` is false. */
  readonly kept = new Mailbox<Element>();
  /** Whether stanzas for the component's own domain go back to it: probes among them. */
  routes = true;
  readonly closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise(resolve => socket.once('close', resolve));
    socket.on('error', () => {});
  }

  /** Sends text as it is. */
  send(text: string): void {
    if (this.socket.writable) this.socket.write(text);
  }

  /** Sends one text after the other until the component takes no more: its machine holds as much as it is ready to. */
  async fill(next: () => string): Promise<void> {
    let left = 0;
    for (let still = 0; still < STALLED; still++) {
      if (this.socket.writableLength === 0) this.socket.write(next());
      await new Promise(setImmediate);
      const now = this.socket.writableLength;
      if (now === 0 || now !== left) still = 0;
      left = now;
    }
  }

  /** Sends text as the last thing. */
  end(text: string): void {
    if (this.socket.writable) this.socket.end(text);
  }
}

/** The server. */
export class ComponentServer implements AsyncDisposable {
  readonly #options: ComponentServerOptions;
  readonly #server: Server;
  readonly #established = new Mailbox<ComponentConnection>();
  readonly #online = new Set<ComponentConnection>();
  readonly #open = new Set<Socket>();
  /** TCP connections so far. */
  accepted = 0;

  private constructor(options: ComponentServerOptions) {
    this.#options = options;
    this.#server = createServer(socket => this.#serve(new ComponentConnection(socket)));
  }

  /** Listens on a free port. */
  static async listen(options: ComponentServerOptions, port = 0): Promise<ComponentServer> {
    const server = new ComponentServer(options);
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Sockets that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** The next connection whose handshake is done. */
  next(): Promise<ComponentConnection> {
    return this.#established.take();
  }

  #serve(connection: ComponentConnection): void {
    this.accepted += 1;
    const { socket } = connection;
    this.#open.add(socket);
    socket.on('close', () => {
      this.#open.delete(socket);
      this.#online.delete(connection);
    });
    const id = randomBytes(8).toString('hex');
    const reader = new StreamReader(
      {
        open: () => connection.send(openStream({ contentNs: NS.component, from: this.#options.domain, id })),
        element: received => this.#take(connection, id, received),
        refused: () => {},
        close: () => connection.end(STREAM_END),
      },
      { limits: COMPONENT_LIMITS, renames: COMPONENT_RENAMES },
    );
    socket.on('data', (chunk: Buffer) => reader.write(chunk));
  }

  #take(connection: ComponentConnection, id: string, received: Element): void {
    if (!this.#online.has(connection)) this.#establish(connection, id, received);
    else if (domainOf(parseJid(received.attrs['to'] ?? '')) !== this.#options.domain) connection.arrived.put(received);
    else if (connection.routes) connection.send(write(received, INSIDE));
    else connection.kept.put(received);
  }

  #establish(connection: ComponentConnection, id: string, received: Element): void {
    const { secret, conflict = 'share' } = this.#options;
    const digest = createHash('sha1')
      .update(id + secret)
      .digest('hex');
    if (received.name !== 'handshake' || received.children[0] !== digest) refuse(connection, 'not-authorized');
    else if (this.#online.size > 0 && conflict === 'kick_new') refuse(connection, 'conflict');
    else this.#admit(connection, conflict);
  }

  #admit(connection: ComponentConnection, conflict: Conflict): void {
    if (conflict === 'kick_old') for (const old of this.#online) refuse(old, 'conflict');
    this.#online.add(connection);
    connection.send('<handshake/>');
    this.#established.put(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function refuse(connection: ComponentConnection, condition: StreamCondition): void {
  connection.end(streamError(condition) + STREAM_END);
}

/** A server that leaves every byte to the test. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** Sockets that are open. */
  readonly open: ReadonlySet<Socket>;
}

/** Listens on a free port; `serve` gets each socket, and its errors are swallowed. */
export async function listenRaw(serve: (socket: Socket) => void): Promise<RawServer> {
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

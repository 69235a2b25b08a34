/**
 * An honest server for clients (RFC 6120, XEP-0198) on 127.0.0.1, small enough to misbehave on demand.
 *
 * Decides what a real server does: PLAIN, resource binding, counts in both directions, and sessions that outlive their
 * connection. Stanzas are kept for the test; pings to the server are answered. A test can make it offer less, say nothing, or
 * forget a session. It knows no TLS.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { childElements, childNamed, type Element, element, textOf } from '../../src/xml/element.ts';
import { CLIENT_LIMITS } from '../../src/xml/limits.ts';
import { StreamReader } from '../../src/xml/parse.ts';
import { write } from '../../src/xml/write.ts';
import { insideStream, openStream, STREAM_END } from '../../src/xmpp/header.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { Mailbox } from './mailbox.ts';
import { portOf } from './port-of.ts';

const INSIDE = insideStream(NS.client);
const STANZAS = new Set(['message', 'presence', 'iq']);

/** What a server is like. */
export interface C2sServerOptions {
  readonly domain: string;
  /** By name. */
  readonly passwords: Readonly<Record<string, string>>;
  /** The names of those who have tokens (OAUTHBEARER), by token. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** Whether XEP-0198 is offered. */
  readonly manages: boolean;
  /** Whether sessions can be resumed. */
  readonly resumes: boolean;
  /** Where sessions say that they would rather be resumed. */
  readonly location?: string;
  /** Features, as XML, that are offered besides after the login. */
  readonly more?: string;
}

/** A session, which may outlive its connection. */
export class C2sSession {
  readonly id = randomBytes(9).toString('base64url');
  readonly address: string;
  /** Stanzas of the client, in order. */
  readonly arrived = new Mailbox<Element>();
  /** How many stanzas of the client are counted. */
  handled = 0;
  /** The count that the client has last said. */
  acknowledged = 0;
  /** What the client has not acknowledged, first to last. */
  unacknowledged: string[] = [];
  connection: C2sConnection | undefined;

  constructor(address: string) {
    this.address = address;
  }

  /** Sends stanzas to the client; they are kept until it has acknowledged them. */
  deliver(...stanzas: readonly string[]): void {
    this.unacknowledged.push(...stanzas);
    for (const stanza of stanzas) this.connection?.send(stanza);
  }

  /** The client says how many stanzas it has handled. */
  take(h: number): void {
    this.unacknowledged.splice(0, h - this.acknowledged);
    this.acknowledged = h;
  }
}

/** One connection of a client. */
export class C2sConnection {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  session: C2sSession | undefined;
  /** Whether the session counts. */
  managed = false;
  /** Whether requests for counts, and pings, are answered. */
  answers = true;
  /** Elements that are not stanzas, as they came. */
  readonly said = new Mailbox<Element>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise(resolve => socket.once('close', resolve));
    socket.on('error', () => {});
  }

  /** Sends text as it is. */
  send(text: string): void {
    if (this.socket.writable) this.socket.write(text);
  }

  /** Sends an element. */
  say(root: Element): void {
    this.send(write(root, INSIDE));
  }

  /** Resets the connection. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** The server. */
export class C2sServer implements AsyncDisposable {
  readonly #options: C2sServerOptions;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #sessions = new Map<string, C2sSession>();
  readonly #begun = new Mailbox<C2sConnection>();
  /** TCP connections so far. */
  accepted = 0;
  /** Whether sessions that wait are still known. */
  remembers = true;
  /** Whether a forgotten session's count is told. */
  tells = false;

  private constructor(options: C2sServerOptions) {
    this.#options = options;
    this.#server = createServer(socket => this.#serve(new C2sConnection(socket)));
  }

  /** Listens on a free port. */
  static async listen(options: Partial<C2sServerOptions> = {}, port = 0, host = '127.0.0.1'): Promise<C2sServer> {
    const whole = { domain: 'home.example', passwords: { alice: 'wonderland' }, manages: true, resumes: true };
    const server = new C2sServer({ ...whole, ...options });
    server.#server.listen(port, host);
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

  /** The next connection on which a session has begun or goes on. */
  next(): Promise<C2sConnection> {
    return this.#begun.take();
  }

  #serve(connection: C2sConnection): void {
    this.accepted += 1;
    const { socket } = connection;
    this.#open.add(socket);
    socket.on('close', () => {
      this.#open.delete(socket);
      if (connection.session?.connection === connection) connection.session.connection = undefined;
    });
    let user: string | undefined;
    let reader: StreamReader;
    const restart = () => {
      reader = new StreamReader(
        {
          open: () => this.#greet(connection, user !== undefined),
          element: received => {
            if (user !== undefined) this.#take(connection, user, received);
            else {
              user = this.#authenticate(connection, received);
              if (user !== undefined) restart();
            }
          },
          refused: () => {},
          close: () => connection.socket.end(STREAM_END),
        },
        { limits: CLIENT_LIMITS },
      );
    };
    restart();
    socket.on('data', (chunk: Buffer) => reader.write(chunk));
  }

  #greet(connection: C2sConnection, authenticated: boolean): void {
    const { domain, manages, more = '' } = this.#options;
    connection.send(openStream({ contentNs: NS.client, from: domain, id: 'x', version: '1.0' }));
    const sm = manages ? `<sm xmlns='${NS.management}'/>` : '';
    const features = authenticated
      ? `<bind xmlns='${NS.bind}'/>${sm}${more}`
      : `<mechanisms xmlns='${NS.sasl}'>${this.#mechanisms}</mechanisms>`;
    connection.send(`<stream:features>${features}</stream:features>`);
  }

  get #mechanisms(): string {
    const names = this.#options.tokens === undefined ? ['PLAIN'] : ['PLAIN', 'OAUTHBEARER'];
    return names.map(name => `<mechanism>${name}</mechanism>`).join('');
  }

  /** RFC 7628 §3.2.3: a token that is wrong is answered by a challenge, and its answer by the failure. */
  #token(connection: C2sConnection, received: Element): string | undefined {
    const [, token = ''] =
      /\x01auth=Bearer (.*)\x01\x01$/.exec(Buffer.from(textOf(received), 'base64').toString()) ?? [];
    const user = this.#options.tokens?.[token];
    const said = user === undefined ? 'challenge' : 'success';
    connection.send(`<${said} xmlns='${NS.sasl}'>${user === undefined ? 'e30=' : ''}</${said}>`);
    return user;
  }

  #authenticate(connection: C2sConnection, received: Element): string | undefined {
    if (received.attrs['mechanism'] === 'OAUTHBEARER') return this.#token(connection, received);
    const [, user = '', password] = Buffer.from(textOf(received), 'base64').toString().split('\0');
    const right = password !== undefined && this.#options.passwords[user] === password;
    connection.send(
      right
        ? `<success xmlns='${NS.sasl}'/>`
        : `<failure xmlns='${NS.sasl}'><not-authorized/><text>no such luck</text></failure>`,
    );
    return right ? user : undefined;
  }

  #take(connection: C2sConnection, user: string, received: Element): void {
    const { session } = connection;
    if (received.ns === NS.management) this.#manage(connection, received);
    else if (session === undefined) this.#bind(connection, user, received);
    else if (STANZAS.has(received.name)) this.#stanza(connection, session, received);
    else connection.said.put(received);
  }

  #bind(connection: C2sConnection, user: string, iq: Element): void {
    const { domain, manages } = this.#options;
    const wish = childNamed(childNamed(iq, 'bind', NS.bind) ?? iq, 'resource', NS.bind);
    const resource = wish === undefined ? randomBytes(6).toString('hex') : textOf(wish);
    const session = new C2sSession(`${user}@${domain}/${resource}`);
    this.#attach(connection, session);
    const jid = element('jid', NS.bind, {}, [session.address]);
    const { id } = iq.attrs;
    connection.say(element('iq', NS.client, { type: 'result', id }, [element('bind', NS.bind, {}, [jid])]));
    if (!manages) this.#begun.put(connection);
  }

  #attach(connection: C2sConnection, session: C2sSession): void {
    connection.session = session;
    session.connection = connection;
  }

  #stanza(connection: C2sConnection, session: C2sSession, received: Element): void {
    if (connection.managed) session.handled += 1;
    const ping = childElements(received).some(({ ns }) => ns === NS.ping);
    const { id, to } = received.attrs;
    if (!ping || to !== this.#options.domain) session.arrived.put(received);
    else if (connection.answers) {
      connection.say(element('iq', NS.client, { type: 'result', id, from: to, to: session.address }));
    }
  }

  #manage(connection: C2sConnection, received: Element): void {
    const { session } = connection;
    if (received.name === 'resume') this.#resume(connection, received);
    else if (session === undefined) connection.said.put(received);
    else if (received.name === 'enable') this.#enable(connection, session);
    else if (received.name === 'a') {
      session.take(Number(received.attrs['h']));
      connection.said.put(received);
    } else if (received.name === 'r' && connection.answers) {
      connection.send(`<a xmlns='${NS.management}' h='${session.handled}'/>`);
    } else connection.said.put(received);
  }

  #enable(connection: C2sConnection, session: C2sSession): void {
    connection.managed = true;
    const { resumes, location } = this.#options;
    const place = location === undefined ? '' : ` location='${location}'`;
    if (resumes) this.#sessions.set(session.id, session);
    const resumption = resumes ? ` resume='true' id='${session.id}' max='120'${place}` : '';
    connection.send(`<enabled xmlns='${NS.management}'${resumption}/>`);
    this.#begun.put(connection);
  }

  #resume(connection: C2sConnection, { attrs: { previd = '', h } }: Element): void {
    const session = this.#sessions.get(previd);
    if (session === undefined || !this.remembers) {
      const count = this.tells && session !== undefined ? ` h='${session.handled}'` : '';
      const condition = `<item-not-found xmlns='${NS.stanzaErrors}'/>`;
      connection.send(`<failed xmlns='${NS.management}'${count}>${condition}</failed>`);
      return;
    }
    session.connection?.socket.destroy();
    this.#attach(connection, session);
    connection.managed = true;
    connection.send(`<resumed xmlns='${NS.management}' previd='${previd}' h='${session.handled}'/>`);
    session.take(Number(h));
    for (const stanza of session.unacknowledged) connection.send(stanza);
    this.#begun.put(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

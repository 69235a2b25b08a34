/**
 * A peer of our own, for tests that may need nothing but npm.
 *
 * Decides the least that a client is: SASL PLAIN without TLS (RFC 4616), resource binding, initial presence, and answers
 * to ping, version and disco. It reads with the parser that is tested elsewhere, and trusts the server in all else.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { childElements, childNamed, type Element, element, textOf } from '../../src/xml/element.ts';
import { CLIENT_LIMITS } from '../../src/xml/limits.ts';
import { StreamReader } from '../../src/xml/parse.ts';
import { escapeAttribute, write } from '../../src/xml/write.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { Arrivals } from './arrivals.ts';
import { having, type Login, type Peer } from './peer.ts';

const AROUND = { defaultNs: NS.client };
const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq']);

/** What requests in a namespace are answered with. */
const ANSWERS: Readonly<Record<string, readonly Element[]>> = {
  [NS.ping]: [],
  [NS.version]: [
    element('query', NS.version, {}, [
      element('name', NS.version, {}, ['native peer']),
      element('version', NS.version, {}, ['1']),
    ]),
  ],
  [NS.discoInfo]: [
    element('query', NS.discoInfo, {}, [
      element('identity', NS.discoInfo, { category: 'client', type: 'bot' }),
      element('feature', NS.discoInfo, { var: NS.ping }),
    ]),
  ],
};

/** Milliseconds that the server has to end the stream after we did. */
const GRACE = 5_000;

/** Logs a client in; it is available when this returns. */
export async function connectNative(login: Login): Promise<Peer> {
  const socket = connect({ host: login.host, port: login.port });
  const peer = new NativePeer(socket, login.domain);
  try {
    await once(socket, 'connect');
    await peer.login(login);
    return peer;
  } catch (error) {
    await peer.close();
    throw error;
  }
}

class NativePeer implements Peer {
  jid = '';
  readonly #socket: Socket;
  readonly #domain: string;
  readonly #closed: Promise<unknown>;
  readonly #stanzas = new Arrivals<Element>(() => `at ${this.jid}`);
  /** Elements that are not stanzas, and answers to the requests of the login. */
  readonly #steps = new Arrivals<Element>(() => `at the login to ${this.#domain}`);
  readonly #ignored = new Set<string>();
  #reader: StreamReader | undefined;

  constructor(socket: Socket, domain: string) {
    this.#socket = socket;
    this.#domain = domain;
    this.#closed = new Promise(resolve => socket.once('close', resolve));
    void this.#closed.then(() => this.#end(new Error('the connection is closed')));
    socket.on('error', error => this.#end(error));
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  #read(bytes: Uint8Array): void {
    try {
      this.#reader?.write(bytes);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : undefined);
    }
  }

  #end(reason: Error): void {
    this.#stanzas.end(reason);
    this.#steps.end(reason);
  }

  /** RFC 6120 §6.4, §7.6; RFC 6121 §4.2. */
  async login({ user, password, resource }: Login): Promise<void> {
    await this.#openStream();
    const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
    this.#write(element('auth', NS.sasl, { mechanism: 'PLAIN' }, [plain]));
    await this.#step('success', NS.sasl);
    await this.#openStream();
    const wish = element('bind', NS.bind, {}, [element('resource', NS.bind, {}, [resource])]);
    this.#write(element('iq', NS.client, { type: 'set', id: 'bind' }, [wish]));
    const bound = childNamed(await this.#step('iq', NS.client), 'bind', NS.bind);
    const jid = bound && childNamed(bound, 'jid');
    this.jid = jid === undefined ? '' : textOf(jid);
    this.#write(element('presence', NS.client));
    // The answer says that the presence before it was handled.
    this.#write(element('iq', NS.client, { type: 'get', id: 'ready', to: this.#domain }, [element('ping', NS.ping)]));
    await this.next(having({ id: 'ready' }), 'the answer of the server');
  }

  /** Opens a stream, or opens it anew as RFC 6120 §6.4.6 asks, and waits for the features. */
  async #openStream(): Promise<void> {
    this.#reader = new StreamReader(
      {
        open: () => {},
        close: () => this.#socket.end(),
        element: received => this.#receive(received),
        refused: (_head, reason) => this.#socket.destroy(new Error(reason)),
      },
      { limits: CLIENT_LIMITS },
    );
    const to = escapeAttribute(this.#domain);
    this.send(`<stream:stream to='${to}' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`);
    await this.#step('features', NS.stream);
  }

  async #step(name: string, ns: string): Promise<Element> {
    const step = await this.#steps.take(() => true, `<${name}/>`);
    if (step.name !== name || step.ns !== ns || step.attrs['type'] === 'error') {
      throw new Error(`the server answered the login with ${write(step)} instead of <${name}/>`);
    }
    return step;
  }

  #receive(received: Element): void {
    const arrivals = this.jid === '' || !STANZAS.has(received.name) ? this.#steps : this.#stanzas;
    arrivals.push(received);
    if (arrivals === this.#stanzas && received.name === 'iq') this.#answer(received);
  }

  #answer(iq: Element): void {
    const [request] = childElements(iq);
    const { type, from, id } = iq.attrs;
    if (request === undefined || (type !== 'get' && type !== 'set') || this.#ignored.has(request.ns)) return;
    const answer = ANSWERS[request.ns];
    const refusal = element('error', NS.client, { type: 'cancel' }, [element('service-unavailable', NS.stanzaErrors)]);
    this.#write(element('iq', NS.client, { to: from, id, type: answer ? 'result' : 'error' }, answer ?? [refusal]));
  }

  #write(stanza: Element): void {
    this.send(write(stanza, AROUND));
  }

  send(xml: string): void {
    this.#socket.write(xml);
  }

  next(wanted: (stanza: Element) => boolean, what: string, within?: number): Promise<Element> {
    return this.#stanzas.take(wanted, what, within);
  }

  takeAll(): readonly Element[] {
    return this.#stanzas.takeAll();
  }

  async ignore(ns: string): Promise<void> {
    this.#ignored.add(ns);
  }

  /** RFC 6120 §4.4: ends our half and waits for the server's. */
  async close(): Promise<void> {
    if (this.#socket.writable) this.#socket.end('</stream:stream>');
    const bound = setTimeout(() => this.#socket.destroy(), GRACE);
    await this.#closed;
    clearTimeout(bound);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

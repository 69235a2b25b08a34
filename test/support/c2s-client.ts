/**
 * A client's connection to a server, in text: for tests of what a server does with each byte.
 *
 * Decides nothing about XMPP but how a login is written; what comes back is looked at as the text that it is. It has its own
 * SCRAM (RFC 5802), so that the server's is not tested against itself.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { SOON } from './arrivals.ts';

/** The header of a client's stream. */
export function header(to = 'localhost', more = ''): string {
  return `<?xml version='1.0'?><stream:stream to='${to}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'${more}>`;
}

/** The element that begins a SASL exchange; an empty message is written as `=`. */
export function auth(mechanism: string, message: string | Buffer): string {
  const text = Buffer.from(message).toString('base64') || '=';
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${text}</auth>`;
}

/** The element that goes on with a SASL exchange. */
export function response(message: string | Buffer): string {
  return `<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${Buffer.from(message).toString('base64')}</response>`;
}

/** Asks for STARTTLS. */
export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/** Asks for a resource, or for any. */
export function bind(resource?: string): string {
  const wish = resource === undefined ? '' : `<resource>${resource}</resource>`;
  return `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`;
}

/** How a client logs in. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly resource?: string;
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-1' | 'SCRAM-SHA-256';
  readonly tls?: boolean;
}

/** A connection. */
export class C2sClient implements AsyncDisposable {
  #socket: Socket | TLSSocket;
  readonly #tcp: Socket;
  #text = '';
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#tcp = socket;
    this.#closed = new Promise(resolve => socket.once('close', () => resolve()));
    void this.#closed.then(() => {
      this.#ended = true;
      this.#wake?.();
    });
    this.#listen(socket);
  }

  /** Connects to `host:port`. */
  static async connect(address: string): Promise<C2sClient> {
    const colon = address.lastIndexOf(':');
    const socket = connectTcp({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    await once(socket, 'connect');
    return new C2sClient(socket);
  }

  #listen(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('data', chunk => {
      this.#text += chunk.toString();
      this.#wake?.();
    });
  }

  /** What has come and was not taken by `until`. */
  get text(): string {
    return this.#text;
  }

  /** Whether the connection is gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends text or bytes as they are. */
  send(content: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(content);
  }

  /**
   * Waits for a text, and takes it with all before it.
   *
   * @throws Error when the connection ends without it, or it does not come soon
   */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(SOON);
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) {
        this.#text = this.#text.slice(match.index + match[0].length);
        return match;
      }
      if (this.#ended || late.aborted) throw new Error(`${pattern} did not come, but ${JSON.stringify(this.#text)}`);
      await this.#more(late);
    }
  }

  async #more(late: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    late.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }

  /**
   * All that comes until the connection is gone, however it ends.
   *
   * @throws Error when that takes too long
   */
  async rest(): Promise<string> {
    const late = AbortSignal.timeout(SOON);
    while (!this.#ended) {
      if (late.aborted) throw new Error(`the connection is still there, after ${JSON.stringify(this.#text)}`);
      await this.#more(late);
    }
    return this.#text;
  }

  /** Opens a stream and waits for its features. */
  async open(to = 'localhost'): Promise<string> {
    this.send(header(to));
    const [text] = await this.until(/<stream:features(?:\/>|[\s\S]*?<\/stream:features>)/);
    return text;
  }

  /** STARTTLS, up to the secured connection. */
  async secure(): Promise<void> {
    this.send(STARTTLS);
    await this.until(/<proceed[^>]*>/);
    await this.handshake();
  }

  /** The TLS handshake. Whoever made the certificate is trusted. */
  async handshake(): Promise<void> {
    this.#tcp.removeAllListeners('data');
    const secured = connectTls({ socket: this.#tcp, rejectUnauthorized: false });
    this.#listen(secured);
    this.#socket = secured;
    await once(secured, 'secureConnect');
  }

  /**
   * SASL, up to `<success/>`.
   *
   * @throws Error with the failure
   */
  async authenticate({ user, password, mechanism = 'PLAIN' }: Credentials): Promise<void> {
    if (mechanism === 'PLAIN') this.send(auth(mechanism, `\0${user}\0${password}`));
    else await this.#scram(mechanism, user, password);
    const [outcome] = await this.until(/<success[^>]*(?:\/>|>[^<]*<\/success>)|<failure[\s\S]*?<\/failure>/);
    if (outcome.startsWith('<failure')) throw new Error(outcome);
  }

  async #scram(mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256', user: string, password: string): Promise<void> {
    const hash = mechanism === 'SCRAM-SHA-1' ? 'sha1' : 'sha256';
    const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const first = `n=${user},r=${randomBytes(12).toString('hex')}`;
    this.send(auth(mechanism, `n,,${first}`));
    const [, encoded = ''] = await this.until(/<challenge[^>]*>([^<]*)<\/challenge>/);
    const challenge = Buffer.from(encoded, 'base64').toString();
    const [, nonce = '', salt = '', rounds = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)$/.exec(challenge) ?? [];
    const length = hash === 'sha1' ? 20 : 32;
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(rounds), length, hash);
    const clientKey = hmac(salted, 'Client Key');
    const final = `c=biws,r=${nonce}`;
    const signature = hmac(createHash(hash).update(clientKey).digest(), `${first},${challenge},${final}`);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    this.send(response(`${final},p=${Buffer.from(proof).toString('base64')}`));
  }

  /** The whole login; returns the full JID. */
  async login(credentials: Credentials): Promise<string> {
    await this.open();
    if (credentials.tls) {
      await this.secure();
      await this.open();
    }
    await this.authenticate(credentials);
    await this.open();
    this.send(bind(credentials.resource));
    const [, jid = ''] = await this.until(/<jid>([^<]*)<\/jid><\/bind><\/iq>/);
    return jid;
  }

  /** Sends text past TLS, on the connection below. */
  sendInTheClear(content: string): void {
    this.#tcp.cork();
    this.#tcp.write(content);
    this.#tcp.uncork();
  }

  /** Stops taking what the server sends. */
  pause(): void {
    this.#socket.pause();
  }

  /** Takes it again. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends our half of the connection, without a word. */
  finish(): void {
    this.#tcp.end();
  }

  /** Resets the connection. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tcp.destroy();
    await this.#closed;
  }
}

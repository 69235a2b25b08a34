/**
 * Raw XMPP streams: logged in, and from there on bytes.
 *
 * Decides the least that a login needs (SASL PLAIN without TLS, RFC 4616; the handshake of XEP-0114), so that what is
 * measured is the server and not the peer.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** How a client logs in, on 127.0.0.1. */
export interface ClientLogin {
  readonly port: number;
  readonly domain: string;
  readonly user: string;
  readonly password: string;
}

/** How a component does. */
export interface ComponentLogin {
  readonly port: number;
  readonly domain: string;
  readonly secret: string;
}

/** Milliseconds for each step of a login. */
const STEP = 15_000;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true).on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Writes text and waits for what matches. */
async function step(socket: Socket, text: string, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  let received = '';
  const fail = () => reject(new Error(`${pattern} did not come, but ${JSON.stringify(received)}`));
  const read = (chunk: Buffer) => {
    received += chunk.toString();
    const match = pattern.exec(received);
    if (match !== null) resolve(match);
  };
  const bound = setTimeout(fail, STEP);
  socket.on('data', read).once('close', fail);
  try {
    socket.write(text);
    return await promise;
  } finally {
    clearTimeout(bound);
    socket.off('data', read).off('close', fail);
  }
}

/** Logs a client in; what it receives goes to `onBytes` from its initial presence on. */
export async function openClient(login: ClientLogin, onBytes: (chunk: Buffer) => void): Promise<Socket> {
  const { port, domain, user, password } = login;
  const socket = await open(port);
  const header = `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
  const features = /<\/stream:features>/;
  const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
  await step(socket, header, features);
  await step(
    socket,
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
    /<success[^>]*>/,
  );
  await step(socket, header, features);
  await step(
    socket,
    "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    /<jid>[^<]*<\/jid><\/bind><\/iq>/,
  );
  socket.on('data', onBytes);
  socket.write('<presence/>');
  return socket;
}

/** Connects a component (XEP-0114 §3); what it receives goes to `onBytes`. */
export async function openComponent(login: ComponentLogin, onBytes: (chunk: Buffer) => void): Promise<Socket> {
  const { port, domain, secret } = login;
  const socket = await open(port);
  const header = `<?xml version='1.0'?><stream:stream to='${domain}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`;
  const [, id = ''] = await step(socket, header, /<stream:stream[^>]*\sid=["']([^"']*)["'][^>]*>/);
  const proof = createHash('sha1').update(`${id}${secret}`).digest('hex');
  await step(socket, `<handshake>${proof}</handshake>`, /<handshake/);
  socket.on('data', onBytes);
  return socket;
}

/** Counts a text in a stream of bytes, whatever the chunks are. */
export class Occurrences {
  readonly #needle: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(needle: string) {
    this.#needle = Buffer.from(needle);
  }

  /** How often the text ends in this chunk. */
  in(chunk: Buffer): number {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    let count = 0;
    const step = this.#needle.length;
    for (let at = bytes.indexOf(this.#needle); at !== -1; at = bytes.indexOf(this.#needle, at + step)) count += 1;
    // Shorter than the text, so that nothing is counted twice.
    this.#tail = bytes.subarray(Math.max(0, bytes.length - step + 1));
    return count;
  }
}

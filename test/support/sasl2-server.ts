/**
 * A server for clients with SASL2, Bind 2, stream management within the login, and tokens (XEP-0388, XEP-0386, XEP-0198,
 * XEP-0484) on 127.0.0.1, over TLS from the first byte.
 *
 * Decides what an honest server does with one account: it takes the password by PLAIN, gives out a token when one is asked
 * for, and takes that by its mechanism, bound to the channel where the mechanism says so. A test can change each of that from
 * one login to the next. Each login is written down.
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { childElements, childNamed, type Element, element, textOf } from '../../src/xml/element.ts';
import { CLIENT_LIMITS } from '../../src/xml/limits.ts';
import { StreamReader } from '../../src/xml/parse.ts';
import { write } from '../../src/xml/write.ts';
import { insideStream, openStream } from '../../src/xmpp/header.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { type Issued, TestAuthority } from './certificates.ts';
import { portOf } from './port-of.ts';

const DOMAIN = 'home.example';
const ADDRESS = `alice@${DOMAIN}/rest.1`;
const INSIDE = insideStream(NS.client);

/** Vouches for all of these servers. */
export const AUTHORITY = await TestAuthority.make();

/** What a client said in `<authenticate/>`. */
export interface Login {
  readonly mechanism: string | undefined;
  /** The id of the user agent. */
  readonly agent: string | undefined;
  /** The mechanism that a token was asked for. */
  readonly asked: string | undefined;
  /** Whether `<fast/>` was there. */
  readonly byToken: boolean;
  readonly resumes: boolean;
  readonly binds: boolean;
}

/** The server. */
export class Sasl2Server implements AsyncDisposable {
  readonly logins: Login[] = [];
  /** The tokens that are taken, with their mechanisms. */
  readonly tokens = new Map<string, string>();
  /** The mechanisms for tokens that are on offer; without any, there are no tokens. */
  offered: readonly string[] = ['HT-SHA-256-NONE', 'HT-SHA-256-EXPR'];
  password = 'wonderland';
  /** The tokens to give out, in order, with the milliseconds that they are good for. */
  gives: { readonly token: string; readonly lasts: number }[] = [];
  /** Whether tokens are given out unasked. */
  givesUnasked = false;
  /** The condition with which every token is refused. */
  refusal: string | undefined;
  /** Whether a token's use is answered by the proof that it is known. */
  proves = true;
  /** Whether sessions that wait are still known. */
  remembers = true;
  /** Answers the next login instead of the truth. */
  instead: string | undefined;
  readonly #server: Server;
  readonly #open = new Set<TLSSocket>();

  private constructor(issued: Issued) {
    this.#server = createServer(issued, socket => this.#serve(socket));
  }

  /** Listens on a free port. */
  static async listen(): Promise<Sasl2Server> {
    const server = new Sasl2Server(await AUTHORITY.issue({ names: [DOMAIN] }));
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Ends all connections, but no session. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #serve(socket: TLSSocket): void {
    this.#open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#open.delete(socket));
    const reader = new StreamReader(
      {
        open: () => this.#greet(socket),
        element: received => {
          if (received.name === 'authenticate') this.#answer(socket, received);
        },
        refused: () => {},
        close: () => socket.end(),
      },
      { limits: CLIENT_LIMITS },
    );
    socket.on('data', (chunk: Buffer) => reader.write(chunk));
  }

  #greet(socket: TLSSocket): void {
    const fast = this.offered.map(name => element('mechanism', NS.fast, {}, [name]));
    const counting = element('inline', NS.bind2, {}, [element('feature', NS.bind2, { var: NS.management })]);
    const inline = element('inline', NS.sasl2, {}, [
      element('bind', NS.bind2, {}, [counting]),
      element('sm', NS.management),
      ...(fast.length === 0 ? [] : [element('fast', NS.fast, {}, fast)]),
    ]);
    const offer = element('authentication', NS.sasl2, {}, [element('mechanism', NS.sasl2, {}, ['PLAIN']), inline]);
    socket.write(openStream({ contentNs: NS.client, from: DOMAIN, id: 'x', version: '1.0' }));
    socket.write(write(element('features', NS.stream, {}, [offer]), INSIDE));
  }

  #answer(socket: TLSSocket, received: Element): void {
    const login = readLogin(received);
    this.logins.push(login);
    const { instead } = this;
    this.instead = undefined;
    if (instead !== undefined) socket.write(instead);
    else {
      const proof = this.#check(socket, login, received);
      const condition = this.refusal ?? 'not-authorized';
      const answer = proof === undefined ? failure(condition) : this.#success(login, proof);
      socket.write(write(answer, INSIDE));
      if (proof !== undefined) socket.write(`<stream:features/>`);
    }
  }

  /** @returns the last word of the mechanism, if any; `undefined` when the login is wrong */
  #check(socket: TLSSocket, { byToken, mechanism }: Login, received: Element): readonly Buffer[] | undefined {
    const initial = childNamed(received, 'initial-response');
    const message = Buffer.from(initial === undefined ? '' : textOf(initial), 'base64');
    if (!byToken) return message.equals(Buffer.from(`\0alice\0${this.password}`)) ? [] : undefined;
    if (this.refusal !== undefined) return undefined;
    const bound =
      mechanism === 'HT-SHA-256-EXPR'
        ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
        : Buffer.alloc(0);
    for (const [token, itsMechanism] of this.tokens) {
      const proof = (role: string) => createHmac('sha256', token).update(role).update(bound).digest();
      const right = message.equals(Buffer.concat([Buffer.from('alice\0'), proof('Initiator')]));
      if (right && itsMechanism === mechanism) return [this.proves ? proof('Responder') : Buffer.from('trust me')];
    }
    return undefined;
  }

  #success(login: Login, proof: readonly Buffer[]): Element {
    const resumed = login.resumes && this.remembers;
    const address = login.binds || resumed ? ADDRESS : `alice@${DOMAIN}`;
    return element('success', NS.sasl2, {}, [
      ...proof.map(data => element('additional-data', NS.sasl2, {}, [data.toString('base64')])),
      element('authorization-identifier', NS.sasl2, {}, [address]),
      ...(login.resumes ? [this.#resumption()] : []),
      ...(login.binds && !resumed ? [BOUND] : []),
      ...this.#token(login),
    ]);
  }

  #resumption(): Element {
    if (this.remembers) return element('resumed', NS.management, { previd: 'sm-1', h: '0' });
    return element('failed', NS.management, {}, [element('item-not-found', NS.stanzaErrors)]);
  }

  #token({ asked, byToken, mechanism }: Login): readonly Element[] {
    const [given, ...rest] = this.gives;
    if (given === undefined || (asked === undefined && !byToken && !this.givesUnasked)) return [];
    this.gives = rest;
    this.tokens.set(given.token, asked ?? mechanism ?? '');
    const expiry = new Date(Date.now() + given.lasts).toISOString();
    return [element('token', NS.fast, { token: given.token, expiry })];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const ENABLED = element('enabled', NS.management, { resume: 'true', id: 'sm-1', max: '600' });
const BOUND = element('bound', NS.bind2, {}, [ENABLED]);

function failure(condition: string): Element {
  return element('failure', NS.sasl2, {}, [element(condition, NS.sasl)]);
}

function readLogin(received: Element): Login {
  const child = (name: string, ns: string) =>
    childElements(received).find(found => found.name === name && found.ns === ns);
  return {
    mechanism: received.attrs['mechanism'],
    agent: child('user-agent', NS.sasl2)?.attrs['id'],
    asked: child('request-token', NS.fast)?.attrs['mechanism'],
    byToken: child('fast', NS.fast) !== undefined,
    resumes: child('resume', NS.management) !== undefined,
    binds: child('bind', NS.bind2) !== undefined,
  };
}

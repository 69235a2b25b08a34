/**
 * Servers that somebody on the way would put between a client and its server: for tests of what a client believes.
 *
 * Decides what each attack does, and that an attacker accepts every login: a client that falls for the attack goes on, and
 * `heard` shows what it gave away. It speaks just enough XMPP in text for that. No attack needs the client's help.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, TLSSocket as SecuredSocket, type TLSSocket } from 'node:tls';
import { type Issued, selfSigned, TestAuthority, type Wish } from './certificates.ts';

/** What an attack does that an honest server does not. */
interface Attack {
  /** The name that the certificate is for instead of the domain, or its other faults. */
  readonly wish?: (domain: string) => Wish;
  /** Who signs: the authority that the client trusts, another one, or nobody. */
  readonly signer?: 'trusted' | 'stranger' | 'nobody';
  readonly strips?: boolean;
  /** Sent behind `<proceed/>`: in one packet with it, or in one of its own. */
  readonly injects?: 'with' | 'after';
  readonly context?: SecureContextOptions;
}

/** What is injected: a stanza that a client must never see. */
export const INJECTED = "<message from='admin@example.com'><body>injected</body></message>";

/** The attacks; `none` is an honest server. */
export const ATTACKS = {
  none: {},
  'strips STARTTLS': { strips: true },
  'injects a stanza behind <proceed/>': { injects: 'with' },
  'injects a stanza before TLS': { injects: 'after' },
  'has a certificate of another name': { wish: () => ({ names: ['chat.example.net'] }) },
  'has the name as common name alone': { wish: domain => ({ cn: domain }) },
  'has a certificate that has expired': { wish: domain => ({ names: [domain], from: -10, until: -1 }) },
  'has a certificate of the future': { wish: domain => ({ names: [domain], from: 1, until: 10 }) },
  'has a certificate signed by itself': { signer: 'nobody' },
  'has a certificate of another authority': { signer: 'stranger' },
  'speaks TLS 1.1 at most': {
    context: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
  },
} as const satisfies Readonly<Record<string, Attack>>;

/** The name of an attack. */
export type AttackName = keyof typeof ATTACKS;

/** All but the honest server. */
export const ATTACK_NAMES = Object.keys(ATTACKS).filter((name): name is AttackName => name !== 'none');

const HEADER =
  "<?xml version='1.0'?><stream:stream id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const MECHANISMS = `<mechanisms xmlns='${SASL}'><mechanism>PLAIN</mechanism></mechanisms>`;

/** Where a connection of the attacker stands. */
interface Talk {
  readonly secured: boolean;
  readonly authenticated: boolean;
}

/** A server that attacks. */
export class TlsAttacker implements AsyncDisposable {
  /** The certificate that the client trusts, as PEM. */
  readonly ca: string;
  readonly #attack: Attack;
  readonly #direct: boolean;
  readonly #domain: string;
  readonly #issued: Issued;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #heard = '';
  #connections = 0;

  private constructor(attack: Attack, direct: boolean, domain: string, ca: string, issued: Issued) {
    this.#attack = attack;
    this.#direct = direct;
    this.#domain = domain;
    this.ca = ca;
    this.#issued = issued;
    this.#server = createServer(socket => this.#take(socket));
  }

  /**
   * Starts one on 127.0.0.1.
   *
   * @param direct whether TLS begins with the first byte
   */
  static async open(name: AttackName, domain: string, direct = false): Promise<TlsAttacker> {
    const attack: Attack = ATTACKS[name];
    const [trusted, stranger] = [await TestAuthority.make(), await TestAuthority.make('Stranger')];
    const wish = attack.wish?.(domain) ?? { names: [domain] };
    const signers = { trusted, stranger, nobody: { issue: selfSigned } } as const;
    const issued = await signers[attack.signer ?? 'trusted'].issue(wish);
    const attacker = new TlsAttacker(attack, direct, domain, trusted.cert, issued);
    attacker.#server.listen(0, '127.0.0.1');
    await once(attacker.#server, 'listening');
    return attacker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All that clients have said, in the clear or through TLS. */
  get heard(): string {
    return this.#heard;
  }

  /** How often somebody connected. */
  get connections(): number {
    return this.#connections;
  }

  #take(socket: Socket): void {
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    if (this.#direct) this.#secure(socket);
    else this.#talk(socket, { secured: false, authenticated: false });
  }

  /** Answers what it understands, in the order of the table, and drops it. */
  #talk(socket: Socket | TLSSocket, start: Talk): void {
    let talk = start;
    let text = '';
    const answers = this.#answers(socket);
    socket.on('data', chunk => {
      this.#heard += chunk.toString();
      text += chunk.toString();
      for (const [pattern, answer] of answers) {
        if (!pattern.test(text)) continue;
        text = text.replace(pattern, '');
        talk = answer(talk);
      }
    });
  }

  #answers(socket: Socket): readonly (readonly [RegExp, (talk: Talk) => Talk])[] {
    const say = (text: string, talk: Talk) => {
      socket.write(text);
      return talk;
    };
    return [
      [/[\s\S]*<stream:stream[^>]*>/, talk => say(`${HEADER} from='${this.#domain}'>${this.#features(talk)}`, talk)],
      [/<starttls[\s\S]*/, talk => this.#proceed(socket, talk)],
      [/[\s\S]*<\/auth>/, talk => say(`<success xmlns='${SASL}'/>`, { ...talk, authenticated: true })],
    ];
  }

  #features({ secured, authenticated }: Talk): string {
    const starttls = secured || this.#attack.strips ? '' : `<starttls xmlns='${TLS}'/>`;
    const inside = authenticated ? `<bind xmlns='${BIND}'/>` : starttls + MECHANISMS;
    return `<stream:features>${inside}</stream:features>`;
  }

  #proceed(socket: Socket, talk: Talk): Talk {
    const { injects } = this.#attack;
    socket.removeAllListeners('data');
    socket.write(`<proceed xmlns='${TLS}'/>${injects === 'with' ? INJECTED : ''}`);
    // The client answers <proceed/> with its first record of TLS; only then the rest is a packet of its own for certain.
    if (injects === 'after') socket.once('data', () => socket.write(INJECTED));
    else this.#secure(socket);
    return talk;
  }

  #secure(socket: Socket): void {
    const secureContext = createSecureContext({ ...this.#issued, ...this.#attack.context });
    const secured = new SecuredSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['xmpp-client'] });
    secured.on('error', () => {});
    secured.on('_tlsError', () => secured.destroy());
    this.#talk(secured, { secured: true, authenticated: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

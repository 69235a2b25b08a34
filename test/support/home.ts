/**
 * Where users are at home who act over HTTP: a server of others, with TLS or without, or another gateway's embedded host.
 *
 * Decides the accounts, and that the way from the gateway to the server leads through a proxy, which can be cut, and which
 * counts how often somebody came to log in.
 */
import { join } from 'node:path';
import { type Issued, TestAuthority } from './certificates.ts';
import { type EjabberdExtras, startEjabberd } from './ejabberd.ts';
import { Folder } from './folder.ts';
import { type Gateway, type GatewayOptions, type HostConfig, startGateway } from './gateway.ts';
import { startJabberd2 } from './jabberd2.ts';
import type { Login } from './peer.ts';
import { freePorts } from './ports.ts';
import { type ProsodyExtras, startProsody } from './prosody.ts';
import { newSecret } from './secrets.ts';
import { TcpProxy } from './tcp-proxy.ts';
import type { Serving, XmppServer } from './xmpp-server.ts';

/** The domain of all homes. */
export const DOMAIN = 'home.test';
/** The accounts of all homes. */
export const USERS = ['alice', 'bob', 'carol', 'dave', 'bot'] as const;

/** Name of an account. */
export type User = (typeof USERS)[number];

/** What runs a home. */
interface Server extends AsyncDisposable {
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  kill(): Promise<unknown>;
}

/** A home. */
export interface Home extends AsyncDisposable {
  readonly passwords: Readonly<Record<User, string>>;
  readonly server: Server;
  /** Stands before the server for the gateway alone. */
  readonly proxy: TcpProxy;
  /** Starts a gateway before it. */
  gateway(more?: Partial<HostConfig['virtualhost']>, options?: GatewayOptions): Promise<Gateway>;
  /** The configuration of the virtual host. */
  readonly virtualhost: NonNullable<HostConfig['virtualhost']>;
  /** Where an account logs in without the gateway. */
  login(user: User, resource?: string): Login;
}

/** A kind of home. */
export interface HomeKind {
  readonly name: string;
  /** Whether accounts can change themselves (XEP-0077), and have an archive (XEP-0313). */
  readonly isWhole: boolean;
  /** Whether a session can be gone back to (XEP-0198). */
  readonly resumes: boolean;
  /** With which condition a query of an archive is refused where there is none. */
  readonly noArchive: string;
  /**
   * @param hasArchive whether messages are archived where that can be; archives get slower the more they hold
   * @param most how many messages the archive of an account keeps; Prosody alone has such a bound
   */
  open(hasArchive?: boolean, most?: number): Promise<Home>;
}

const ejabberdHome = (hasArchive: boolean): EjabberdExtras => ({
  modules: {
    mod_mam: { default: hasArchive ? 'always' : 'never' },
    mod_register: { ip_access: 'all', access_remove: 'all' },
  },
});

const prosodyHome = (hasArchive: boolean, most: number | undefined): ProsodyExtras => ({
  modules: ['user_account_management'],
  without: hasArchive ? [] : ['mam'],
  global: most === undefined ? '' : `storage_archive_item_limit = ${most}`,
});

function newPasswords(): Readonly<Record<User, string>> {
  const password = () => newSecret();
  return { alice: password(), bob: password(), carol: password(), dave: password(), bot: password() };
}

type Start = (serving: Serving, hasArchive: boolean, most: number | undefined) => Promise<XmppServer>;

const WHOLE: Readonly<Record<string, Start>> = {
  Prosody: (serving, hasArchive, most) => startProsody(serving, prosodyHome(hasArchive, most)),
  ejabberd: (serving, hasArchive) => startEjabberd(serving, ejabberdHome(hasArchive)),
};

/** All homes: two whole servers, each with TLS and without; one of another family; and the embedded host. */
export const HOMES: readonly HomeKind[] = [
  ...Object.entries(WHOLE).flatMap(([name, start]): readonly HomeKind[] => [
    ...[true, false].map(hasTls => ({
      name: `${name} ${hasTls ? 'with' : 'without'} TLS`,
      isWhole: true,
      resumes: true,
      noArchive: 'service-unavailable',
      open: (hasArchive?: boolean, most?: number) => serverHome(start, { hasTls, hasArchive, most }),
    })),
  ]),
  {
    name: 'jabberd2',
    isWhole: false,
    resumes: false,
    noArchive: 'feature-not-implemented',
    open: () => serverHome(serving => startJabberd2(serving), { hasTls: true }),
  },
  {
    name: 'the embedded host of another gateway',
    isWhole: false,
    resumes: true,
    noArchive: 'service-unavailable',
    open: embeddedHome,
  },
];

/** How a server is set up. */
interface Setup {
  /** Whether a certificate of a private authority is required, or TLS is off. */
  readonly hasTls: boolean;
  readonly hasArchive?: boolean | undefined;
  readonly most?: number | undefined;
}

/** Starts a server of one kind. */
async function serverHome(start: Start, { hasTls, hasArchive = true, most }: Setup): Promise<Home> {
  await using opened = new AsyncDisposableStack();
  const passwords = newPasswords();
  const authority = hasTls ? await TestAuthority.make() : undefined;
  const certificate: Issued | undefined = await authority?.issue({ names: [DOMAIN] });
  const component = { domain: `rest.${DOMAIN}`, secret: newSecret() };
  const serving = { domain: DOMAIN, users: passwords, component, ...(certificate && { certificate }) };
  const server = opened.use(await start(serving, hasArchive, most));
  const folder = opened.use(await Folder.make());
  const tls =
    authority === undefined
      ? { tls: 'off' }
      : { tls: 'required', ca_file: await folder.write('ca.pem', authority.cert) };
  return home({ passwords, server, port: server.ports.c2s, tls }, opened.move());
}

async function embeddedHome(): Promise<Home> {
  await using opened = new AsyncDisposableStack();
  const passwords = newPasswords();
  const folder = opened.use(await Folder.make());
  const [port = 0] = await freePorts(1);
  const server = opened.use(new EmbeddedServer(port, passwords, join(folder.path, 'data')));
  await server.start();
  return home({ passwords, server, port, tls: { tls: 'off' } }, opened.move());
}

/** A gateway in the place of a server. */
class EmbeddedServer implements Server {
  readonly #port: number;
  readonly #accounts: Readonly<Record<string, string>>;
  readonly #data: string;
  #gateway: Gateway | undefined;

  constructor(port: number, accounts: Readonly<Record<string, string>>, data: string) {
    this.#port = port;
    this.#accounts = accounts;
    this.#data = data;
  }

  async start(): Promise<void> {
    const embedded = { c2s: `127.0.0.1:${this.#port}`, accounts: this.#accounts };
    this.#gateway = await startGateway({ [DOMAIN]: { embedded } }, { data: this.#data });
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
  }

  async kill(): Promise<void> {
    await this.#gateway?.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** What a home is made of. */
interface Parts {
  readonly passwords: Home['passwords'];
  readonly server: Server;
  readonly port: number;
  readonly tls: { readonly tls: string; readonly ca_file?: string };
}

async function home({ passwords, server, port, tls }: Parts, owned: AsyncDisposableStack): Promise<Home> {
  const proxy = owned.use(await TcpProxy.listen(port));
  const virtualhost = { server: `xmpp://127.0.0.1:${proxy.port}`, ...tls };
  return {
    passwords,
    server,
    proxy,
    virtualhost,
    gateway: (more = {}, options = {}) =>
      startGateway(
        { [DOMAIN]: { virtualhost: { ...virtualhost, ...more } } },
        { secrets: Object.values(passwords), ...options },
      ),
    login: (user, resource = 'phone') => ({
      host: '127.0.0.1',
      port,
      user,
      domain: DOMAIN,
      password: passwords[user],
      resource,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

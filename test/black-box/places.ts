/**
 * The places where a gateway that receives can stand: beside nothing, or as a component of a server.
 *
 * Decides, for each, the domain that stanzas are for, how its callbacks are configured, and who sends. A place outlives the
 * gateways that are started at it.
 */
import assert from 'node:assert/strict';
import { startEjabberd } from '../support/ejabberd.ts';
import { type CallbackConfig, type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts';
import { connectNative } from '../support/native-peer.ts';
import { having, type Login } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import type { Credentials } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

/** The callbacks of the domain. */
export interface Callbacks {
  readonly callback?: CallbackConfig;
  readonly callbacks?: Readonly<Record<string, CallbackConfig>>;
}

/** A place. */
export interface Place extends AsyncDisposable {
  /** The domain whose stanzas are received. */
  readonly own: string;
  /** Who may ask the gateway for what the domain has received. */
  readonly owner: Credentials;
  /** Whether there is a server, so that the gateway answers nothing of itself that a callback wants. */
  readonly isComponent: boolean;
  /** Starts a gateway; stanzas reach it when this returns. */
  start(callbacks: Callbacks, options?: GatewayOptions): Promise<Gateway>;
  /** Where a sender logs in, and how. */
  login(gateway: Gateway, user?: User): Login;
}

/** The senders. */
export type User = 'bob' | `user${number}`;

/** Those of whom there are many, where there is a server. */
export const CROWD: readonly User[] = Array.from({ length: 50 }, (_, number) => `user${number}` as const);

const RESOURCE = 'phone';
/** Milliseconds that a server may take to let an account in while it has much to do. */
const BUSY = 120_000;

/** Passwords by name. */
function newAccounts(): Readonly<Record<string, string>> {
  return Object.fromEntries(['bob', ...CROWD].map(name => [name, newSecret()]));
}

/** The gateway serves the domain itself, and bob is its user. */
export async function embeddedPlace(): Promise<Place> {
  const own = 'embedded.test';
  const accounts = { bob: newSecret() };
  const start = (callbacks: Callbacks, options?: GatewayOptions) =>
    startGateway({ [own]: { embedded: { c2s: '127.0.0.1:0', accounts }, ...callbacks } }, options);
  return {
    own,
    owner: { user: 'bob', password: accounts.bob },
    isComponent: false,
    start,
    login: gateway => ({
      ...gateway.c2s(own),
      user: 'bob',
      domain: own,
      password: accounts.bob,
      resource: RESOURCE,
    }),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Prosody's archive in files is slow, and ends at 10,000 messages; and only the bot needs one. */
const QUICK_ARCHIVE = `
storage = { archive = "memory" }
storage_archive_item_limit = 1000000
default_archive_policy = "roster"
`;

/** The gateway keeps an account of Prosody online, with acknowledgements and an archive (XEP-0198, XEP-0313). */
export async function prosodyAccountPlace(): Promise<Place> {
  const domain = 'xmpp.test';
  const users = { ...newAccounts(), bot: newSecret() };
  const serving = { domain, users, component: { domain: `rest.${domain}`, secret: newSecret() } };
  const server = await startProsody(serving, { global: QUICK_ARCHIVE, without: ['carbons', 'pep', 'blocklist'] });
  const own = `bot@${domain}`;
  await wantArchive(loginsAt(server, domain, users)(undefined, 'bot'));
  const virtualhost = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'off' };
  return {
    own,
    owner: { user: 'bot', password: users.bot },
    isComponent: false,
    start: async (callbacks, options) => {
      const accounts = { bot: { password: users.bot, ...callbacks } };
      const gateway = await startGateway({ [domain]: { virtualhost, accounts } }, options);
      await gateway.logged([`"account":"${own}"`, '"msg":"client session has begun"'], BUSY);
      return gateway;
    },
    login: loginsAt(server, domain, users),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The gateway is a component of Prosody. */
export function prosodyPlace(): Promise<Place> {
  return componentPlace(startProsody);
}

/** The gateway is a component of ejabberd. */
export function ejabberdPlace(): Promise<Place> {
  return componentPlace(startEjabberd);
}

async function componentPlace(startServer: (serving: Serving) => Promise<XmppServer>): Promise<Place> {
  const domain = 'xmpp.test';
  const users = newAccounts();
  const own = { domain: `rest.${domain}`, secret: newSecret() };
  const server = await startServer({ domain, users, component: own });
  const component = { server: `xmpp://127.0.0.1:${server.ports.component}`, secret: own.secret };
  return {
    own: own.domain,
    owner: { user: own.domain, password: own.secret },
    isComponent: true,
    start: async (callbacks, options) => {
      const gateway = await startGateway({ [own.domain]: { component, ...callbacks } }, options);
      await gateway.online(own.domain);
      return gateway;
    },
    login: loginsAt(server, domain, users),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Has the server keep all messages of an account (XEP-0441). */
async function wantArchive(login: Login): Promise<void> {
  await using peer = await connectNative(login);
  peer.send("<iq type='set' id='prefs'><prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs></iq>");
  assert.equal((await peer.next(having({ id: 'prefs' }), 'the agreement')).attrs['type'], 'result');
}

function loginsAt({ ports }: XmppServer, domain: string, users: Readonly<Record<string, string>>) {
  return (_gateway: Gateway | undefined, user: User | 'bot' = 'bob'): Login => ({
    host: '127.0.0.1',
    port: ports.c2s,
    user,
    domain,
    password: users[user] ?? '',
    resource: RESOURCE,
  });
}

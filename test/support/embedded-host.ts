/**
 * An embedded host for a test, with the accounts `alice` and `bob`, on a free port of 127.0.0.1.
 */
import { Accounts } from '../../src/link/server/accounts.ts';
import { type EmbeddedLink, openEmbedded } from '../../src/link/server/embedded.ts';
import type { ConnectionLimits } from '../../src/link/server/listener.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { C2sClient, type Credentials } from './c2s-client.ts';
import { Folder } from './folder.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';

/** The accounts and their passwords. */
export const PASSWORDS = { alice: 'wonderland', bob: 'builder' } as const;

/** What a test has in hand. */
export interface Hosting extends AsyncDisposable {
  readonly link: EmbeddedLink;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  /** Connects without a word. */
  connect(): Promise<C2sClient>;
  /** Logs a client in; without a resource it gets one from the server. */
  login(user: keyof typeof PASSWORDS, more?: Partial<Credentials>): Promise<C2sClient>;
}

/** Starts a host; all that it and its clients open is closed with it. */
export async function startHost(limits?: ConnectionLimits): Promise<Hosting> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await Folder.make());
  const accounts = opened.use(Accounts.open(`${folder.path}/accounts.sqlite`));
  for (const [name, password] of Object.entries(PASSWORDS)) await accounts.create(name, password);
  const [clock, log] = [new ManualClock(), new MemoryLog()];
  const c2s = { host: '127.0.0.1', port: 0 };
  const options = { domain: parseJid('localhost'), c2s, accounts, data: folder.path, log, clock };
  const link = opened.use(await openEmbedded(limits === undefined ? options : { ...options, limits }));
  const owned = opened.move();
  const connect = async () => owned.use(await C2sClient.connect(link.c2sAddress));
  return {
    link,
    clock,
    log,
    connect,
    login: async (user, more = {}) => {
      const client = await connect();
      await client.login({ user, password: PASSWORDS[user], ...more });
      return client;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * The HTTP side of a gateway over a journal of its own, without any XMPP: the test says what came in.
 *
 * Decides who there is: the component `rest.example`, the users alice and bob of `one.example`, carol, who owns the
 * always-on account `carol@far.example`, and everyone at the host `open.example`. Everything is real but the links.
 */
import { join } from 'node:path';
import { anonymous, byHost } from '../../src/auth/anonymous.ts';
import { basic } from '../../src/auth/basic.ts';
import type { Realm } from '../../src/auth/realm.ts';
import { Throttle, throttled } from '../../src/auth/throttle.ts';
import { createApp } from '../../src/http/app.ts';
import type { ReaderLimits } from '../../src/http/event-readers.ts';
import { IdempotencyStore } from '../../src/journal/idempotency-store.ts';
import type { Entry, NewEntry } from '../../src/journal/journal.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { element } from '../../src/xml/element.ts';
import { type Jid, makeJid, parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import type { Kind } from '../../src/xmpp/stanza.ts';
import { Folder } from './folder.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';
import { basic as authorization } from './rest-client.ts';
import { newSecret } from './secrets.ts';

export const COMPONENT = parseJid('rest.example');
export const USERS = parseJid('one.example');
export const ACCOUNT = parseJid('carol@far.example');
export const OPEN = parseJid('open.example');

/** The password of everyone. */
export const PASSWORD = newSecret();

/** The `Authorization` fields of those who there are. */
export const AS = {
  component: authorization({ user: COMPONENT, password: PASSWORD }),
  alice: authorization({ user: `alice@${USERS}`, password: PASSWORD }),
  bob: authorization({ user: `bob@${USERS}`, password: PASSWORD }),
  carol: authorization({ user: ACCOUNT, password: PASSWORD }),
} as const;

const REALMS: readonly Realm[] = [
  {
    domain: COMPONENT,
    names: 'component',
    verify: async (_name, password) => (password === PASSWORD ? { address: COMPONENT } : undefined),
  },
  ...[
    { domain: USERS, names: ['alice', 'bob'] },
    { domain: parseJid('far.example'), names: ['carol'] },
  ].map(
    ({ domain, names }): Realm => ({
      domain,
      names: 'users',
      verify: async (name, password) =>
        password === PASSWORD && names.includes(name) ? { address: makeJid({ local: name, domain }) } : undefined,
    }),
  ),
];

/** What is there while a test runs. */
export interface ReceivingApp extends AsyncDisposable {
  readonly url: string;
  readonly journal: SqliteJournal;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  /** How often the deliverers were told that something was asked for again. */
  readonly retries: () => number;
  /** Stops the server and leaves the journal open, as the gateway does first when it stops. */
  stop(): Promise<void>;
  /** Ends all connections, as a network does that breaks. */
  cutAll(): void;
}

/** Opens a journal in a folder of its own and listens. */
export async function runReceivingApp(readers: Partial<ReaderLimits> = {}): Promise<ReceivingApp> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await Folder.make());
  const log = new MemoryLog();
  const clock = new ManualClock();
  const journal = opening.use(SqliteJournal.open(join(folder.path, 'journal.sqlite'), log));
  const idempotency = opening.use(IdempotencyStore.open(join(folder.path, 'idempotency.sqlite'), log));
  let retries = 0;
  const retried = () => {
    retries += 1;
  };
  const app = createApp({
    log,
    authenticator: byHost(
      [COMPONENT, USERS, OPEN],
      new Map([[OPEN, anonymous(OPEN)]]),
      throttled(basic(REALMS), new Throttle()),
    ),
    idempotency,
    hostOf: () => undefined,
    bodyLimit: 10_000,
    paths: { rest: '/rest', msg: '/msg' },
    iqTimeout: 1,
    iqMaxTimeout: 1,
    receiving: { journal, links: [COMPONENT, USERS, ACCOUNT], retried, clock, readers },
  });
  const stop = () => app.close();
  opening.defer(stop);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const open = opening.move();
  const cutAll = () => app.server.closeAllConnections();
  return {
    url,
    journal,
    clock,
    log,
    retries: () => retries,
    stop,
    cutAll,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What came in, in short. */
export interface Incoming {
  /** The link that it came in on; the component's unless the test says otherwise. */
  readonly link?: Jid;
  readonly to?: string;
  readonly from?: string;
  readonly kind?: Exclude<Kind, 'iq'>;
  readonly body?: string;
  readonly targets?: readonly string[];
}

/** An entry for the journal: a stanza with a body, to the link itself unless the test says otherwise. */
export function incoming({
  link = COMPONENT,
  to = link,
  from = 'juliet@capulet.example/balcony',
  kind = 'message',
  body = 'hello',
  targets = [],
}: Incoming): NewEntry {
  const payload = [element(kind === 'message' ? 'body' : 'status', NS.client, {}, [body])];
  const stanza = { kind, to: parseJid(to), from: parseJid(from), id: body.slice(0, 32), payload };
  return { link, event: 'bare', stanza, targets };
}

/** Lets stanzas come in; resolves when they are kept. */
export function receive({ journal }: ReceivingApp, ...what: readonly Incoming[]): Promise<readonly Entry[]> {
  return journal.append(what.map(incoming));
}

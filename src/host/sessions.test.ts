/**
 * Sessions of HTTP users, with real logins at an embedded host; the time that sessions see is in the test's hand.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { type Hosting, PASSWORDS, startHost } from '../../test/support/embedded-host.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RestanzaError } from '../errors.ts';
import { connectClient } from '../link/client.ts';
import type { Link, LinkState } from '../link/link.ts';
import { trusting } from '../link/tls-client.ts';
import { element } from '../xml/element.ts';
import { localOf, parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { ClientCredential } from '../xmpp/sasl/client-exchange.ts';
import { newId } from '../xmpp/stanza.ts';
import { type Entrance, Sessions } from './sessions.ts';

const TRUST = trusting();
const ALICE = parseJid('alice@localhost');

interface Opened {
  readonly sessions: Sessions;
  readonly hosting: Hosting;
  readonly clock: ManualClock;
  /** Logins so far. */
  readonly logins: Entrance[];
  readonly links: Link[];
}

interface Options {
  readonly idle?: number;
  readonly max?: number;
  readonly port?: number;
  /** What is shown instead of the secret, as a password. */
  readonly credential?: ClientCredential;
}

async function opened(t: TestContext, { idle = 300, max = 10, port = 0, credential }: Options = {}): Promise<Opened> {
  const hosting = await startHost();
  t.after(() => hosting[Symbol.asyncDispose]());
  const clock = new ManualClock();
  const logins: Entrance[] = [];
  const links: Link[] = [];
  const [host = '', own = ''] = hosting.link.c2sAddress.split(':');
  const log = new MemoryLog();
  const sessions = new Sessions({
    connect(entrance) {
      logins.push(entrance);
      const { account, secret } = entrance;
      const link = connectClient({
        account,
        credential: credential ?? { kind: 'password', authcid: localOf(account) ?? '', password: secret },
        server: { host, port: port === 0 ? Number(own) : port, directTls: false },
        tls: 'off',
        trust: TRUST,
        reconnect: false,
        log,
      });
      links.push(link);
      return link;
    },
    software: { name: 'Restanza', version: '1' },
    idle,
    max,
    clock,
    log,
  });
  t.after(() => sessions[Symbol.asyncDispose]());
  return { sessions, hosting, clock, logins, links };
}

/** Resolves when the state of a link changes to one; whoever is told of its changes still is. */
function changeTo(link: Link | undefined, name: LinkState['name']): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  assert.ok(link !== undefined);
  const follow = link.onState;
  link.onState = state => {
    follow?.(state);
    if (state.name === name) resolve();
  };
  return promise;
}

const entrance = (secret: string = PASSWORDS.alice, account = ALICE): Entrance => ({
  account,
  kind: 'password',
  secret,
});
const BOB = entrance(PASSWORDS.bob, parseJid('bob@localhost'));

const TOKEN: Entrance = { ...entrance(), kind: 'token' };
const KEYS: Entrance = { ...entrance(), kind: 'keys' };

const codeOf = (code: string) => (error: unknown) => error instanceof RestanzaError && error.code === code;

test('the first request logs in, those that come together share the login, later ones find the session', async t => {
  const { sessions, logins } = await opened(t);
  const together = await Promise.all(Array.from({ length: 20 }, () => sessions.enter(entrance())));
  const [first] = together;
  assert.equal(first?.address, ALICE);
  assert.deepEqual(new Set(together.map(session => session?.id)), new Set([first?.id]));
  assert.equal((await sessions.enter(entrance()))?.id, first?.id);
  assert.equal(logins.length, 1);
  assert.equal(sessions.size, 1);
});

test('an iq is sent and answered through the session', async t => {
  const { sessions } = await opened(t);
  const session = await sessions.enter(entrance());
  const host = sessions.hostOf(session?.id ?? '');
  assert.ok(host !== undefined);
  const ping = [element('ping', NS.ping)];
  const iq = { kind: 'iq', type: 'get', from: ALICE, to: ALICE, id: newId(), payload: ping } as const;
  const [answer] = await host.request(iq, { timeout: 10_000, gone: new AbortController().signal });
  assert.equal(answer?.from, ALICE);
  assert.equal(answer?.to, ALICE);
});

test('wrong credentials open nothing, and are tried each time', async t => {
  const { sessions, logins } = await opened(t);
  assert.equal(await sessions.enter(entrance('wrong')), undefined);
  assert.equal(await sessions.enter(entrance('wrong')), undefined);
  assert.equal(logins.length, 2);
  assert.equal(sessions.size, 0);
});

test('a session is not entered with other credentials', async t => {
  const { sessions } = await opened(t);
  await sessions.enter(entrance());
  assert.equal(await sessions.enter(entrance('wrong')), undefined);
  assert.equal(sessions.size, 1);
});

test('nor with the same text as something else', async t => {
  const { sessions, logins, clock } = await opened(t);
  for (const kind of ['password', 'keys', 'token'] as const) await sessions.enter({ ...entrance(), kind });
  assert.deepEqual(
    logins.map(({ kind }) => kind),
    ['password', 'keys', 'token'],
  );
  assert.equal(sessions.size, 3);
  assert.deepEqual(clock.waits, [1_000], 'one timer is for all');
});

test('a login by a password makes only what came of another one doubtful', async t => {
  const { sessions } = await opened(t);
  const [token, keys] = [await sessions.enter(TOKEN), await sessions.enter(KEYS)];
  const password = await sessions.enter(entrance());
  assert.equal((await sessions.enter(TOKEN))?.id, token?.id);
  assert.notEqual((await sessions.enter(KEYS))?.id, keys?.id);
  assert.equal((await sessions.enter(entrance()))?.id, password?.id, 'by keys one tells nothing of passwords');
});

test('a session that is not trusted takes no other with it', async t => {
  const { sessions } = await opened(t);
  const password = await sessions.enter(entrance());
  const token = await sessions.enter(TOKEN);
  sessions.distrust(password?.id ?? '');
  assert.equal((await sessions.enter(TOKEN))?.id, token?.id);
});

test('who enters after his session is distrusted logs in anew, and what is under way in it goes on', async t => {
  const { sessions, logins } = await opened(t);
  const first = await sessions.enter(entrance());
  sessions.distrust(first?.id ?? '');
  sessions.distrust('nobody');
  assert.ok(sessions.hostOf(first?.id ?? '') !== undefined);
  assert.notEqual((await sessions.enter(entrance()))?.id, first?.id);
  assert.equal(logins.length, 2);
});

test('an idle session is closed', async t => {
  const { sessions, clock } = await opened(t, { idle: 60 });
  const session = await sessions.enter(entrance());
  clock.advance(59_000);
  assert.equal((await sessions.enter(entrance()))?.id, session?.id);
  clock.advance(59_000);
  assert.ok(sessions.hostOf(session?.id ?? '') !== undefined, 'it was used meanwhile');
  clock.advance(2_000);
  assert.equal(sessions.hostOf(session?.id ?? ''), undefined);
  assert.equal(sessions.size, 0);
  assert.deepEqual(clock.waits, []);
});

test('the session that was used longest ago makes room', async t => {
  const { sessions, clock } = await opened(t, { max: 2 });
  const ids: string[] = [];
  for (const one of [entrance(), TOKEN, entrance(), BOB]) {
    ids.push((await sessions.enter(one))?.id ?? '');
    clock.advance(10);
  }
  assert.deepEqual(
    ids.map(id => sessions.hostOf(id) !== undefined),
    [true, false, true, true],
  );
});

test('a session in use makes no room', async t => {
  const { sessions, hosting } = await opened(t, { max: 1 });
  const silent = await hosting.login('bob', { resource: 'silent' });
  const alice = await sessions.enter(entrance());
  const payload = [element('ping', NS.ping)];
  const to = parseJid('bob@localhost/silent');
  const iq = { kind: 'iq', type: 'get', from: ALICE, to, id: newId(), payload } as const;
  const gone = new AbortController();
  const asking = sessions.hostOf(alice?.id ?? '')?.request(iq, { timeout: 60_000, gone: gone.signal });
  await silent.until(/<ping/);
  await assert.rejects(sessions.enter(BOB), codeOf('too-many-sessions'));
  gone.abort(new RestanzaError('stopping'));
  await assert.rejects(asking ?? Promise.resolve(), codeOf('stopping'));
  assert.ok((await sessions.enter(BOB)) !== undefined);
});

test('a session that is held makes no room and is not closed for being idle, until nobody holds it any more', async t => {
  const { sessions, clock } = await opened(t, { idle: 60, max: 1 });
  const alice = await sessions.enter(entrance());
  const held = [sessions.hold(alice?.id ?? ''), sessions.hold(alice?.id ?? '')];
  for (const release of held) {
    clock.advance(62_000);
    await assert.rejects(sessions.enter(BOB), codeOf('too-many-sessions'));
    assert.ok(sessions.hostOf(alice?.id ?? '') !== undefined);
    release?.();
  }
  assert.ok((await sessions.enter(BOB)) !== undefined);
  assert.equal(sessions.hostOf(alice?.id ?? ''), undefined);
  assert.equal(sessions.hold(alice?.id ?? ''), undefined);
});

test('a session whose login is too old stays for who holds it', async t => {
  const { sessions, clock } = await opened(t);
  const first = await sessions.enter(entrance());
  const release = sessions.hold(first?.id ?? '');
  clock.advance(301_000);
  assert.notEqual((await sessions.enter(entrance()))?.id, first?.id);
  clock.advance(1_000);
  assert.ok(sessions.hostOf(first?.id ?? '') !== undefined);
  release?.();
  clock.advance(1_000);
  assert.equal(sessions.hostOf(first?.id ?? ''), undefined);
  assert.equal(sessions.size, 1);
});

test('after some minutes a request logs in again, so that a changed password is noticed', async t => {
  const { sessions, clock, logins } = await opened(t);
  const first = await sessions.enter(entrance());
  clock.advance(299_000);
  assert.equal((await sessions.enter(entrance()))?.id, first?.id);
  clock.advance(2_000);
  const second = await sessions.enter(entrance());
  assert.notEqual(second?.id, first?.id);
  assert.equal(logins.length, 2);
  clock.advance(1_000);
  assert.equal(sessions.size, 1, 'the first one is closed once nobody waits in it');
});

test('a server that is away is told apart from wrong credentials', async t => {
  const { sessions } = await opened(t, { port: 1 });
  await assert.rejects(sessions.enter(entrance()), codeOf('link-down'));
  assert.equal(sessions.size, 0);
});

test('a server that takes no tokens does not take this one', async t => {
  const { sessions } = await opened(t, { credential: { kind: 'token', token: 'anything' } });
  assert.equal(await sessions.enter(TOKEN), undefined);
  await assert.rejects(
    sessions.enter(entrance()),
    codeOf('link-down'),
    'who has a password is not told that it is wrong',
  );
});

test('a session that has come back is not trusted for longer', async t => {
  const server = await C2sServer.listen({ domain: 'localhost' });
  t.after(() => server[Symbol.asyncDispose]());
  const { sessions, clock, links } = await opened(t, { port: server.port, idle: 1_000 });
  const first = await sessions.enter(entrance());
  clock.advance(200_000);
  const back = changeTo(links[0], 'suspended').then(() => changeTo(links[0], 'online'));
  (await server.next()).reset();
  await back;
  assert.equal((await sessions.enter(entrance()))?.id, first?.id);
  clock.advance(101_000);
  assert.notEqual((await sessions.enter(entrance()))?.id, first?.id);
});

test('a session whose stream the server ends is opened anew by the next request', async t => {
  const { sessions, hosting, logins } = await opened(t);
  const first = await sessions.enter(entrance());
  const host = sessions.hostOf(first?.id ?? '');
  assert.ok(host !== undefined);
  await hosting.link[Symbol.asyncDispose]();
  await assert.rejects(sessions.enter(entrance('other')), codeOf('link-down'));
  assert.equal(logins.length, 2);
});

test('new requests do not wait for a session whose connection is gone for seconds, and it goes on by itself', async t => {
  const server = await C2sServer.listen({ domain: 'localhost' });
  t.after(() => server[Symbol.asyncDispose]());
  const { sessions, clock, links } = await opened(t, { port: server.port });
  const first = await sessions.enter(entrance());
  const lost = changeTo(links[0], 'suspended');
  (await server.next()).reset();
  await lost;
  const back = changeTo(links[0], 'online');
  assert.equal((await sessions.enter(entrance()))?.id, first?.id, 'it may be back in a moment');
  clock.advance(6_000);
  const second = await sessions.enter(entrance());
  assert.notEqual(second?.id, first?.id);
  assert.equal((await sessions.enter(entrance()))?.id, second?.id);
  await back;
  clock.advance(1_000);
  assert.deepEqual([sessions.size, links.length], [1, 2], 'the first one is closed once it has got everything out');
});

test('a session leaves keys, with which its user can be acted for later', async t => {
  const { sessions } = await opened(t);
  const session = await sessions.enter(entrance());
  const keys = sessions.keysOf(session?.id ?? '');
  assert.ok(keys !== undefined);
  assert.match(keys.hash, /^SHA-/);
  assert.equal(sessions.keysOf('another'), undefined);
});

test('what waits in any of them is given up when the gateway stops', async t => {
  const { sessions, hosting } = await opened(t);
  const silent = await hosting.login('bob', { resource: 'silent' });
  const alice = await sessions.enter(entrance());
  const payload = [element('ping', NS.ping)];
  const to = parseJid('bob@localhost/silent');
  const iq = { kind: 'iq', type: 'get', from: ALICE, to, id: newId(), payload } as const;
  const asking = sessions.hostOf(alice?.id ?? '')?.request(iq, { timeout: 10_000, gone: new AbortController().signal });
  await silent.until(/<ping/);
  sessions.linkLost();
  await assert.rejects(asking ?? Promise.resolve(), codeOf('link-lost'));
});

test('a session whose login is not done makes no room', async t => {
  const { sessions, clock } = await opened(t, { max: 1 });
  const entering = sessions.enter(entrance());
  clock.advance(1);
  await assert.rejects(sessions.enter(BOB), codeOf('too-many-sessions'));
  assert.equal((await entering)?.address, ALICE);
});

test('nothing is entered once they are closed, and nothing of them is left', async t => {
  const { sessions, clock, links } = await opened(t);
  await sessions.enter(entrance());
  let isGone = false;
  const closing = sessions[Symbol.asyncDispose]();
  void links[0]?.[Symbol.asyncDispose]().then(() => {
    isGone = true;
  });
  await closing;
  await assert.rejects(sessions.enter(entrance()), codeOf('stopping'));
  assert.deepEqual([sessions.size, clock.waits, isGone], [0, [], true]);
});

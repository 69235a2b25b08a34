/**
 * Users who act over HTTP with the passwords of their own XMPP server, seen from outside: a program with an HTTP client on one
 * side, slixmpp on the other, and a server that others have written between them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { childNamed, textOf } from '../../src/xml/element.ts';
import type { Gateway } from '../support/gateway.ts';
import { DOMAIN, HOMES, type Home, type HomeKind, type User } from '../support/home.ts';
import { connectNative } from '../support/native-peer.ts';
import { having, type Peer } from '../support/peer.ts';
import { basic, JSON_TYPE, post, type Reply } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

/** Milliseconds within which a gateway comes back to a server that is there again. */
const BACK = 35_000;
/** How many requests come together. */
const TOGETHER = 20;

/** A home, a gateway before it, and bob, who is not behind the gateway. */
interface Scene {
  readonly home: Home;
  readonly gateway: Gateway;
  readonly bob: Peer;
  /** Posts a stanza as JSON with a user's password, or with another one. */
  send(user: User | 'nobody', stanza: object, password?: string): Promise<Reply>;
  /** Sends a message to bob. */
  message(user: User | 'nobody', id: string, password?: string): Promise<Reply>;
}

async function opened(kind: HomeKind, owned: AsyncDisposableStack): Promise<Scene> {
  const home = owned.use(await kind.open());
  const gateway = owned.use(await home.gateway());
  const bob = owned.use(await connectSlixmpp(home.login('bob')));
  const send: Scene['send'] = (user, stanza, password = user === 'nobody' ? 'none' : home.passwords[user]) =>
    post(gateway.url, { body: JSON.stringify(stanza), type: JSON_TYPE, as: { user: `${user}@${DOMAIN}`, password } });
  const message: Scene['message'] = (user, id, password) =>
    send(user, { kind: 'message', type: 'chat', to: bob.jid, id, body: id }, password);
  return { home, gateway, bob, send, message };
}

async function get(gateway: Gateway, path: string, user: string, password: string): Promise<Reply> {
  const headers = { authorization: basic({ user, password }), accept: JSON_TYPE };
  const response = await fetch(`${gateway.url}/rest${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Registers what every home can do. */
function everywhere(scene: () => Scene): void {
  it('sends as the user who logged in, with one login for requests that come together', async () => {
    const { home, bob, message } = scene();
    const before = home.proxy.accepted;
    const ids = Array.from({ length: TOGETHER }, (_, number) => `m${number}`);
    const replies = await Promise.all(ids.map(id => message('alice', id)));
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([202]));
    for (const id of ids) {
      const arrived = await bob.next(having({ id }), id);
      assert.match(arrived.attrs['from'] ?? '', /^alice@home\.test\/rest-[\w-]+$/);
      const body = childNamed(arrived, 'body');
      assert.equal(body && textOf(body), id);
    }
    assert.equal((await message('alice', 'later')).status, 202);
    assert.equal(home.proxy.accepted - before, 1);
  });

  it('answers with what the peer, the server or the own account answers to an iq', async () => {
    const { gateway, home, bob } = scene();
    for (const path of [`/ping/${encodeURIComponent(bob.jid)}`, `/ping/${DOMAIN}`, '/ping/']) {
      const reply = await get(gateway, path, 'alice', home.passwords.alice);
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    }
  });

  it('refuses a wrong password and an unknown user alike, with one login attempt for each request', async () => {
    const { home, message } = scene();
    for (const [user, password] of [
      ['alice', 'wrong'],
      ['nobody', 'none'],
    ] as const) {
      const before = home.proxy.accepted;
      const reply = await message(user, 'never', password);
      assert.deepEqual([reply.status, JSON.parse(reply.text).error.condition], [403, 'not-authorized'], reply.text);
      assert.equal(home.proxy.accepted - before, 1);
    }
    assert.equal((await message('alice', 'right')).status, 202, 'the right password is not shut out');
  });

  it('tells of a bounce to who waits for one', async () => {
    const { gateway, home } = scene();
    const to = `bob@${DOMAIN}/absent`;
    const reply = await post(gateway.url, {
      body: JSON.stringify({ kind: 'iq', type: 'get', to, version: true }),
      type: JSON_TYPE,
      as: { user: 'alice', password: home.passwords.alice },
    });
    assert.match(reply.text, /service-unavailable/);
  });
}

/** Registers what comes last, since it ends all sessions. */
function restarts(scene: () => Scene, { resumes }: HomeKind): void {
  it('answers 503 with Retry-After while the server is restarted, and sends again after it', async () => {
    const { home, message } = scene();
    for (const end of ['stop', 'kill'] as const) {
      assert.equal((await message('alice', `before-${end}`)).status, 202);
      await home.server[end]();
      let away = await message('alice', `away-${end}`);
      // A server without XEP-0198 confirms nothing: a message may be written before the end of the connection is heard of.
      if (!resumes && away.status === 202) away = await message('alice', `still-away-${end}`);
      assert.equal(away.status, 503, away.text);
      assert.match(away.headers.get('retry-after') ?? '', /^\d+$/);
      await home.server.start();
      assert.equal(await outcome(() => message('alice', `after-${end}`)), 202);
    }
  });
}

/** Asks again for as long as the answer is that it should; returns the status of the first other answer. */
async function outcome(request: () => Promise<Reply>): Promise<number> {
  const deadline = performance.now() + BACK;
  for (;;) {
    const { status, text } = await request();
    if (status !== 503) return status;
    assert.ok(performance.now() < deadline, `still ${text}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}

function withoutArchive(scene: () => Scene, { noArchive }: HomeKind): void {
  it('says that there is no archive', async () => {
    const { gateway, home } = scene();
    const reply = await get(gateway, '/archive/', 'alice', home.passwords.alice);
    assert.match(reply.text, new RegExp(noArchive));
  });
}

/** Registers what needs an archive, and accounts that can change. */
function atServers(scene: () => Scene): void {
  it('gives the user what his archive holds', async () => {
    const { gateway, home, send } = scene();
    const to = `bot@${DOMAIN}`;
    const stanza = { kind: 'message', type: 'chat', to, id: 'archived', body: 'x' };
    assert.equal((await send('alice', stanza)).status, 202);
    const reply = await get(gateway, `/archive/?with=${to}`, 'alice', home.passwords.alice);
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.text, /"archived"/);
  });

  it('notices a changed password', async () => {
    const { home, message } = scene();
    assert.equal((await message('carol', 'c1')).status, 202);
    const changed = newSecret();
    await request(home, 'carol', `<username>carol</username><password>${changed}</password>`);
    assert.equal((await message('carol', 'c2', changed)).status, 202, 'the new one is right at once');
    assert.equal((await message('carol', 'c3')).status, 403, 'the old one is wrong since the new one was used');
    assert.equal((await message('carol', 'c4', changed)).status, 202);
  });

  it('notices that an account is gone', async () => {
    const { home, message } = scene();
    assert.equal((await message('dave', 'd1')).status, 202);
    await request(home, 'dave', '<remove/>');
    // A request that is under way while the server ends the session is told so.
    assert.equal(await outcome(() => message('dave', 'd2')), 403);
  });
}

/** Lets an account change itself (XEP-0077), from a session of its own. */
async function request(home: Home, user: User, change: string): Promise<void> {
  await using peer = await connectNative(home.login(user));
  peer.send(`<iq type='set' id='change' to='${DOMAIN}'><query xmlns='jabber:iq:register'>${change}</query></iq>`);
  const answer = await peer.next(having({ id: 'change' }), 'the change');
  assert.equal(answer.attrs['type'], 'result', JSON.stringify(answer));
}

for (const kind of HOMES) {
  describe(`users at ${kind.name}`, { timeout: 240_000 }, () => {
    const owned = new AsyncDisposableStack();
    let made: Scene | undefined;
    const scene = () => {
      assert.ok(made !== undefined);
      return made;
    };
    before(async () => {
      made = await opened(kind, owned);
    });
    after(() => owned.disposeAsync());
    everywhere(scene);
    if (kind.isWhole) atServers(scene);
    else withoutArchive(scene, kind);
    restarts(scene, kind);
  });
}

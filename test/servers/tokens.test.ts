/**
 * API tokens before servers that others have written: for a component's domain, and for an account that is always online.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TokenStore } from '../../src/auth/token-store.ts';
import { readTerms } from '../../src/auth/token-terms.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { Folder } from '../support/folder.ts';
import { startGateway } from '../support/gateway.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { having, type Peer } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

const DOMAIN = 'tokens.test';
const COMPONENT = `rest.${DOMAIN}`;
const BOT = `bot@${DOMAIN}`;
const SERVERS: Readonly<Record<string, (serving: Serving) => Promise<XmppServer>>> = {
  Prosody: serving => startProsody(serving),
  ejabberd: serving => startEjabberd(serving),
};

/** A server with bob, a gateway before it, and its tokens. */
interface Scene {
  readonly bob: Peer;
  /** Makes a token for these addresses. */
  token(jid: string, ...scopes: readonly string[]): string;
  /** Posts a stanza as JSON. */
  post(token: string, stanza: object): Promise<Response>;
}

async function opened(start: (serving: Serving) => Promise<XmppServer>, owned: AsyncDisposableStack): Promise<Scene> {
  const users = { bob: newSecret(), bot: newSecret(), alice: newSecret() };
  const component = { domain: COMPONENT, secret: newSecret() };
  const server = owned.use(await start({ domain: DOMAIN, users, component }));
  const { ports } = server;
  const data = join(owned.use(await Folder.make()).path, 'data');
  const hosts = {
    [COMPONENT]: { component: { server: `xmpp://127.0.0.1:${ports.component}`, secret: component.secret } },
    [DOMAIN]: {
      virtualhost: { server: `xmpp://127.0.0.1:${ports.c2s}`, tls: 'off' },
      accounts: { bot: { password: users.bot } },
    },
  };
  const gateway = owned.use(await startGateway(hosts, { data }));
  await gateway.online(COMPONENT);
  await gateway.logged(['"msg":"client session has begun"']);
  const store = owned.use(TokenStore.open(join(data, 'tokens.sqlite'), new MemoryLog()));
  const login = { host: '127.0.0.1', port: ports.c2s, user: 'bob', domain: DOMAIN, resource: 'phone' };
  const bob = owned.use(await connectSlixmpp({ ...login, password: users.bob }));
  return {
    bob,
    token: (jid, ...scopes) => store.create(readTerms({ jid, scopes }, Date.now())).token,
    post: (token, stanza) =>
      fetch(`${gateway.url}/rest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(stanza),
      }),
  };
}

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`tokens, at ${name}`, { timeout: 120_000 }, () => {
    const owned = new AsyncDisposableStack();
    let scene: Scene | undefined;
    before(async () => {
      scene = await opened(start, owned);
    });
    after(() => owned.disposeAsync());
    const the = (): Scene => {
      assert.ok(scene !== undefined);
      return scene;
    };
    const message = (id: string, extra: object = {}) => ({
      kind: 'message',
      to: the().bob.jid,
      id,
      body: id,
      ...extra,
    });

    it('lets who has one for the domain of a component send from any address there', async () => {
      const { bob, token, post } = the();
      const mine = token(`*@${COMPONENT}`, 'send');
      for (const from of [undefined, COMPONENT, `any@${COMPONENT}`, `any@${COMPONENT}/x`]) {
        const id = `from ${from}`;
        assert.equal((await post(mine, message(id, { from }))).status, 202, id);
        assert.equal((await bob.next(having({ id }), id)).attrs['from'], from ?? COMPONENT);
      }
      assert.equal((await post(mine, message('no', { from: BOT }))).status, 403);
    });

    it('lets who has one for an address of a component send from that address alone', async () => {
      const { bob, token, post } = the();
      const mine = token(`one@${COMPONENT}`, 'send');
      assert.equal((await post(mine, message('one'))).status, 202);
      assert.equal((await bob.next(having({ id: 'one' }), 'one')).attrs['from'], `one@${COMPONENT}`);
      assert.equal((await post(mine, message('no', { from: `two@${COMPONENT}` }))).status, 403);
      assert.equal((await post(mine, message('no', { from: COMPONENT }))).status, 403);
    });

    it('lets who has one for an account that is always online act through its session', async () => {
      const { bob, token, post } = the();
      const mine = token(BOT, 'send', 'query');
      assert.equal((await post(mine, message('bot'))).status, 202);
      assert.equal((await bob.next(having({ id: 'bot' }), 'bot')).attrs['from'], `${BOT}/restanza`);
      const answer = await post(mine, { kind: 'iq', type: 'get', to: DOMAIN, ping: true });
      assert.equal(answer.status, 200, await answer.clone().text());
      for (const from of [`${BOT}/other`, `alice@${DOMAIN}`, DOMAIN, COMPONENT]) {
        assert.equal((await post(mine, message('no', { from }))).status, 403, from);
      }
    });

    it('says of one for another account that nobody can act as that', async () => {
      const { token, post } = the();
      const response = await post(token(`alice@${DOMAIN}`, 'send'), message('no'));
      assert.equal(response.status, 403);
      assert.match(await response.text(), /nobody can act as alice@tokens\.test here without its password/);
    });
  });
}

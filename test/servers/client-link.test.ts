/**
 * The client link at servers that others have written: logins with and without TLS, and sessions that outlive their
 * connections.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connectClient } from '../../src/link/client.ts';
import type { ClientLink, ClientOptions } from '../../src/link/client-options.ts';
import type { Clock } from '../../src/link/clock.ts';
import type { Link, LinkState } from '../../src/link/link.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { element } from '../../src/xml/element.ts';
import { type Jid, parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import type { Message } from '../../src/xmpp/stanza.ts';
import { TestAuthority } from '../support/certificates.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { Mailbox } from '../support/mailbox.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { connectNative } from '../support/native-peer.ts';
import { oneByOne } from '../support/one-by-one.ts';
import { having, until } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import { type Cut, TcpProxy } from '../support/tcp-proxy.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

const domain = 'xmpp.test';
const users = { alice: newSecret(), bob: newSecret() };
const ALICE = parseJid('alice@xmpp.test');
const FULL = parseJid('alice@xmpp.test/rest');
const BOB = parseJid('bob@xmpp.test/test');
const AUTHORITY = await TestAuthority.make();
const STARTS = { Prosody: startProsody, ejabberd: startEjabberd };

async function serving(): Promise<Serving> {
  const certificate = await AUTHORITY.issue({ names: [domain] });
  return { domain, users, certificate, component: { domain: 'rest.xmpp.test', secret: newSecret() } };
}

function login(port: number, more: Partial<ClientOptions> = {}) {
  return connectClient({
    account: ALICE,
    credential: { kind: 'password', authcid: 'alice', password: users.alice },
    resource: 'rest',
    server: { host: '127.0.0.1', port, directTls: false },
    tls: 'required',
    trust: trusting(AUTHORITY.cert),
    log: new MemoryLog(),
    reconnect: false,
    ...more,
  });
}

/** Resolves when the link is online or closed: at once when it is, so it is of use before the first loss only. */
function settled(link: Link): Promise<LinkState> {
  const { promise, resolve } = Promise.withResolvers<LinkState>();
  const judge = (state: LinkState) => {
    if (state.name === 'online' || state.name === 'closed') resolve(state);
  };
  link.onState = judge;
  judge(link.state);
  return promise;
}

/** For each session that begins from now on, whether it is the first; and the state, when the link is closed. */
function toldBy(link: ClientLink): Mailbox<boolean | LinkState> {
  const told = new Mailbox<boolean | LinkState>();
  link.onSession = first => told.put(first);
  link.onState = state => {
    if (state.name === 'closed') told.put(state);
  };
  return told;
}

function bob(server: XmppServer) {
  const { c2s: port } = server.ports;
  return connectNative({ host: '127.0.0.1', port, user: 'bob', domain, password: users.bob, resource: 'test' });
}

function message(to: Jid, id: string): Message {
  return { kind: 'message', type: 'chat', to, id, payload: [element('body', NS.client, {}, [id])] };
}

/** The ids of what comes in, up to one. */
async function idsUntil(link: Link, last: string): Promise<readonly (string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  for await (const { id } of oneByOne(link.incoming)) {
    ids.push(id);
    if (id === last) break;
  }
  return ids;
}

/** A clock on which time flies, for whoever waits before connecting again. */
const FAST = 4;
const FAST_CLOCK: Clock = {
  now: () => performance.now() * FAST,
  after(ms, then) {
    const timer = globalThis.setTimeout(then, ms / FAST);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const CUT_WAYS: readonly Cut[] = ['both', 'client'];
const CUTS = 50;
/** Milliseconds between two messages, in each direction. */
const PACE = 5;
/** Messages after which a connection is cut: it has to last for a second of the fast clock, or it counts as failed. */
const BETWEEN = 60;

for (const [name, start] of Object.entries(STARTS)) {
  describe(`a client link at ${name}`, { timeout: 240_000 }, () => {
    for (const tls of ['required', 'optional', 'off'] as const) {
      it(`logs in, sends and receives with TLS ${tls}`, async () => {
        await using server = await start(await serving());
        await using peer = await bob(server);
        await using link = login(server.ports.c2s, { tls });
        assert.deepEqual(await settled(link), { name: 'online' });
        assert.deepEqual([link.bound, link.confirms], [FULL, true]);
        await link.send(message(BOB, 'm1'), 'acked');
        const arrived = await peer.next(having({ id: 'm1' }), 'the message');
        assert.deepEqual(arrived.attrs['from'], FULL);
        peer.send(`<message to='${FULL}' id='m2'><body>hi</body></message>`);
        const { value } = await oneByOne(link.incoming).next();
        assert.deepEqual([value?.id, value?.from, value?.to], ['m2', BOB, FULL]);
      });
    }

    it('is refused with a wrong password and for an unknown account, and says whose part it is', async () => {
      await using server = await start(await serving());
      for (const authcid of ['alice', 'nobody']) {
        const credential = { kind: 'password', authcid, password: 'wrong' } as const;
        await using link = login(server.ports.c2s, { credential, account: parseJid(`${authcid}@${domain}`) });
        const state = await settled(link);
        assert.equal(state.name, 'closed');
        assert.deepEqual(
          [state.cause.blame, state.cause.reason, state.cause.condition],
          ['credentials', 'not-authorized', 'not-authorized'],
        );
      }
    });

    it('does not log in where the certificate is not believed', async () => {
      await using server = await start(await serving());
      await using link = login(server.ports.c2s, { trust: trusting() });
      const state = await settled(link);
      assert.equal(state.name, 'closed');
      assert.equal(state.cause.blame, undefined);
      assert.match(state.cause.text, /certificate/);
    });

    it('comes back to a server that was restarted, with a new session', async () => {
      await using server = await start(await serving());
      await using link = login(server.ports.c2s, { reconnect: true, clock: FAST_CLOCK });
      const told = toldBy(link);
      assert.equal(await told.take(), true);
      for (const end of ['stop', 'kill'] as const) {
        await server[end]();
        await server.start();
        // Its state would not do: it may still be online, as long as it has not noticed that the server was gone.
        assert.equal(await told.take(), false);
        await link.send(message(FULL, 'after'), 'acked');
      }
      assert.equal(told.length, 0, 'there was one session for each start of the server');
    });

    it(`loses and repeats nothing over ${CUTS} cuts under load`, async t => {
      await using server = await start(await serving());
      await using proxy = await TcpProxy.listen(server.ports.c2s);
      await using peer = await bob(server);
      const log = new MemoryLog();
      await using link = login(proxy.port, { clock: FAST_CLOCK, log });
      assert.equal((await settled(link)).name, 'online');
      const received = idsUntil(link, 'in-last');
      const sent: Promise<void>[] = [];
      let since = 0;
      for (let cuts = 0; cuts < CUTS; ) {
        const { state } = link;
        if (state.name === 'closed') assert.fail(`the link is closed after ${cuts} cuts: ${state.cause.text}`);
        const n = sent.length;
        since = state.name === 'online' ? since + 1 : 0;
        sent.push(link.send(message(BOB, `out-${n}`), n % 3 === 0 || since === BETWEEN ? 'acked' : 'sent'));
        peer.send(`<message to='${FULL}' type='chat' id='in-${n}'><body>${n}</body></message>`);
        if (since === BETWEEN) {
          const how = CUT_WAYS[cuts++ % 2] ?? 'both';
          // What Prosody 0.12 reads from a connection that it still believes in, after the session went on elsewhere, it takes for
          // a part of the new stream, and ends it. So nothing may be left there to read.
          if (how === 'client') await sent[n];
          proxy.cut(how);
        }
        await setTimeout(PACE);
      }
      await Promise.all(sent);
      await link.send(message(BOB, 'out-last'), 'acked');
      peer.send(`<message to='${FULL}' type='chat' id='in-last'><body>last</body></message>`);
      const arrived = (await until(peer, 'out-last')).filter(({ name: kind }) => kind === 'message');
      const numbers = [...sent.keys(), 'last'];
      assert.deepEqual(
        arrived.map(({ attrs }) => attrs['id']),
        numbers.map(n => `out-${n}`),
      );
      assert.deepEqual(
        await received,
        numbers.map(n => `in-${n}`),
      );
      const resumed = log.with('client session is resumed').length;
      t.diagnostic(`${resumed} resumptions, ${numbers.length} messages in each direction`);
      assert.equal(resumed, CUTS);
    });
  });
}

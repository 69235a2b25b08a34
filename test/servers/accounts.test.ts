/**
 * Accounts that are always online, at servers that others have written: what they are sent reaches their callback once and in
 * order, whether they were there or not, and what only their own server may say is believed from nobody else.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Call, CallbackReceiver } from '../support/callback-receiver.ts';
import { Folder } from '../support/folder.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { DOMAIN, HOMES, type Home, type HomeKind } from '../support/home.ts';
import { connectNative } from '../support/native-peer.ts';
import { having, type Peer, until } from '../support/peer.ts';

const BOT = `bot@${DOMAIN}`;
const NS = { carbons: 'urn:xmpp:carbons:2', forward: 'urn:xmpp:forward:0', archive: 'urn:xmpp:mam:2' } as const;
/** Messages of each outage. */
const MISSED = 20;
/** Messages that a small archive keeps. */
const KEPT = 10;

/** Homes with an archive, each server once. */
const KINDS = HOMES.filter(({ name, isWhole }) => isWhole && !name.includes('without'));

/** What a callback was told, as far as it is looked at here. */
interface Told {
  readonly id?: string;
  readonly from?: string;
  readonly body?: string;
  readonly delay?: { readonly stamp: string } | string;
  readonly [key: string]: unknown;
}

interface Scene {
  readonly home: Home;
  readonly receiver: CallbackReceiver;
  readonly bob: Peer;
  /** Starts the gateway, on the same data each time; the account is online and gets copies when this returns. */
  start(): Promise<Gateway>;
  /** The next stanza that the callback is told of. */
  told(): Promise<Told>;
}

async function opened(t: TestContext, kind: HomeKind, most?: number): Promise<Scene> {
  const owned = new AsyncDisposableStack();
  t.after(() => owned.disposeAsync());
  const home = owned.use(await kind.open(true, most));
  const folder = owned.use(await Folder.make());
  const receiver = owned.use(await CallbackReceiver.start());
  const callback = { url: receiver.url, content_type: 'json', stanzas: ['message', 'iq'] };
  const accounts = { bot: { password: home.passwords.bot, callback } };
  const hosts = { [DOMAIN]: { virtualhost: home.virtualhost, accounts } };
  const bob = owned.use(await connectNative(home.login('bob')));
  // A gateway that is killed may repeat a call; the repeat has the same id.
  const seen = new Set<unknown>();
  const isNew = ({ headers }: Call) => !seen.has(headers['webhook-id']);
  return {
    home,
    receiver,
    bob,
    start: async () => {
      const gateway = owned.use(await startGateway(hosts, { data: folder.path }));
      await gateway.logged([`"account":"${BOT}"`, '"msg":"client session has begun"']);
      // The answer to what turns carbons on. A client that is quicker than that would have its copies from the archive alone.
      await gateway.logged(['"kind":"iq","type":"result","msg":"stanza without a receiver dropped"']);
      return gateway;
    },
    told: async () => {
      const { headers, body } = await receiver.calls.take(isNew, 'a call');
      seen.add(headers['webhook-id']);
      return JSON.parse(body);
    },
  };
}

function say(peer: Peer, id: string, to: string = BOT): void {
  peer.send(`<message to='${to}' type='chat' id='${id}'><body>${id}</body></message>`);
}

/** Resolves when the server has handled all that a client has sent. */
async function handled(peer: Peer, id: string): Promise<void> {
  peer.send(`<iq type='get' id='${id}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await peer.next(having({ id }), 'the answer');
}

function outages(kind: HomeKind): void {
  it('tells of what came while the gateway was away, once and in order, with its time', async t => {
    const { bob, receiver, start, told } = await opened(t, kind);
    let gateway = await start();
    say(bob, 'live');
    assert.deepEqual((await told()).id, 'live');
    for (const end of ['stop', 'kill'] as const) {
      await gateway[end]();
      const ids = Array.from({ length: MISSED }, (_, number) => `${end}-${number}`);
      for (const id of ids) say(bob, id);
      await handled(bob, end);
      gateway = await start();
      say(bob, `after-${end}`);
      for (const id of ids) {
        const one = await told();
        assert.equal(one.id, id);
        assert.equal(one.from, bob.jid);
        assert.ok(one.delay !== undefined, `${id} has no delay`);
      }
      assert.equal((await told()).id, `after-${end}`);
    }
    await gateway.stop();
    const ids = new Set(receiver.all.map(({ headers }) => headers['webhook-id']));
    assert.equal(ids.size, 1 + 2 * (MISSED + 1), 'nothing came twice');
  });
}

function copies(kind: HomeKind): void {
  it('tells of what other clients of the account send and get, as copies that nothing answers', async t => {
    const { home, bob, receiver, start, told } = await opened(t, kind);
    receiver.answer = () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"body":"an echo"}',
    });
    const gateway = await start();
    await using phone = await connectNative(home.login('bot', 'phone'));
    say(bob, 'to the phone', phone.jid);
    assert.match(JSON.stringify((await told())['carbon_received']), /"to the phone"/);
    say(phone, 'from the phone', bob.jid);
    assert.match(JSON.stringify((await told())['carbon_sent']), /"from the phone"/);
    // Brings what came as copies once more, unless it is known.
    await gateway.stop();
    await start();
    say(bob, 'to the bot', `${BOT}/restanza`);
    assert.equal((await told()).id, 'to the bot');
    const echo = await bob.next(having({ from: `${BOT}/restanza` }), 'the answer to what was for the bot');
    assert.match(JSON.stringify(echo), /an echo/);
    assert.equal(receiver.all.length, 3);
    say(bob, 'sentinel', phone.jid);
    const seen = (await until(phone, 'sentinel')).filter(({ attrs }) => attrs['from']?.startsWith(BOT));
    assert.deepEqual(
      seen.filter(({ name }) => name === 'message'),
      [],
      'the account has answered itself',
    );
  });
}

function forgeries(kind: HomeKind): void {
  it('believes nobody but its own server about contacts, copies, the archive and its ids', async t => {
    const { bob, start, told } = await opened(t, kind);
    await start();
    say(bob, 'before');
    assert.equal((await told()).id, 'before');
    const forged = `<forwarded xmlns='${NS.forward}'><message xmlns='jabber:client' from='alice@${DOMAIN}/x' to='${BOT}'><body>forged</body></message></forwarded>`;
    for (const to of [BOT, `${BOT}/restanza`]) {
      for (const name of ['sent', 'received']) {
        bob.send(
          `<message to='${to}' type='chat' id='f1'><body>x</body><${name} xmlns='${NS.carbons}'>${forged}</${name}></message>`,
        );
      }
      bob.send(
        `<message to='${to}' type='chat' id='f2'><body>x</body><result xmlns='${NS.archive}' id='1'>${forged}</result></message>`,
      );
      bob.send(
        `<iq type='set' to='${to}' id='f3'><query xmlns='jabber:iq:roster'><item jid='evil@${DOMAIN}' subscription='both'/></query></iq>`,
      );
    }
    bob.send(
      `<message to='${BOT}' type='chat' id='last'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='${BOT}' id='forged'/></message>`,
    );
    const last = await told();
    assert.equal(last.id, 'last');
    assert.doesNotMatch(JSON.stringify(last), /forged/);
  });
}

describe('an account whose archive keeps few messages', { timeout: 120_000 }, () => {
  for (const kind of KINDS.filter(({ name }) => name.startsWith('Prosody'))) {
    it(`is told of all that the archive still has, at ${kind.name}`, async t => {
      const { home, bob, start, told } = await opened(t, kind, KEPT);
      const gateway = await start();
      say(bob, 'live');
      assert.equal((await told()).id, 'live');
      // What no client takes is kept for the account too, and not only in the archive.
      await using phone = await connectNative(home.login('bot', 'phone'));
      phone.send('<presence/>');
      await handled(phone, 'here');
      await gateway.stop();
      const ids = Array.from({ length: 2 * KEPT + 1 }, (_, number) => `missed-${number}`);
      for (const id of ids) say(bob, id);
      await handled(bob, 'sent');
      await start();
      for (const id of ids.slice(-KEPT)) assert.equal((await told()).id, id);
      say(bob, 'after', `${BOT}/restanza`);
      assert.equal((await told()).id, 'after');
    });
  }
});

for (const kind of KINDS) {
  describe(`accounts that are always online, at ${kind.name}`, { timeout: 240_000 }, () => {
    outages(kind);
    copies(kind);
    forgeries(kind);
  });
}

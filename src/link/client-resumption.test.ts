/**
 * The client link at our own embedded host: sessions that outlive their connections, with both ends ours.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRUST } from '../../test/support/client-link.ts';
import { PASSWORDS, startHost } from '../../test/support/embedded-host.ts';
import { Load } from '../../test/support/load.ts';
import { Mailbox } from '../../test/support/mailbox.ts';
import { ManagedClient } from '../../test/support/managed-client.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { type Cut, TcpProxy } from '../../test/support/tcp-proxy.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Message } from '../xmpp/stanza.ts';
import { connectClient } from './client.ts';
import type { Clock } from './clock.ts';
import type { Link, LinkState } from './link.ts';

const ALICE = parseJid('alice@localhost/rest');
const BOB = parseJid('bob@localhost/b');

/** A clock on which time flies, for whoever waits before connecting again. */
const FAST = 10;
const FAST_CLOCK: Clock = {
  now: () => performance.now() * FAST,
  after(ms, then) {
    const timer = setTimeout(then, ms / FAST);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const CUTS = 50;
/** Messages after which a connection is cut: it has to last for a second of the fast clock, or it counts as failed. */
const BETWEEN = 40;
const WAYS: readonly Cut[] = ['both', 'client'];

function message(id: string): Message {
  return { kind: 'message', type: 'chat', to: BOB, id, payload: [element('body', NS.client, {}, [id])] };
}

/** The changes of a link's state, from now on. */
function changes(link: Link): Mailbox<LinkState['name']> {
  const told = new Mailbox<LinkState['name']>();
  link.onState = ({ name }) => told.put(name);
  return told;
}

async function reaches(told: Mailbox<LinkState['name']>, name: LinkState['name']): Promise<void> {
  for (let state = await told.take(); state !== name; state = await told.take()) {
    assert.notEqual(state, 'closed');
  }
}

describe('a client link at the embedded host', { timeout: 120_000 }, () => {
  it(`loses and repeats nothing over ${CUTS} cuts at 200 messages a second each way`, async t => {
    await using host = await startHost();
    const { c2sAddress } = host.link;
    await using proxy = await TcpProxy.listen(Number(c2sAddress.slice(c2sAddress.lastIndexOf(':') + 1)));
    await using bob = await ManagedClient.begin(c2sAddress, { user: 'bob', password: PASSWORDS.bob, resource: 'b' });
    const log = new MemoryLog();
    await using link = connectClient({
      account: parseJid('alice@localhost'),
      credential: { kind: 'password', authcid: 'alice', password: PASSWORDS.alice },
      resource: 'rest',
      server: { host: '127.0.0.1', port: proxy.port, directTls: false },
      tls: 'off',
      trust: TRUST,
      reconnect: false,
      clock: FAST_CLOCK,
      log,
    });
    const told = changes(link);
    await reaches(told, 'online');
    const received = new Mailbox<string | undefined>();
    const receiving = (async () => {
      for await (const { id } of oneByOne(link.incoming)) received.put(id);
    })();
    await using load = new Load(number => {
      bob.send(`<message to='${ALICE}' type='chat' id='${number}'><body>x</body></message>`);
      return link.send(message(String(number)), number % 3 === 0 ? 'acked' : 'sent');
    });
    for (let cuts = 0; cuts < CUTS; cuts += 1) {
      const reached = load.outcomes.length + BETWEEN;
      await load.until(() => load.outcomes.length >= reached, 'the messages before a cut');
      proxy.cut(WAYS[cuts % 2] ?? 'both');
      await reaches(told, 'online');
    }
    await load.stop();
    assert.deepEqual(
      load.outcomes.filter(({ result }) => result instanceof Error),
      [],
    );
    const expected = load.outcomes.map(({ number }) => number).sort((a, b) => a - b);
    for (const mailbox of [bob.messages, received]) {
      const got: string[] = [];
      while (got.length < expected.length) got.push(String(await mailbox.take()));
      assert.deepEqual(got, expected.map(String));
    }
    await link.send(message('last'), 'acked');
    assert.equal(await bob.messages.take(), 'last');
    assert.deepEqual([bob.messages.length, received.length], [0, 0]);
    assert.equal(log.with('client session is resumed').length, CUTS);
    t.diagnostic(`${CUTS} resumptions, ${expected.length} messages each way, 0 lost, 0 twice, in order`);
    await link[Symbol.asyncDispose]();
    await receiving;
  });
});

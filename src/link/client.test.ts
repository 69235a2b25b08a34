import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkContract } from '../../test/contract/link.ts';
import type { C2sClient } from '../../test/support/c2s-client.ts';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { CREDENTIAL, FULL, PEER, TRUST } from '../../test/support/client-link.ts';
import { startHost } from '../../test/support/embedded-host.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { TcpProxy } from '../../test/support/tcp-proxy.ts';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { insideStream } from '../xmpp/header.ts';
import { bareOf, parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { isRequest, readStanza, resultOf, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import { connectClient } from './client.ts';
import type { Clock } from './clock.ts';
import type { Link } from './link.ts';

const STANZA = /<(message|presence|iq) [\s\S]*?<\/\1>|<(?:message|presence|iq) [^>]*\/>/;

/** Answers what the domain itself is asked, as the one does who serves it. */
async function serve(link: Link): Promise<void> {
  for await (const batch of link.incoming) {
    for (const stanza of batch) if (isRequest(stanza)) void link.send(resultOf(stanza));
  }
}

/** The next stanza that reaches a client. */
async function nextStanza(client: C2sClient): Promise<Stanza> {
  const [text] = await client.until(STANZA);
  return readStanza(parseDocument(text, documentLimits(1_000_000), NS.client));
}

linkContract('a client of the embedded host', async () => {
  await using opened = new AsyncDisposableStack();
  const host = opened.use(await startHost());
  void serve(host.link);
  const peer = await host.login('bob', { resource: 'peer' });
  const [server = '', port = ''] = host.link.c2sAddress.split(':');
  const own = parseJid('alice@localhost/rest');
  const link = opened.use(
    connectClient({
      account: bareOf(own),
      credential: CREDENTIAL,
      resource: 'rest',
      server: { host: server, port: Number(port), directTls: false },
      tls: 'off',
      trust: TRUST,
      log: new MemoryLog(),
      reconnect: true,
    }),
  );
  const owned = opened.move();
  return {
    link,
    own,
    peer: parseJid('bob@localhost/peer'),
    deliver: stanza => peer.send(write(stanzaElement(stanza), insideStream(NS.client))),
    arrived: () => nextStanza(peer),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});

for (const manages of [true, false]) {
  linkContract(`a client of a server ${manages ? 'with' : 'without'} XEP-0198`, async () => {
    const server = await C2sServer.listen({ manages });
    const place = { host: '127.0.0.1', port: server.port, directTls: false };
    const credentials = { account: bareOf(FULL), credential: CREDENTIAL, resource: 'rest' };
    const log = new MemoryLog();
    const link = connectClient({ ...credentials, server: place, tls: 'off', trust: TRUST, log, reconnect: true });
    const { session } = await server.next();
    if (session === undefined) throw new Error('there is no session');
    return {
      link,
      own: FULL,
      peer: PEER,
      deliver: stanza => session.deliver(write(stanzaElement(stanza), insideStream(NS.client))),
      arrived: async () => ({ ...readStanza(await session.arrived.take()), from: FULL }),
      async [Symbol.asyncDispose]() {
        await link[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  });
}

/** A clock on which time flies, for whoever waits before connecting again. */
const FAST = 20;
const FAST_CLOCK: Clock = {
  now: () => performance.now() * FAST,
  after(ms, then) {
    const timer = setTimeout(then, ms / FAST);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const CUTS = 50;
/** Milliseconds of that clock that a connection has to last to be of use. */
const LASTING = 1_100;
/** Messages in each direction at once, and how many of them wait to be pulled when a connection is cut. */
const BATCH = 8;
const BEHIND = 4;

describe('a client of the embedded host', () => {
  it(`loses and repeats nothing over ${CUTS} cuts`, async () => {
    await using host = await startHost();
    void serve(host.link);
    await using proxy = await TcpProxy.listen(Number(host.link.c2sAddress.split(':')[1]));
    const peer = await host.login('bob', { resource: 'peer' });
    const log = new MemoryLog();
    await using link = connectClient({
      account: parseJid('alice@localhost'),
      credential: CREDENTIAL,
      resource: 'rest',
      server: { host: '127.0.0.1', port: proxy.port, directTls: false },
      tls: 'off',
      trust: TRUST,
      log,
      reconnect: false,
      clock: FAST_CLOCK,
    });
    const [to, from] = [parseJid('bob@localhost/peer'), parseJid('alice@localhost/rest')];
    const stanzas = oneByOne(link.incoming);
    const sent: Promise<void>[] = [];
    const received: (string | undefined)[] = [];
    const exchange = () => {
      const id = String(sent.length);
      sent.push(link.send({ kind: 'message', to, id, payload: [] }, sent.length % 2 === 0 ? 'acked' : 'sent'));
      peer.send(`<message to='${from}' id='${id}'/>`);
    };
    for (let cut = 0; cut < CUTS; cut++) {
      while (link.state.name !== 'online') await new Promise(setImmediate);
      const lasts = FAST_CLOCK.now() + LASTING;
      do {
        for (let n = 0; n < BATCH; n++) exchange();
        while (received.length < sent.length - BEHIND) received.push((await stanzas.next()).value?.id);
      } while (FAST_CLOCK.now() < lasts);
      proxy.cut(cut % 2 === 0 ? 'both' : 'client');
      while (link.state.name === 'online') await new Promise(setImmediate);
    }
    await Promise.all(sent);
    while (received.length < sent.length) received.push((await stanzas.next()).value?.id);
    const numbers = Array.from(sent.keys(), String);
    assert.deepEqual(received, numbers);
    const arrived: (string | undefined)[] = [];
    while (arrived.length < numbers.length) arrived.push((await nextStanza(peer)).id);
    assert.deepEqual(arrived, numbers);
    await link.send({ kind: 'message', to, id: 'last', payload: [] }, 'acked');
    assert.equal((await nextStanza(peer)).id, 'last');
    assert.equal(log.with('client session is resumed').length, CUTS);
  });
});

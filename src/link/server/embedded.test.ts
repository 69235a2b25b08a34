import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { linkContract } from '../../../test/contract/link.ts';
import type { C2sClient } from '../../../test/support/c2s-client.ts';
import { startHost } from '../../../test/support/embedded-host.ts';
import { Folder } from '../../../test/support/folder.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { oneByOne } from '../../../test/support/one-by-one.ts';
import { element } from '../../xml/element.ts';
import { documentLimits } from '../../xml/limits.ts';
import { parseDocument } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { type Message, newId, readStanza, type Stanza, stanzaElement } from '../../xmpp/stanza.ts';
import { Accounts } from './accounts.ts';
import { openEmbedded } from './embedded.ts';

const DOMAIN = parseJid('localhost');
const ALICE = parseJid('alice@localhost');

const STANZA = /<(message|presence|iq) [\s\S]*?<\/\1>|<(?:message|presence|iq) [^>]*\/>/;

/** The next stanza that reaches a client. */
async function nextStanza(client: C2sClient): Promise<Stanza> {
  const [text] = await client.until(STANZA);
  return readStanza(parseDocument(text, documentLimits(1_000_000), NS.client));
}

function message(from: string, to: string, body = 'hi', id = newId()): Message {
  return {
    kind: 'message',
    type: 'chat',
    from: parseJid(from),
    to: parseJid(to),
    id,
    payload: [element('body', NS.client, {}, [body])],
  };
}

linkContract('the embedded host', async () => {
  await using opened = new AsyncDisposableStack();
  const host = opened.use(await startHost());
  const client = await host.login('alice', { resource: 'peer' });
  const peer = parseJid('alice@localhost/peer');
  const owned = opened.move();
  return {
    link: host.link,
    own: DOMAIN,
    peer,
    deliver: stanza => client.send(write(stanzaElement(stanza), { defaultNs: NS.client })),
    arrived: () => nextStanza(client),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});

describe('the embedded host', () => {
  it('delivers what is sent in the name of a user, and brings back the answer', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'phone' });
    const incoming = oneByOne(host.link.incoming);
    const to = parseJid('bob@localhost/phone');
    await host.link.send({ kind: 'iq', type: 'get', from: ALICE, to, id: 'p1', payload: [element('ping', NS.ping)] });
    assert.deepEqual((await nextStanza(bob)).from, ALICE);
    bob.send("<iq type='result' id='p1' to='alice@localhost'/>");
    const { value: answer } = await incoming.next();
    assert.deepEqual([answer.type, answer.id, answer.from, answer.to], ['result', 'p1', to, ALICE]);
  });

  it('brings back the error for a message that nobody can take', async () => {
    await using host = await startHost();
    const incoming = oneByOne(host.link.incoming);
    for (const to of ['bob@localhost', 'nobody@localhost', 'bob@localhost/away', 'bob@elsewhere.example']) {
      await host.link.send(message('alice@localhost', to, 'hi', 'm1'));
      const { value: bounce } = await incoming.next();
      assert.deepEqual([bounce.kind, bounce.type, bounce.id, bounce.to], ['message', 'error', 'm1', ALICE]);
      assert.equal(bounce.from, to);
    }
  });

  it('takes requests of clients to the domain, and its answers find them', async () => {
    await using host = await startHost();
    const alice = await host.login('alice', { resource: 'a' });
    alice.send("<iq type='get' id='v1' to='localhost'><query xmlns='jabber:iq:version'/></iq>");
    const incoming = oneByOne(host.link.incoming);
    const { value: request } = await incoming.next();
    assert.equal(request.from, 'alice@localhost/a');
    await host.link.send({ kind: 'iq', type: 'result', from: DOMAIN, to: request.from, id: 'v1', payload: [] });
    assert.equal((await nextStanza(alice)).id, 'v1');
  });

  it('refuses a sender of another domain, and a stanza larger than a client may send', async () => {
    await using host = await startHost();
    await assert.rejects(host.link.send(message('alice@elsewhere.example', 'bob@localhost')), TypeError);
    const large = message('alice@localhost', 'bob@localhost', 'x'.repeat(262_144));
    await assert.rejects(host.link.send(large), { code: 'too-large' });
    const namespaces = ['n'.repeat(250), 'm'.repeat(250)];
    const grows = Array.from({ length: 9_000 }, (_, index) => element('x', namespaces[index % 2] ?? ''));
    const nested = { ...message('alice@localhost', 'bob@localhost'), payload: grows };
    await assert.rejects(host.link.send(nested), { code: 'too-large' });
  });

  it('lets senders wait for a client that reads slowly, in order, and then go on', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'slow' });
    bob.send("<presence/><iq type='get' id='x' to='bob@localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await bob.until(/id='x'[^>]*>/);
    bob.pause();
    const body = 'y'.repeat(100_000);
    let sent = 0;
    const sending = Array.from({ length: 120 }, (_, index) =>
      host.link.send(message('alice@localhost', 'bob@localhost', body, `id-${index}`)).then(() => {
        sent += 1;
      }),
    );
    await new Promise(setImmediate);
    assert.ok(sent > 0 && sent < 120, `${sent} were sent to a client that does not read`);
    bob.resume();
    const ids: string[] = [];
    while (ids.length < 120) {
      host.clock.advance(20);
      await bob.until(/<message /).then(async () => ids.push((await bob.until(/id='(id-\d+)'/))[1] ?? ''));
    }
    await Promise.all(sending);
    assert.deepEqual(
      ids,
      Array.from({ length: 120 }, (_, index) => `id-${index}`),
    );
  });

  it('refuses with link-congested after ten seconds in line', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'stuck' });
    bob.send("<presence/><iq type='get' id='x' to='bob@localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await bob.until(/id='x'[^>]*>/);
    bob.pause();
    const body = 'y'.repeat(200_000);
    const outcomes = Promise.allSettled(
      Array.from({ length: 60 }, () => host.link.send(message('alice@localhost', 'bob@localhost', body))),
    );
    for (let looks = 0; looks < 510; looks += 1) {
      host.clock.advance(20);
      await new Promise(setImmediate);
    }
    const refused = (await outcomes).filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0);
    for (const outcome of refused) {
      assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'link-congested');
    }
    assert.equal(bob.ended, false);
  });

  for (const [what, kind] of [
    ['what it sent', 'message'],
    ['what it sent in the name of its account', "presence type='subscribe'"],
  ] as const) {
    it(`stops reading a client while ${what} waits for the owner, and reads on later`, async () => {
      await using host = await startHost();
      const [alice, bob] = [await host.login('alice', { resource: 'a' }), await host.login('bob', { resource: 'b' })];
      const flood = Array.from(
        { length: 200 },
        (_, n) => `<${kind} to='localhost' id='${n}'><body>${'z'.repeat(60_000)}</body></${kind.split(' ')[0]}>`,
      );
      for (const stanza of flood) alice.send(stanza);
      alice.send("<message to='bob@localhost/b' id='after'/>");
      // Time enough for a server that would go on reading; the other client is served all the while.
      for (let n = 0; n < 500; n += 1) {
        bob.send(`<iq type='get' id='alive-${n}' to='bob@localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
        await bob.until(new RegExp(`id='alive-${n}'[^>]*>`));
      }
      assert.equal(bob.text, '', 'the message after the flood must not have been read yet');
      const incoming = oneByOne(host.link.incoming);
      for (let n = 0; n < 200; n += 1) assert.equal((await incoming.next()).value.id, String(n));
      await bob.until(/id='after'/);
    });
  }

  it('says of what comes back to the owner that it is acked once that is handled, or not to be known when the link closes', async () => {
    await using host = await startHost();
    const told: string[] = [];
    const note = (name: string) => [() => told.push(name), ({ code }: { code: string }) => told.push(code)] as const;
    const acked = host.link.send(message('alice@localhost', 'nobody@localhost'), 'acked').then(...note('acked'));
    await host.link.send(message('alice@localhost', 'nobody@localhost'));
    const incoming = host.link.incoming[Symbol.asyncIterator]();
    await incoming.next();
    await new Promise(setImmediate);
    assert.deepEqual(told, []);
    const next = incoming.next();
    await acked;
    assert.deepEqual(told, ['acked']);
    const lost = host.link.send(message('alice@localhost', 'nobody@localhost'), 'acked').then(...note('acked'));
    await next;
    await host.link[Symbol.asyncDispose]();
    await lost;
    assert.deepEqual(told, ['acked', 'link-lost']);
  });

  it('refuses what would come back while the owner is behind, but takes its answers', async () => {
    await using host = await startHost();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_100 }, () => host.link.send(message('alice@localhost', 'nobody@localhost'))),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 100);
    await host.link.send({ kind: 'iq', type: 'result', from: DOMAIN, to: ALICE, id: 'r', payload: [] });
    const incoming = host.link.incoming[Symbol.asyncIterator]();
    const { value: batch } = await incoming.next();
    assert.equal(batch.length, 1_001);
    assert.equal(batch.at(-1).id, 'r');
    const next = incoming.next();
    await host.link.send(message('alice@localhost', 'nobody@localhost'));
    assert.equal((await next).value.length, 1);
  });

  it('closes in two seconds at most, with system-shutdown for everyone', async () => {
    await using host = await startHost();
    const clients = [await host.login('alice'), await host.login('bob', { tls: true }), await host.connect()];
    clients[0]?.pause();
    const before = performance.now();
    await host.link[Symbol.asyncDispose]();
    assert.ok(performance.now() - before < 3_000);
    clients[0]?.resume();
    for (const client of clients) assert.match(await client.rest(), /<system-shutdown [\s\S]*<\/stream:stream>$/);
    assert.deepEqual(host.clock.waits, []);
  });

  it('names the configuration key when the port is taken', async () => {
    await using folder = await Folder.make();
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    using accounts = Accounts.open(`${folder.path}/accounts.sqlite`);
    const c2s = { host: '127.0.0.1', port };
    const opening = openEmbedded({ domain: DOMAIN, c2s, accounts, data: folder.path, log: new MemoryLog() });
    await assert.rejects(opening, {
      message: `hosts.localhost.embedded.c2s: cannot listen on 127.0.0.1:${port}: another program listens there; stop it or choose another port`,
    });
    await new Promise(resolve => blocker.close(resolve));
  });

  it('takes a connection for each user and account that logs in again with the same resource', async () => {
    await using host = await startHost();
    const first = await host.login('bob', { resource: 'same' });
    const second = await host.login('bob', { resource: 'same' });
    assert.match(await first.rest(), /<conflict [\s\S]*<\/stream:stream>$/);
    await host.link.send(message('alice@localhost', 'bob@localhost/same', 'hi', 'm2'));
    assert.equal((await nextStanza(second)).id, 'm2');
  });
});

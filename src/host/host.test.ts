/**
 * What a host knows to have arrived, and whom it waits for, at a server whose confirmations are in the test's hand.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { ACCOUNT, ClientProbe, FULL, message, PEER } from '../../test/support/client-link.ts';
import { Mailbox } from '../../test/support/mailbox.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RestanzaError } from '../errors.ts';
import { element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { Host, type Sink } from './host.ts';
import type { Identity } from './respond.ts';

const software = { name: 'Restanza', version: '1' };
const IDENTITY: Identity = { address: ACCOUNT, category: 'client', type: 'bot', software };
const SENT = { ...message('m'), from: ACCOUNT, to: PEER, id: 'm' };
const PING = {
  kind: 'iq',
  type: 'get',
  from: ACCOUNT,
  to: PEER,
  id: 'i',
  payload: [element('ping', NS.ping)],
} as const;
const incoming = (id: string) => `<message from='${PEER}' to='${FULL}' id='${id}'/>`;
const asking = (ns: string, name: string) =>
  `<iq type='get' from='${PEER}' to='${FULL}' id='asked'><${name} xmlns='${ns}'/></iq>`;
const PATIENCE = { timeout: 10_000, gone: new AbortController().signal };

/** A host, what comes to its sink, and the server's end of its session, which counts nothing by itself. */
async function opened(
  t: TestContext,
  { identity = IDENTITY, ...changed }: Partial<Sink> & { identity?: Identity } = {},
) {
  const server = await C2sServer.listen();
  const probe = new ClientProbe(server.port, { reconnect: false });
  await probe.until('online');
  const taken = new Mailbox<Stanza>();
  const take = async (stanzas: readonly Stanza[]) => {
    for (const stanza of stanzas) taken.put(stanza);
  };
  const sink = { wants: ({ kind }: Stanza) => kind === 'message', take, ...changed };
  const host = new Host(probe.link, { identity, log: new MemoryLog(), sink });
  t.after(async () => {
    await host[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const connection = await server.next();
  connection.answers = false;
  const { session } = connection;
  assert.ok(session);
  const count = (h: number) => connection.send(`<a xmlns='${NS.management}' h='${h}'/>`);
  return { host, link: probe.link, connection, session, taken, count };
}

test('what is sent has arrived when the server has counted it, and is waited for until then', async t => {
  const { host, session, count } = await opened(t);
  let isOver = false;
  const sent = host.send(SENT).then(() => {
    isOver = true;
  });
  await session.arrived.take();
  assert.deepEqual([isOver, host.waiting], [false, 1]);
  count(1);
  await sent;
  assert.equal(host.waiting, 0);
});

test('who sends is told when that takes too long', async t => {
  const { host, session } = await opened(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent = host.send(SENT);
  await session.arrived.take();
  t.mock.timers.tick(15_000);
  await assert.rejects(sent, { code: 'unconfirmed' });
  assert.equal(host.waiting, 0);
});

test('a request that cannot be sent is over at once', async t => {
  const { host, link } = await opened(t);
  await link[Symbol.asyncDispose]();
  await assert.rejects(host.request(PING, PATIENCE), { code: 'link-down' });
});

test('what is waited for no longer is forgotten', async t => {
  const { host, session, count } = await opened(t);
  const outcome = host.deliver(SENT, PATIENCE);
  await session.arrived.take();
  count(1);
  assert.equal(await outcome, undefined);
  assert.equal(host.waiting, 0);
});

test('who asks by the full address of the session is answered', async t => {
  const { host, session } = await opened(t);
  const answer = host.request({ ...PING, from: FULL }, PATIENCE);
  await session.arrived.take();
  session.deliver(`<iq type='result' from='${PEER}' to='${FULL}' id='i'/>`);
  assert.equal((await answer).length, 1);
});

test('who waits when the host is closed is told', async t => {
  const { host, session } = await opened(t);
  const answer = assert.rejects(host.request(PING, PATIENCE), { code: 'link-lost' });
  await session.arrived.take();
  await host[Symbol.asyncDispose]();
  await answer;
});

test('nothing counts as handled before the sink has it safe, however often that takes', async t => {
  const { promise: safe, resolve: save } = Promise.withResolvers<void>();
  const tries = new Mailbox<readonly Stanza[]>();
  let isFull = true;
  const { session, connection } = await opened(t, {
    async take(stanzas) {
      tries.put(stanzas);
      if (isFull) throw new Error('disk full');
      await safe;
    },
  });
  const count = async () => {
    connection.send(`<r xmlns='${NS.management}'/>`);
    for (;;) {
      const { name, attrs } = await connection.said.take();
      if (name === 'a') return attrs['h'];
    }
  };
  session.deliver(incoming('1'));
  const first = await tries.take();
  isFull = false;
  assert.deepEqual(await tries.take(), first);
  session.deliver(incoming('2'));
  assert.equal(await count(), '0');
  save();
  await tries.take();
  assert.notEqual(await count(), '0');
});

test('a host whose sink takes nothing can be closed', async t => {
  const { promise: tried, resolve } = Promise.withResolvers<void>();
  const { host, session } = await opened(t, {
    async take() {
      resolve();
      throw new Error('disk full');
    },
  });
  session.deliver(incoming('1'));
  await tried;
  await host[Symbol.asyncDispose]();
});

test('a host is closed when what it has taken is safe', async t => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let isSafe = false;
  const { host, session } = await opened(t, {
    async take() {
      begin();
      for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
      isSafe = true;
    },
  });
  session.deliver(incoming('1'));
  await begun;
  await host[Symbol.asyncDispose]();
  assert.ok(isSafe);
});

test('strangers are answered again and again, and refused what nobody takes', async t => {
  const { session, count } = await opened(t);
  for (let round = 1; round <= 11; round += 1) {
    for (let ping = 0; ping < 100; ping += 1) session.deliver(asking('urn:xmpp:ping', 'ping'));
    for (let ping = 0; ping < 100; ping += 1) assert.equal((await session.arrived.take()).attrs['type'], 'result');
    count(round * 100);
  }
  session.deliver(asking('urn:example:unknown', 'query'));
  assert.equal((await session.arrived.take()).attrs['type'], 'error');
});

test('an account answers itself what is about it, and a component leaves that to its sink', async t => {
  for (const category of ['client', 'component']) {
    const { session, taken } = await opened(t, { wants: () => true, identity: { ...IDENTITY, category } });
    session.deliver(asking('urn:xmpp:ping', 'ping'));
    if (category === 'client') assert.equal((await session.arrived.take()).attrs['type'], 'result');
    else assert.equal((await taken.take()).id, 'asked');
  }
});

test('who has gone before he asked is not waited for', async t => {
  const { host } = await opened(t);
  const gone = AbortSignal.abort(new RestanzaError('stopping'));
  await assert.rejects(host.request(PING, { ...PATIENCE, gone }), { code: 'stopping' });
  assert.equal(host.waiting, 0);
});

test('results of the own archive stand before the answer, and are for nobody afterwards', async t => {
  const { host, session, taken } = await opened(t);
  const result = (id: string) =>
    `<message from='${ACCOUNT}' to='${FULL}' id='${id}'><result xmlns='${NS.archive}' queryid='q' id='${id}'/></message>`;
  const query = element('query', NS.archive, { queryid: 'q' });
  const answer = host.request({ kind: 'iq', type: 'set', from: ACCOUNT, id: 'i', payload: [query] }, PATIENCE);
  await session.arrived.take();
  session.deliver(result('1'), result('2'), `<iq type='result' from='${ACCOUNT}' to='${FULL}' id='i'/>`);
  assert.deepEqual(
    (await answer).map(({ id }) => id),
    ['1', '2', 'i'],
  );
  session.deliver(result('3'));
  assert.equal((await taken.take()).id, '3');
});

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
import { Host } from './host.ts';

const software = { name: 'Restanza', version: '1' };
const IDENTITY = { address: ACCOUNT, category: 'client', type: 'bot', software } as const;
const SENT = { ...message('m'), from: ACCOUNT, to: PEER, id: 'm' };
const PATIENCE = { timeout: 10_000, gone: new AbortController().signal };

/** A host, what comes to its sink, and the server's end of its session, which counts nothing by itself. */
async function opened(t: TestContext) {
  const server = await C2sServer.listen();
  const probe = new ClientProbe(server.port, { reconnect: false });
  await probe.until('online');
  const taken = new Mailbox<Stanza>();
  const take = async (stanzas: readonly Stanza[]) => {
    for (const stanza of stanzas) taken.put(stanza);
  };
  const sink = { wants: ({ kind }: Stanza) => kind === 'message', take };
  const host = new Host(probe.link, { identity: IDENTITY, log: new MemoryLog(), sink });
  t.after(async () => {
    await host[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const connection = await server.next();
  connection.answers = false;
  const { session } = connection;
  assert.ok(session);
  const count = (h: number) => connection.send(`<a xmlns='${NS.management}' h='${h}'/>`);
  return { host, link: probe.link, session, taken, count };
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
  const iq = {
    kind: 'iq',
    type: 'get',
    from: ACCOUNT,
    to: PEER,
    id: 'i',
    payload: [element('ping', NS.ping)],
  } as const;
  await assert.rejects(host.request(iq, PATIENCE), { code: 'link-down' });
});

test('who has gone before he asked is not waited for', async t => {
  const { host } = await opened(t);
  const iq = {
    kind: 'iq',
    type: 'get',
    from: ACCOUNT,
    to: PEER,
    id: 'i',
    payload: [element('ping', NS.ping)],
  } as const;
  const gone = AbortSignal.abort(new RestanzaError('stopping'));
  await assert.rejects(host.request(iq, { ...PATIENCE, gone }), { code: 'stopping' });
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

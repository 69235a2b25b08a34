/**
 * Waiting for a bounce is no reason to say that a message has arrived.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { ACCOUNT, ClientProbe, FULL, message, PEER } from '../../test/support/client-link.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { NS } from '../xmpp/ns.ts';
import { Host, type Sink } from './host.ts';

const IDENTITY = {
  address: ACCOUNT,
  category: 'client',
  type: 'bot',
  software: { name: 'Restanza', version: '1' },
} as const;
const PATIENCE = { timeout: 20, gone: new AbortController().signal };
const PATIENT = { ...PATIENCE, timeout: 10_000 };
const BOUNCE = `<message type='error' from='${PEER}' to='${FULL}' id='m'/>`;
const SENT = { ...message('m'), from: ACCOUNT, to: PEER, id: 'm' };

/** A host, and the server's end of its session, which counts nothing yet. */
async function opened(t: TestContext, sink?: Sink) {
  const server = await C2sServer.listen();
  const probe = new ClientProbe(server.port, { reconnect: false });
  await probe.until('online');
  const host = new Host(probe.link, { identity: IDENTITY, log: new MemoryLog(), ...(sink && { sink }) });
  t.after(async () => {
    await host[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const connection = await server.next();
  connection.answers = false;
  const { session } = connection;
  assert.ok(session);
  return { host, link: probe.link, connection, session };
}

/** A message that the server has got, and for whose bounce nobody waits any more. */
async function delivering(t: TestContext) {
  const { host, link, connection, session } = await opened(t);
  const outcome = host.deliver(SENT, PATIENCE);
  outcome.catch(() => {});
  await session.arrived.take();
  // When this is over, so is the patience, which began before.
  const ask = { kind: 'iq', type: 'get', from: ACCOUNT, to: PEER, id: 'i', payload: [] } as const;
  await assert.rejects(host.request(ask, PATIENCE), { code: 'reply-timeout' });
  return { link, connection, outcome };
}

test('a message that the server counts later has arrived then, though nobody waits for its bounce any more', async t => {
  const { connection, outcome } = await delivering(t);
  let isOver = false;
  const over = outcome.then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  connection.send(`<a xmlns='${NS.management}' h='1'/>`);
  assert.equal(await outcome, undefined);
  await over;
});

test('a message that the server never counted has not', async t => {
  const { link, outcome } = await delivering(t);
  await link[Symbol.asyncDispose]();
  await assert.rejects(outcome, { code: 'link-lost' });
});

test('a bounce that comes before the count is told', async t => {
  const { host, session } = await opened(t);
  const outcome = host.deliver(SENT, PATIENT);
  await session.arrived.take();
  session.deliver(BOUNCE);
  assert.equal((await outcome)?.type, 'error');
});

test('a bounce that comes before the count is told, also when it stands behind what is being kept', async t => {
  const { promise: kept, resolve: keep } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const take = () => {
    begin();
    return kept;
  };
  const { host, link, connection, session } = await opened(t, { wants: () => true, take });
  session.deliver(`<message from='${PEER}' to='${FULL}' id='other'/>`);
  await begun;
  const before = link.send({ ...SENT, id: 'before' }, 'acked');
  const outcome = host.deliver(SENT, PATIENT);
  await session.arrived.take();
  session.deliver(BOUNCE);
  connection.send(`<a xmlns='${NS.management}' h='2'/>`);
  await before;
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  keep();
  assert.equal((await outcome)?.type, 'error');
});

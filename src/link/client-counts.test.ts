/**
 * What a client link counts, shows and answers of what comes, and how long it goes on.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type C2sConnection, C2sServer, type C2sServerOptions } from '../../test/support/c2s-server.ts';
import { ClientProbe, FULL, message, PEER } from '../../test/support/client-link.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { COMPONENT_LIMITS } from '../xml/limits.ts';

/** A link that is online, and the server's end of it. */
async function online(t: TestContext, offer: Partial<C2sServerOptions> = {}) {
  const server = await C2sServer.listen(offer);
  const probe = new ClientProbe(server.port);
  t.after(async () => {
    await probe[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  await probe.until('online');
  const connection = await server.next();
  const { session } = connection;
  assert.ok(session);
  return { server, probe, link: probe.link, clock: probe.clock, connection, session };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

/** The count that the server is told next. */
async function told({ said }: C2sConnection): Promise<string | undefined> {
  return (await said.take()).attrs['h'];
}

const ASK = "<r xmlns='urn:xmpp:sm:3'/>";
const incoming = (id: string | number, body = 'hi') =>
  `<message from='${PEER}' to='${FULL}' id='${id}'><body>${body}</body></message>`;

describe('what comes on a client link', () => {
  it('counts also when it is too large to be let in', async t => {
    const { link, connection, session } = await online(t);
    const stanzas = oneByOne(link.incoming);
    session.deliver(incoming(1, 'x'.repeat(COMPONENT_LIMITS.bytes)), incoming(2), incoming(3));
    assert.equal((await stanzas.next()).value?.id, '2');
    assert.equal((await stanzas.next()).value?.id, '3');
    void stanzas.next();
    await turns();
    connection.send(ASK);
    assert.equal(await told(connection), '3');
  });

  it('is answered when it is a request that is not let in', async t => {
    const { session } = await online(t);
    session.deliver(`<iq type='ask' id='r' from='${PEER}' to='${FULL}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    const { attrs } = await session.arrived.take();
    assert.deepEqual([attrs['type'], attrs['id'], attrs['to']], ['error', 'r', PEER]);
  });

  it('is not shown any more when the link is closed, as the server was told', async t => {
    const { link, session } = await online(t);
    const batches = link.incoming[Symbol.asyncIterator]();
    session.deliver(incoming(1));
    await batches.next();
    session.deliver(incoming(2));
    await turns();
    await link[Symbol.asyncDispose]();
    assert.equal((await batches.next()).done, true);
    assert.equal(session.unacknowledged.length, 2);
  });

  it('does not hold the answers to probes', async t => {
    const { link, session } = await online(t, { manages: false });
    const stanzas = oneByOne(link.incoming);
    await link.send(message('m'), 'acked');
    session.deliver(incoming(1));
    assert.equal((await stanzas.next()).value?.id, '1');
  });

  it('is no sign of a dead stream when nobody reads it', async t => {
    const { link, clock, connection, session } = await online(t);
    connection.answers = false;
    void link.send(message('m'), 'acked').catch(() => {});
    await session.arrived.take();
    session.deliver(...Array.from({ length: 300 }, (_, id) => incoming(id)));
    await turns();
    for (let time = 0; time < 6; time++) {
      clock.advance(10_000);
      await turns();
    }
    assert.equal(link.state.name, 'online');
  });
});

describe('a client link', () => {
  it('takes a count for what it is also where sessions cannot be resumed', async t => {
    const { link, connection, session } = await online(t, { resumes: false });
    connection.answers = false;
    let isOver = false;
    await link.send(message(1));
    const sent = link.send(message(2), 'acked').then(() => {
      isOver = true;
    });
    for (let n = 0; n < 2; n++) await session.arrived.take();
    connection.send("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    await turns();
    assert.equal(isOver, false);
    connection.send("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    await sent;
  });

  it('keeps a session that was resumed for as long as it lasts', async t => {
    const { server, probe, link, clock, connection } = await online(t);
    connection.reset();
    await probe.until('suspended');
    clock.advance(500);
    await probe.until('online');
    assert.deepEqual(clock.waits, [60_000], 'only the next probe is due');
    assert.deepEqual([link.state.name, server.accepted], ['online', 2]);
  });

  it('comes back at once from a session that lasted, and later and later when none does', async t => {
    const { server, probe, clock, connection } = await online(t, { manages: false });
    let current = connection;
    for (let time = 0; time < 2; time++) {
      clock.advance(15_000);
      current.reset();
      assert.equal((await probe.until('connecting')).retryIn, 1);
      clock.advance(1_000);
      await probe.until('online');
      current = await server.next();
    }
    clock.advance(15_000);
    await server[Symbol.asyncDispose]();
    const waits: number[] = [];
    for (let time = 0; time < 3; time++) {
      waits.push((await probe.until('connecting')).retryIn);
      clock.advance(20_000);
    }
    assert.deepEqual(waits, [1, 2, 4]);
  });
});

/**
 * How a component link behaves when the server does not keep up.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ComponentProbe, DOMAIN, message, SECRET } from '../../test/support/component-link.ts';
import { ComponentServer } from '../../test/support/component-server.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { RestanzaError } from '../errors.ts';

async function online(t: TestContext) {
  const server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET });
  const probe = new ComponentProbe(server.port);
  t.after(async () => {
    await probe[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  await probe.until('online');
  return { probe, link: probe.link, clock: probe.clock, connection: await server.next() };
}

/** Sends numbered messages at once; the outcome of each stands in the list when it is known. */
function flood(link: ComponentProbe['link'], count: number, body: string) {
  const outcomes: (string | undefined)[] = Array.from({ length: count }, () => undefined);
  const all = outcomes.map((_, id) =>
    link.send(message(id, body)).then(
      () => {
        outcomes[id] = 'sent';
      },
      error => {
        outcomes[id] = error instanceof RestanzaError ? error.code : String(error);
      },
    ),
  );
  const having = (outcome: string | undefined) => outcomes.filter(one => one === outcome).length;
  return { outcomes, count: having, all: Promise.all(all) };
}

/** Lets everything that can happen now happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

describe('a component link whose server stops reading', () => {
  it('lets 1,024 stanzas out, keeps the others waiting, and goes on in order when it reads again', async t => {
    const { link, connection } = await online(t);
    connection.socket.pause();
    const { count, all } = flood(link, 3_000, 'x'.repeat(1_000));
    await turns();
    assert.equal(count('sent'), 1_024);
    assert.equal(count(undefined), 1_976);
    connection.socket.resume();
    for (let id = 0; id < 3_000; id++) assert.equal((await connection.arrived.take()).attrs['id'], String(id));
    await all;
    assert.equal(count('sent'), 3_000);
  });

  it('refuses who has waited for 10 s, and works again once the server reads', async t => {
    const { link, connection, clock } = await online(t);
    connection.socket.pause();
    const { count, all } = flood(link, 2_000, 'x'.repeat(1_000));
    await turns();
    clock.advance(9_999);
    await turns();
    assert.equal(count('link-congested'), 0);
    clock.advance(1);
    await all;
    assert.equal(count('link-congested'), 976);
    connection.socket.resume();
    for (let id = 0; id < 1_024; id++) assert.equal((await connection.arrived.take()).attrs['id'], String(id));
    await link.send(message('after'), 'acked');
    assert.equal((await connection.arrived.take()).attrs['id'], 'after');
    assert.equal(connection.arrived.length, 0);
  });

  it('keeps no more than 4 MiB on the way and 16 MiB in line', async t => {
    const { link, connection } = await online(t);
    connection.socket.pause();
    const MIB = 1024 * 1024;
    const { outcomes } = flood(link, 400, 'x'.repeat(MIB / 4));
    await turns();
    const bytes = (outcome: string | undefined) => outcomes.filter(one => one === outcome).length * (MIB / 4);
    assert.equal(bytes('sent'), 3.75 * MIB);
    assert.equal(bytes(undefined), 15.75 * MIB);
    assert.deepEqual(new Set(outcomes.slice(-300)), new Set(['link-congested']));
    connection.socket.resume();
    for (let id = 0; id < 78; id++) assert.equal((await connection.arrived.take()).attrs['id'], String(id));
  });

  it('does not take its own slowness for the server’s', async t => {
    const { probe, link, connection, clock } = await online(t);
    for (let id = 0; id < 2_000; id++) connection.send(`<message from='alice@example.net' to='${DOMAIN}' id='${id}'/>`);
    await turns();
    await link.send(message('1'));
    for (const ms of [200, 10_000, 10_000, 10_000, 600_000]) {
      clock.advance(ms);
      await turns();
    }
    assert.deepEqual(probe.log.with('component link is down'), []);
    const incoming = oneByOne(link.incoming);
    for (let id = 0; id < 2_000; id++) assert.equal((await incoming.next()).value.id, String(id));
    await link.send(message('2'), 'acked');
  });

  it('notices a dead server once it reads again', async t => {
    const { probe, link, connection, clock } = await online(t);
    connection.routes = false;
    for (let id = 0; id < 2_000; id++) connection.send(`<message from='alice@example.net' to='${DOMAIN}' id='${id}'/>`);
    await turns();
    await link.send(message('1'));
    clock.advance(200);
    await turns();
    const incoming = oneByOne(link.incoming);
    for (let id = 0; id < 2_000; id++) await incoming.next();
    for (const ms of [10_000, 10_000, 10_000]) clock.advance(ms);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /did not come back/);
  });
});

describe('a component link under load', () => {
  it('sends 50,000 stanzas in order through a window of 1,024', async t => {
    const { link, connection } = await online(t);
    let next = 0;
    const worker = async () => {
      while (next < 50_000) await link.send(message(next++));
    };
    const workers = Promise.all(Array.from({ length: 2_000 }, worker));
    for (let id = 0; id < 50_000; id++) assert.equal((await connection.arrived.take()).attrs['id'], String(id));
    await workers;
  });
});

/**
 * What a component link does about the end of its connection: for who waits, for the log, and for the next try.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ComponentProbe, DOMAIN, message, PEER, SECRET } from '../../test/support/component-link.ts';
import { ComponentServer, listenRaw } from '../../test/support/component-server.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { isStreamCondition, STREAM_CONDITIONS } from '../xmpp/conditions.ts';
import { STREAM_END, streamError } from '../xmpp/header.ts';
import type { LinkState } from './link.ts';

describe('a component link that loses its connection', () => {
  async function established(t: TestContext, chance = 0) {
    const server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET });
    const probe = new ComponentProbe(server.port, chance);
    t.after(async () => {
      await probe[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    await probe.until('online');
    return { server, probe, link: probe.link, connection: await server.next() };
  }

  it('rejects who waits for a confirmation, and says how much may be lost', async t => {
    const { probe, link, connection } = await established(t);
    connection.routes = false;
    const acked = [1, 2].map(id =>
      assert.rejects(link.send(message(id), 'acked'), { code: 'link-lost', retryAfter: 1 }),
    );
    await link.send(message(3));
    await connection.kept.take();
    connection.socket.destroy();
    await Promise.all(acked);
    assert.equal(probe.log.with('component link is down')[0]?.['unconfirmed'], 3);
  });

  it('rejects who stands in line with link-down: that stanza was not sent', async t => {
    const { link, connection } = await established(t);
    connection.routes = false;
    const sent = Array.from({ length: 1_024 }, (_, id) => link.send(message(id)));
    const waiting = assert.rejects(link.send(message('waiting')), { code: 'link-down', retryAfter: 1 });
    await Promise.all(sent);
    connection.socket.destroy();
    await waiting;
  });

  it('says in whole seconds when a repeat makes sense', async t => {
    const { probe, link, connection } = await established(t, 0.5);
    connection.socket.destroy();
    assert.deepEqual((await probe.until('connecting')).retryIn, 2);
    const retryAfter = async () => {
      const error = await link.send(message(1)).catch(error => error);
      return error.retryAfter;
    };
    assert.equal(await retryAfter(), 2);
    probe.clock.advance(1_000);
    assert.equal(await retryAfter(), 1);
    probe.clock.advance(499);
    assert.equal(await retryAfter(), 1);
  });

  it('is told the new state before anything else happens', async t => {
    const { link, connection } = await established(t);
    const order: string[] = [];
    link.onState = state => order.push(state.name);
    const acked = link.send(message(1), 'acked').catch(() => order.push('rejected'));
    connection.socket.destroy();
    await acked;
    assert.deepEqual(order, ['connecting', 'rejected']);
  });

  it('slows down while the server accepts and drops, and not after it has lasted', async t => {
    const { server, probe, connection } = await established(t);
    const waits: number[] = [];
    let current = connection;
    for (let round = 0; round < 6; round++) {
      current.socket.destroy();
      waits.push((await probe.until('connecting')).retryIn);
      probe.clock.advance(15_000);
      await probe.until('online');
      current = await server.next();
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 15, 15]);
    probe.clock.advance(10_000);
    current.socket.destroy();
    assert.equal((await probe.until('connecting')).retryIn, 1);
  });

  it('comes back from each stream error as its condition asks, and closes the socket', async t => {
    for (const condition of Object.keys(STREAM_CONDITIONS).filter(isStreamCondition)) {
      const { probe, connection } = await established(t);
      connection.socket.write(streamError(condition, 'because') + STREAM_END);
      await connection.closed;
      const state = await probe.change();
      const reconnect = STREAM_CONDITIONS[condition];
      assert.ok(state.name === 'connecting' && state.cause !== undefined, condition);
      assert.equal(state.cause.condition, condition);
      assert.equal(state.retryIn, { retry: 1, yield: 10, stop: 30 }[reconnect], condition);
      probe.clock.advance(state.retryIn * 1_000);
      await probe.until('online');
    }
  });

  it('comes back, after minutes, to a server that did not take it any more', async t => {
    const { server, probe, link, connection } = await established(t);
    connection.send(`<message from='${PEER}' to='${DOMAIN}' id='last'/>${streamError('not-authorized')}`);
    await probe.until('connecting');
    const error = await link.send(message(1)).catch(error => error);
    assert.equal(error.code, 'link-down');
    assert.equal(error.retryAfter, 30);
    const [line] = probe.log.with('component link is down until something is done');
    assert.equal(line?.['level'], 'error');
    assert.equal(line?.['condition'], 'not-authorized');
    assert.match(String(line?.['cause']), /component\.secret/);
    probe.clock.advance(30_000);
    await probe.until('online');
    (await server.next()).send(`<message from='${PEER}' to='${DOMAIN}' id='first'/>`);
    const incoming = oneByOne(link.incoming);
    assert.deepEqual([(await incoming.next()).value?.id, (await incoming.next()).value?.id], ['last', 'first']);
  });

  it('cuts a connection on which probes stay unanswered, and connects again', async t => {
    const { server, probe, connection } = await established(t);
    connection.routes = false;
    probe.clock.advance(60_000);
    const probes = [await connection.kept.take()];
    for (const ms of [10_000, 10_000]) {
      probe.clock.advance(ms);
      probes.push(await connection.kept.take());
    }
    assert.equal(new Set(probes.map(({ attrs }) => attrs['id'])).size, 1);
    assert.equal(probe.link.state.name, 'online');
    probe.clock.advance(10_000);
    const { cause, retryIn } = await probe.until('connecting');
    assert.equal(cause?.text, 'a ping through the server did not come back within 30 s');
    await connection.closed;
    probe.clock.advance(retryIn * 1_000);
    await probe.until('online');
    await server.next();
    assert.equal(server.open, 1);
  });

  it('yields when another connection may have got its probes', async t => {
    const { probe, connection } = await established(t);
    connection.routes = false;
    connection.send(`<iq type='get' id='restanza-probe-x-1' from='${DOMAIN}' to='${DOMAIN}'/>`);
    await oneByOne(probe.link.incoming).next();
    for (const ms of [60_000, 10_000, 10_000, 10_000]) probe.clock.advance(ms);
    const { cause, retryIn } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /another connection serves rest\.example\.net/);
    assert.equal(retryIn, 10);
  });

  it('stays slow after a reconnect while nobody pulls, and loses nothing that it had read', async t => {
    const { server, probe, link, connection } = await established(t);
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => `<message from='${PEER}' to='${DOMAIN}' id='${from + n}'/>`).join('');
    connection.send(numbered(0, 1_500));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    connection.socket.resetAndDestroy();
    // A link that does not read learns from its own writes that nobody listens.
    for (let poke = 0; link.state.name === 'online'; poke++) {
      assert.ok(poke < 1_000);
      void link.send(message(poke));
      await new Promise(setImmediate);
    }
    const { retryIn } = await probe.until('connecting');
    probe.clock.advance(retryIn * 1_000);
    await probe.until('online');
    let end = 1_500;
    await (await server.next()).fill(() => {
      assert.ok(end < 500_000, 'the link takes without end');
      end += 5_000;
      return numbered(end - 5_000, end);
    });
    // What had not been read when the first connection ended is lost with it, from one place on.
    let expected = 0;
    for await (const { id } of oneByOne(link.incoming)) {
      if (expected < 1_500 && id === '1500') expected = 1_500;
      assert.equal(id, String(expected++));
      if (expected === end) break;
    }
  });

  it('closes while it waits for the next try', async t => {
    const { probe, link, connection, server } = await established(t);
    connection.socket.destroy();
    await probe.until('connecting');
    await link[Symbol.asyncDispose]();
    assert.deepEqual(probe.clock.waits, []);
    probe.clock.advance(600_000);
    assert.equal(server.accepted, 1);
    assert.deepEqual(await Array.fromAsync(oneByOne(link.incoming)), []);
  });

  it('closes in the middle of a handshake', async () => {
    await using server = await listenRaw(() => {});
    const probe = new ComponentProbe(server.port);
    await probe[Symbol.asyncDispose]();
    const expected: LinkState = { name: 'closed', cause: { text: 'the gateway has closed the link' } };
    assert.deepEqual(probe.link.state, expected);
    assert.deepEqual(probe.clock.waits, []);
  });
});

describe('two component links for one domain', () => {
  /** Lets both live for ten minutes and returns how many connections they made. */
  async function fought(conflict: 'kick_new' | 'kick_old'): Promise<{ accepted: number; log: readonly unknown[] }> {
    await using server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET, conflict });
    await using first = new ComponentProbe(server.port);
    await first.until('online');
    await using second = new ComponentProbe(server.port);
    let loser = conflict === 'kick_new' ? second : first;
    for (let elapsed = 0; elapsed < 600_000; ) {
      const { cause, retryIn } = await loser.until('connecting');
      assert.equal(cause?.condition, 'conflict');
      assert.ok(retryIn >= 10);
      // Both clocks are told in steps shorter than the patience for a probe, so that answers come in between.
      for (const probe of [first, second]) probe.clock.advance(retryIn * 1_000);
      elapsed += retryIn * 1_000;
      if (conflict === 'kick_old') loser = loser === first ? second : first;
    }
    return {
      accepted: server.accepted,
      log: [...first.log.with('component link is down'), ...second.log.with('component link is down')],
    };
  }

  it('do not fight where the server refuses the second', async () => {
    const { accepted } = await fought('kick_new');
    assert.ok(accepted <= 2 + 600 / 10, `${accepted}`);
  });

  it('do not fight where the server drops the first', async () => {
    const { accepted, log } = await fought('kick_old');
    assert.ok(accepted <= 2 + 600 / 10, `${accepted}`);
    assert.match(JSON.stringify(log[0]), /another connection serves rest\.example\.net: stop the other gateway/);
  });
});

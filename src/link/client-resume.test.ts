/**
 * What a client link does with a session when its connection breaks.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  type C2sConnection,
  C2sServer,
  type C2sServerOptions,
  type C2sSession,
} from '../../test/support/c2s-server.ts';
import { ACCOUNT, ClientProbe, FULL, message, PEER } from '../../test/support/client-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import type { ClientOptions } from './client-options.ts';

/** A link that is online, and the server's end of it. */
async function online(t: TestContext, offer: Partial<C2sServerOptions> = {}, options: Partial<ClientOptions> = {}) {
  const server = await C2sServer.listen(offer);
  const probe = new ClientProbe(server.port, options);
  t.after(async () => {
    await probe[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  await probe.until('online');
  const connection = await server.next();
  return { server, probe, link: probe.link, clock: probe.clock, connection, session: sessionOf(connection) };
}

function sessionOf({ session }: C2sConnection): C2sSession {
  assert.ok(session);
  return session;
}

/** Lets everything that can happen now happen. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

async function arrivals(session: C2sSession, count: number): Promise<readonly (string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  for (let n = 0; n < count; n++) ids.push((await session.arrived.take()).attrs['id']);
  return ids;
}

function incoming(id: string | number): string {
  return `<message from='${PEER}' to='${FULL}' id='${id}'><body>hi</body></message>`;
}

describe('a client link whose connection breaks', () => {
  it('resumes the session, sends again what the server has not got, and then what came meanwhile', async t => {
    const { server, probe, link, clock, connection, session } = await online(t);
    await link.send(message(1), 'acked');
    connection.socket.pause();
    const waiting = [2, 3, 4].map(id => link.send(message(id), 'acked'));
    await turns();
    connection.reset();
    const { cause } = await probe.until('suspended');
    assert.match(cause.text, /closed from the other side/);
    waiting.push(link.send(message(5)), link.send(message(6), 'acked'));
    clock.advance(500);
    await probe.until('online');
    await Promise.all(waiting);
    assert.equal((await server.next()).session, session);
    assert.deepEqual(await arrivals(session, 6), ['1', '2', '3', '4', '5', '6']);
    assert.equal(session.handled, 6);
    assert.deepEqual([probe.sessions, link.bound], [[true], FULL]);
  });

  it('tries first where the session would rather be resumed, and then where the account is', async t => {
    let asked = 0;
    await using elsewhere = await listenRaw(socket => {
      asked += 1;
      socket.destroy();
    });
    const { server, probe, link, clock, connection } = await online(t, { location: `127.0.0.1:${elsewhere.port}` });
    connection.reset();
    await probe.until('suspended');
    for (let time = 0; time < 1_000 && link.state.name !== 'online'; time++) {
      clock.advance(10);
      await turns();
    }
    assert.deepEqual([link.state.name, asked, server.accepted, probe.sessions], ['online', 1, 2, [true]]);
  });

  it('does not send again what the server has counted', async t => {
    const { server, probe, link, clock, connection, session } = await online(t);
    connection.answers = false;
    const sent = [1, 2, 3].map(id => link.send(message(id), 'acked'));
    await arrivals(session, 3);
    connection.reset();
    await probe.until('suspended');
    clock.advance(500);
    await probe.until('online');
    await Promise.all(sent);
    await server.next();
    await link.send(message(4), 'acked');
    assert.deepEqual(await arrivals(session, 1), ['4']);
  });

  it('takes nothing twice, whether it had handled it, pulled it, or only got it', async t => {
    const { probe, link, clock, connection, session } = await online(t);
    const batches = link.incoming[Symbol.asyncIterator]();
    session.deliver(incoming(1), incoming(2));
    const first = await batches.next();
    assert.deepEqual(
      first.value?.map(({ id }: { id?: string }) => id),
      ['1', '2'],
    );
    const second = batches.next();
    session.deliver(incoming(3));
    await second;
    session.deliver(incoming(4), incoming(5));
    await turns();
    connection.reset();
    await probe.until('suspended');
    session.deliver(incoming(6));
    clock.advance(500);
    await probe.until('online');
    assert.equal(session.acknowledged, 2);
    const rest: (string | undefined)[] = [];
    while (rest.length < 3) rest.push(...((await batches.next()).value ?? []).map(({ id }: { id?: string }) => id));
    assert.deepEqual(rest, ['4', '5', '6']);
  });

  it('says what became of everything when the server has forgotten the session', async t => {
    for (const tells of [true, false]) {
      const { server, probe, link, clock, connection, session } = await online(t);
      Object.assign(server, { remembers: false, tells });
      connection.answers = false;
      const counted = link.send(message('counted'), 'acked');
      await session.arrived.take();
      connection.socket.pause();
      const lost = link.send(message('lost'), 'acked');
      await link.send(message('lost as well'));
      await turns();
      connection.reset();
      await probe.until('suspended');
      const inLine = link.send(message('in line'));
      clock.advance(500);
      await probe.until('online');
      const fate = (sent: Promise<void>) =>
        sent.then(
          () => 'sent',
          error => error.code,
        );
      assert.deepEqual(await Promise.all([counted, lost, inLine].map(fate)), [
        tells ? 'sent' : 'link-lost',
        'link-lost',
        'link-down',
      ]);
      const [line] = probe.log.with('client session cannot be resumed');
      assert.equal(line?.['unconfirmed'], tells ? 2 : 3);
      assert.deepEqual(probe.sessions, [true, false]);
      const next = sessionOf(await server.next());
      await link.send(message('after'), 'acked');
      assert.deepEqual(await arrivals(next, 1), ['after']);
    }
  });

  it('gives a session up when its time is over, and begins a new one', async t => {
    const { server, probe, link, clock, connection } = await online(t);
    const { port } = server;
    await server[Symbol.asyncDispose]();
    await connection.closed;
    await probe.until('suspended');
    const inLine = link.send(message('in line'));
    inLine.catch(() => {});
    for (let seconds = 0; seconds < 120; seconds += 5) {
      clock.advance(5_000);
      await turns();
    }
    await assert.rejects(inLine, { code: 'link-congested' });
    const { cause, retryIn } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /could not be resumed .* within 120 s/);
    await assert.rejects(link.send(message('x')), { code: 'link-down', retryAfter: retryIn });
    await using again = await C2sServer.listen({}, port);
    clock.advance(retryIn * 1_000);
    await probe.until('online');
    await again.next();
    assert.deepEqual(probe.sessions, [true, false]);
  });

  it('asks for a new session where sessions cannot be resumed', async t => {
    for (const offer of [{ resumes: false }, { manages: false }]) {
      const { probe, link, clock, connection, session } = await online(t, offer);
      connection.answers = false;
      const sent = link.send(message('1'), 'acked');
      await session.arrived.take();
      connection.reset();
      await probe.until('connecting');
      await assert.rejects(sent, { code: 'link-lost' });
      clock.advance(2_000);
      await probe.until('online');
      assert.deepEqual(probe.sessions, [true, false]);
    }
  });

  it('does not go back to a session that the server has closed', async t => {
    const { probe, clock, connection } = await online(t);
    connection.send('</stream:stream>');
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /closed the stream/);
    clock.advance(2_000);
    await probe.until('online');
    assert.deepEqual(probe.sessions, [true, false]);
  });

  it('ends the stream of a server that counts too much', async t => {
    const { probe, connection } = await online(t);
    connection.socket.resume();
    const heard: string[] = [];
    connection.socket.on('data', chunk => heard.push(String(chunk)));
    connection.send("<a xmlns='urn:xmpp:sm:3' h='7'/>");
    await probe.until('connecting');
    await connection.closed;
    assert.match(
      heard.join(''),
      /<undefined-condition.*<handled-count-too-high xmlns='urn:xmpp:sm:3' h='7' send-count='0'/,
    );
  });

  it('notices within 30 s that nobody answers when somebody waits, and goes back to the session', async t => {
    const { server, probe, link, clock, connection, session } = await online(t);
    connection.answers = false;
    const sent = link.send(message('1'), 'acked');
    await session.arrived.take();
    for (let time = 0; time < 3; time++) {
      clock.advance(10_000);
      await turns();
    }
    const { cause } = await probe.until('suspended');
    assert.match(cause.text, /did not answer for 30 s/);
    clock.advance(500);
    await probe.until('online');
    await sent;
    assert.equal(server.accepted, 2);
  });

  it('is closed, without reconnect, when the session cannot be gone back to', async t => {
    const { server, probe, link, clock, connection } = await online(t, {}, { reconnect: false });
    connection.reset();
    await probe.until('suspended');
    clock.advance(500);
    await probe.until('online');
    const second = await server.next();
    await server[Symbol.asyncDispose]();
    await second.closed;
    await probe.until('suspended');
    clock.advance(120_000);
    await probe.until('closed');
    await assert.rejects(link.send(message('x')), { code: 'link-down' });
    assert.deepEqual(clock.waits, []);
  });
});

describe('the counts of a client link', () => {
  it('are told when the server asks, and again once the rest is handled', async t => {
    const { link, connection, session } = await online(t);
    const stanzas = oneByOne(link.incoming);
    session.deliver(incoming(1), incoming(2));
    connection.send("<r xmlns='urn:xmpp:sm:3'/>");
    assert.equal((await connection.said.take()).attrs['h'], '0');
    await stanzas.next();
    await stanzas.next();
    const third = stanzas.next();
    assert.equal((await connection.said.take()).attrs['h'], '2');
    session.deliver(incoming(3));
    await third;
  });

  it('include what is not let in, in its turn', async t => {
    const { link, connection, session } = await online(t);
    const stanzas = oneByOne(link.incoming);
    const forged = `<iq type='set' id='r' from='${PEER}' to='${FULL}'><query xmlns='jabber:iq:roster'/></iq>`;
    session.deliver(incoming(1), forged);
    connection.send('<other/>');
    session.deliver(incoming(2));
    assert.equal((await stanzas.next()).value?.id, '1');
    connection.send("<r xmlns='urn:xmpp:sm:3'/>");
    assert.equal((await connection.said.take()).attrs['h'], '0');
    assert.equal((await stanzas.next()).value?.id, '2');
    session.deliver(incoming(3));
    assert.equal((await stanzas.next()).value?.id, '3');
    connection.send("<r xmlns='urn:xmpp:sm:3'/>");
    assert.equal((await connection.said.take()).attrs['h'], '3');
  });

  it('are told before the stream is closed', async t => {
    const { link, connection, session } = await online(t);
    const stanzas = oneByOne(link.incoming);
    session.deliver(incoming(1));
    await stanzas.next();
    void stanzas.next();
    await turns();
    await link[Symbol.asyncDispose]();
    assert.equal((await connection.said.take()).attrs['h'], '1');
    assert.deepEqual([session.acknowledged, session.unacknowledged], [1, []]);
  });

  it('bound what is unconfirmed: the rest waits', async t => {
    const { link, connection, session } = await online(t);
    connection.answers = false;
    const sent = Array.from({ length: 300 }, (_, id) => link.send(message(id)));
    assert.equal((await arrivals(session, 256)).at(-1), '255');
    await turns();
    assert.equal(session.arrived.length, 0);
    connection.answers = true;
    connection.send(`<a xmlns='urn:xmpp:sm:3' h='256'/>`);
    await Promise.all(sent);
    assert.equal((await arrivals(session, 44)).at(-1), '299');
  });
});

describe('a new session', () => {
  it('says what it was told to say, and a resumed one does not', async t => {
    const { server, probe, clock, connection, session } = await online(t, {}, { presence: true, carbons: true });
    const kinds = async (at: C2sSession) => [(await at.arrived.take()).name, (await at.arrived.take()).name];
    assert.deepEqual(await kinds(session), ['iq', 'presence']);
    connection.reset();
    await probe.until('suspended');
    clock.advance(500);
    await probe.until('online');
    const second = await server.next();
    await turns();
    assert.equal(session.arrived.length, 0);
    second.send('</stream:stream>');
    await probe.until('connecting');
    clock.advance(2_000);
    await probe.until('online');
    assert.deepEqual(await kinds(sessionOf(await server.next())), ['iq', 'presence']);
  });

  it('sends as the account, and as nobody else', async t => {
    const { link, session } = await online(t);
    for (const from of [undefined, ACCOUNT, FULL]) {
      const { from: _, ...rest } = message('m');
      await link.send(from === undefined ? rest : { ...rest, from });
      assert.equal((await session.arrived.take()).attrs['from'], undefined);
    }
    await assert.rejects(link.send({ ...message('m'), from: PEER }), TypeError);
  });
});

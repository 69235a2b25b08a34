/**
 * A client link whose server sends it to another one (RFC 6120 §4.9.3.19), and one whose domain has several servers.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createSecureContext, createServer, TLSSocket } from 'node:tls';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { type Issued, TestAuthority } from '../../test/support/certificates.ts';
import { ClientProbe, message } from '../../test/support/client-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { portOf } from '../../test/support/port-of.ts';
import { TcpProxy } from '../../test/support/tcp-proxy.ts';
import { TlsAttacker } from '../../test/support/tls-attacker.ts';
import { Zone } from '../../test/support/zone.ts';
import { openStream, STREAM_END } from '../xmpp/header.ts';
import { NS } from '../xmpp/ns.ts';
import { trusting } from './tls-client.ts';

const HEADER = openStream({ contentNs: NS.client, from: 'home.example', id: 'x', version: '1.0' });
const elsewhere = (address: string) =>
  `<stream:error><see-other-host xmlns='${NS.streamErrors}'>${address}</see-other-host></stream:error>${STREAM_END}`;

/** A server that sends everyone on, as soon as it has heard something, and keeps that. */
async function sending(address: (port: number) => string, features = '') {
  const heard: string[] = [];
  const server = await listenRaw(socket => {
    socket.once('data', chunk => {
      heard.push(String(chunk));
      if (features === '') socket.end(HEADER + elsewhere(address(server.port)));
      else answer(socket);
    });
  });
  const answer = (socket: Socket) => {
    socket.write(HEADER + features);
    socket.once('data', chunk => {
      heard.push(String(chunk));
      socket.end(elsewhere(address(server.port)));
    });
  };
  return { server, heard };
}

/** Listens over TLS as long as the test lasts; returns the port. */
async function overTls(t: TestContext, issued: Issued, said = ''): Promise<number> {
  const server = createServer(issued, socket => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(said));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return portOf(server);
}

describe('a client link whose server sends it to another one', () => {
  for (const reconnect of [true, false]) {
    it(`at the login goes there at once, ${reconnect ? 'and comes back for ever' : 'in the one login that it has'}`, async () => {
      await using home = await C2sServer.listen();
      const { server, heard } = await sending(() => `127.0.0.1:${home.port}`);
      await using _server = server;
      await using probe = new ClientProbe(server.port, { reconnect });
      assert.deepEqual(await probe.change(), { name: 'online' });
      assert.match(heard.join(''), /^<\?xml version='1.0'\?><stream:stream [^>]*to='home.example'/);
      assert.deepEqual([home.accepted, probe.sessions], [1, [true]]);
      assert.equal(probe.log.with('client login goes on at another server').length, 1);
      await probe.link.send(message(1), 'acked');
    });
  }

  it('having seen the password goes there with it', async () => {
    await using home = await C2sServer.listen();
    const mechanisms = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms>`;
    const features = `<stream:features>${mechanisms}</stream:features>`;
    const { server } = await sending(() => `localhost:${home.port}`, features);
    await using _server = server;
    await using probe = new ClientProbe(server.port);
    assert.deepEqual(await probe.change(), { name: 'online' });
  });

  it('in the middle of a session resumes it there', async () => {
    await using home = await C2sServer.listen();
    await using other = await TcpProxy.listen(home.port);
    await using probe = new ClientProbe(home.port);
    await probe.until('online');
    const connection = await home.next();
    connection.answers = false;
    const sent = probe.link.send(message(1), 'acked');
    await connection.session?.arrived.take();
    connection.send(elsewhere(`127.0.0.1:${other.port}`));
    const { cause } = await probe.until('suspended');
    assert.equal(cause.condition, 'see-other-host');
    probe.clock.advance(500);
    assert.deepEqual(await probe.change(), { name: 'online' });
    await sent;
    assert.deepEqual([other.accepted, probe.sessions], [1, [true]]);
    assert.equal((await home.next()).session, connection.session);
  });

  it('in the middle of a session that cannot be resumed begins a new one there', async () => {
    await using home = await C2sServer.listen({ resumes: false });
    await using other = await TcpProxy.listen(home.port);
    await using probe = new ClientProbe(home.port);
    await probe.until('online');
    (await home.next()).send(elsewhere(`127.0.0.1:${other.port}`));
    const { retryIn } = await probe.until('connecting');
    probe.clock.advance(retryIn * 1_000);
    await probe.until('online');
    assert.deepEqual([other.accepted, probe.sessions], [1, [true, false]]);
  });

  it('goes back to its own server when there is nobody', async () => {
    await using home = await C2sServer.listen();
    const nobody = await listenRaw(() => {});
    await nobody[Symbol.asyncDispose]();
    await using probe = new ClientProbe(home.port);
    await probe.until('online');
    (await home.next()).send(elsewhere(`127.0.0.1:${nobody.port}`));
    await probe.until('suspended');
    const told = () => probe.log.with('client session is not resumed yet');
    probe.clock.advance(Math.min(...probe.clock.waits));
    while (told().length === 0) await new Promise(setImmediate);
    probe.clock.advance(Math.min(...probe.clock.waits));
    await probe.until('online');
    const [{ cause = '' } = {}] = told();
    assert.match(String(cause), /nothing listens there.*check where the server of home\.example sends its clients/);
  });

  for (const reconnect of [true, false]) {
    it(`again and again gives up, ${reconnect ? 'for a while' : 'for good'}`, async () => {
      const { server, heard } = await sending(port => `127.0.0.1:${port}`);
      await using _server = server;
      await using probe = new ClientProbe(server.port, { reconnect });
      for (let row = 1; row <= (reconnect ? 2 : 1); row++) {
        const state = await probe.change();
        assert.ok(state.name === 'connecting' || state.name === 'closed');
        assert.match(state.cause?.text ?? '', /^the servers of home\.example send their clients from one to the other/);
        assert.equal(state.cause?.condition, 'see-other-host');
        assert.equal(heard.length, row * 4);
        if (state.name === 'connecting') probe.clock.advance(state.retryIn * 1_000);
      }
    });
  }

  it('and does not say where in a form that can be read, says what it said', async () => {
    const { server } = await sending(() => 'http://elsewhere.example/');
    await using _server = server;
    await using probe = new ClientProbe(server.port);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /sends its clients to another server; it says: http:\/\/elsewhere\.example\/$/);
  });

  it('asks of the other one the certificate of the domain of the account, once it has seen one', async t => {
    const plain = await sending(() => '');
    await using _server = plain.server;
    const authority = await TestAuthority.make();
    const home = await authority.issue({ names: ['home.example'] });
    const stranger = await overTls(t, await authority.issue({ names: ['other.example'] }));
    for (const [to, why] of [
      [stranger, /the certificate is for other\.example, not for home\.example/],
      [plain.server.port, /what answers does not speak TLS/],
    ] as const) {
      const port = await overTls(t, home, HEADER + elsewhere(`127.0.0.1:${to}`));
      const server = { host: '127.0.0.1', port, directTls: true };
      const trust = trusting(authority.cert);
      await using probe = new ClientProbe(0, { server, tls: 'optional', trust, reconnect: false });
      const { cause } = await probe.until('closed');
      assert.match(cause.text, why);
    }
    assert.doesNotMatch(plain.heard.join(''), /stream|auth/);
  });

  it('gets nothing in the clear from a client that STARTTLS has secured before', async () => {
    await using plain = await C2sServer.listen();
    const authority = await TestAuthority.make();
    const secureContext = createSecureContext(await authority.issue({ names: ['home.example'] }));
    await using home = await listenRaw(async socket => {
      await once(socket, 'data');
      socket.write(`${HEADER}<stream:features><starttls xmlns='${NS.tls}'/></stream:features>`);
      await once(socket, 'data');
      socket.removeAllListeners('data').write(`<proceed xmlns='${NS.tls}'/>`);
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => {});
      await once(secured, 'data');
      secured.end(HEADER + elsewhere(`127.0.0.1:${plain.port}`));
    });
    const options = { tls: 'optional', trust: trusting(authority.cert), reconnect: false } as const;
    await using probe = new ClientProbe(home.port, options);
    const { cause } = await probe.until('closed');
    assert.match(
      cause.text,
      /^127\.0\.0\.1:\d+ \(where the server sends its clients\) does not offer TLS, .* configuration$/,
    );
    assert.equal(plain.accepted, 1);
  });

  it('is followed before TLS, and still has to offer it', async () => {
    await using honest = await TlsAttacker.open('none', 'home.example');
    const { server, heard } = await sending(() => `127.0.0.1:${honest.port}`);
    await using _server = server;
    await using _probe = new ClientProbe(server.port, { tls: 'required', trust: trusting(honest.ca) });
    while (!honest.heard.includes('<bind')) await new Promise(setImmediate);
    assert.match(honest.heard, /<starttls[\s\S]*<auth/);
    assert.doesNotMatch(heard.join(''), /alice|auth/);
  });
});

/** What stands behind the name of the domain: ports of this machine, the first one first. */
function zone(...ports: readonly number[]): Zone {
  const records = ports.map((port, priority) => ({ name: 'chat.example', port, priority, weight: 0 }));
  return new Zone({
    srv: { '_xmpp-client._tcp.home.example': records, '_xmpps-client._tcp.home.example': [] },
    hosts: { 'chat.example': ['127.0.0.1'] },
  });
}

describe('a client link whose domain has several servers', () => {
  for (const [what, serve] of [
    ['closes the connection', socket => socket.end()],
    ['resets it', socket => socket.resetAndDestroy()],
    ['is another server', socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    [
      'ends the stream',
      socket => socket.end(`${HEADER}<stream:error><host-unknown xmlns='${NS.streamErrors}'/></stream:error>`),
    ],
    ['offers nothing', socket => socket.end(`${HEADER}<stream:features/>`)],
  ] satisfies [string, (socket: Socket) => void][]) {
    it(`tries the next one when the first answers and ${what}`, async () => {
      await using home = await C2sServer.listen();
      await using first = await listenRaw(socket => void socket.once('data', () => serve(socket)));
      const options = { resolver: zone(first.port, home.port), reconnect: false, server: undefined };
      await using probe = new ClientProbe(0, options);
      assert.deepEqual(await probe.change(), { name: 'online' });
      const [line] = probe.log.with('client login goes on at another server');
      assert.match(String(line?.['cause']), new RegExp(`chat.example:${first.port}`));
    });
  }

  it('tells the last of what it met when none is of use, having asked DNS once', async () => {
    const ports: number[] = [];
    await using stack = new AsyncDisposableStack();
    for (let number = 0; number < 9; number++) {
      const server = stack.use(
        await listenRaw(socket => {
          ports.push(server.port);
          socket.end();
        }),
      );
      ports.push(server.port);
    }
    const resolver = zone(...ports.splice(0));
    await using probe = new ClientProbe(0, { resolver, reconnect: false, server: undefined });
    const { cause } = await probe.until('closed');
    assert.equal(ports.length, 5);
    assert.match(cause.text, new RegExp(`chat.example:${ports.at(-1)}`));
    assert.equal(resolver.asked.filter(name => name.startsWith('_xmpp-client')).length, 1);
  });

  it('shows credentials to one of them only', async () => {
    const { server, heard } = await sending(() => '');
    await using _server = server;
    await using first = await C2sServer.listen();
    const credential = { kind: 'password', authcid: 'alice', password: 'wrong' } as const;
    const options = { resolver: zone(first.port, server.port), credential, reconnect: false, server: undefined };
    await using probe = new ClientProbe(0, options);
    const { cause } = await probe.until('closed');
    assert.equal(cause.blame, 'credentials');
    assert.deepEqual(heard, []);
  });
});

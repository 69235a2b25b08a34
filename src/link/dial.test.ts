import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { BlackHole } from '../../test/support/black-hole.ts';
import {
  at,
  DIRECT,
  DOMAIN,
  listening,
  plainServer,
  prepareDialling,
  STARTTLS,
  socketCount,
  sockets,
} from '../../test/support/dialling.ts';
import { freePorts } from '../../test/support/ports.ts';
import { Zone, type ZoneFile } from '../../test/support/zone.ts';
import { parseJid } from '../xmpp/jid.ts';
import { type DialOptions, dial } from './dial.ts';
import { Transport } from './transport.ts';

const ENOUGH = new Error('enough');
const { issued, options, tlsServer, whereTo, failing } = await prepareDialling();

describe('dialling a server that is named', () => {
  it('asks no DNS for an IP address', async t => {
    const resolver = new Zone();
    const port = await plainServer(t);
    const dialled = await dial(options({ server: at(port), resolver }));
    t.after(() => dialled.socket.destroy());
    assert.deepEqual(resolver.asked, []);
    assert.equal(dialled.where, `127.0.0.1:${port}`);
    assert.equal(dialled.secured, false);
    assert.equal(dialled.loopback, true);
    assert.deepEqual(dialled.place, { domain: DOMAIN, destination: at(port), configured: true });
  });

  it('asks for the addresses of a name alone', async t => {
    const resolver = new Zone({ hosts: { 'chat.example': ['127.0.0.1'] } });
    const port = await plainServer(t);
    assert.equal(await whereTo({ server: at(port, 'chat.example'), resolver }), `chat.example:${port}`);
    assert.deepEqual(resolver.asked, ['chat.example']);
  });

  it('takes an IPv6 address', async t => {
    const port = await plainServer(t, '::1');
    const { socket, where, loopback } = await dial(options({ server: at(port, '::1') }));
    socket.destroy();
    assert.deepEqual([where, loopback], [`[::1]:${port}`, true]);
  });

  it('does TLS with the first byte where that is wanted, and a transport works over it', async t => {
    const server = createTlsServer({ ...issued, ALPNProtocols: ['xmpp-client'] }, socket => socket.pipe(socket));
    const port = await listening(t, server);
    const { socket, secured } = await dial(options({ server: at(port, '127.0.0.1', true) }));
    assert.equal(secured, true);
    const { promise, resolve } = Promise.withResolvers<string>();
    using transport = new Transport(socket, { bytes: chunk => resolve(Buffer.from(chunk).toString()), end: () => {} });
    transport.write('<stream>');
    assert.equal(await promise, '<stream>');
    assert.ok('alpnProtocol' in socket);
    assert.equal(socket.alpnProtocol, 'xmpp-client');
  });

  it('refuses direct TLS where TLS is off', async t => {
    const error = await failing({ server: at(await tlsServer(t), '127.0.0.1', true), tls: 'off' });
    assert.match(error.message, /virtualhost\.server asks for direct TLS, but .+\.tls is off: change one of them$/);
    assert.deepEqual(error.attempts, []);
  });

  it('tells the server the domain of the address, whatever the host is called', async t => {
    const server = createTlsServer({ ...issued });
    const port = await listening(t, server);
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const resolver = new Zone({ hosts: { 'chat.example': ['127.0.0.1'] } });
    const { socket } = await dial(options({ server: at(port, 'chat.example', true), resolver }));
    t.after(() => socket.destroy());
    assert.equal((await accepted)[0].servername, 'example.com');
  });
});

describe('dialling a domain', () => {
  const CLOSED: ZoneFile = { hosts: { 'example.com': 'ENODATA' } };

  it('goes through the records of both services in their order', async t => {
    const [closed = 0] = await freePorts(1);
    const [plain, secured] = [await plainServer(t), await tlsServer(t)];
    const record = (port: number, priority: number) => ({ name: '127.0.0.1', port, priority, weight: 0 });
    const zone = (direct: number) =>
      new Zone({ srv: { [DIRECT]: [record(secured, direct)], [STARTTLS]: [record(closed, 1), record(plain, 5)] } });
    assert.equal(await whereTo({ resolver: zone(0) }), `127.0.0.1:${secured}`);
    assert.equal(await whereTo({ resolver: zone(2) }), `127.0.0.1:${secured}`);
    assert.equal(await whereTo({ resolver: zone(9) }), `127.0.0.1:${plain}`);
    assert.equal(await whereTo({ resolver: zone(0), tls: 'off' }), `127.0.0.1:${plain}`);
  });

  it('asks for both services, and for the domain itself only when there are no records', async () => {
    const resolver = new Zone(CLOSED);
    const error = await failing({ resolver });
    assert.deepEqual(resolver.asked, [DIRECT, STARTTLS, 'example.com']);
    assert.equal(
      error.message,
      'the connection to example.com:5222 failed: its name has no address: check the SRV records of example.com, or name ' +
        'the server in hosts.example.com.virtualhost.server',
    );
  });

  it('asks for the name to which a server has sent us in its place, and tells so', async () => {
    const resolver = new Zone({ hosts: { 'other.example': 'ENODATA' } });
    const error = await failing({ resolver, name: 'other.example', sentOn: true });
    const services = ['_xmpps-client._tcp.other.example', '_xmpp-client._tcp.other.example'];
    assert.deepEqual(resolver.asked, [...services, 'other.example']);
    assert.equal(
      error.message,
      'the connection to other.example:5222 failed: its name has no address: check where the server of example.com sends its clients',
    );
  });

  it('asks for A-labels', async () => {
    const resolver = new Zone();
    await failing({ domain: parseJid('bücher.example'), resolver });
    const host = 'xn--bcher-kva.example';
    assert.deepEqual(resolver.asked, [`_xmpps-client._tcp.${host}`, `_xmpp-client._tcp.${host}`, host]);
  });

  for (const domain of ['localhost', 'a.localhost']) {
    it(`does not ask the DNS for records of ${domain}`, async () => {
      const resolver = new Zone();
      await failing({ domain: parseJid(domain), resolver });
      assert.deepEqual(resolver.asked, [domain]);
    });
  }

  it('does not ask at all for an IP address', async () => {
    const [resolver, aborted] = [new Zone(), AbortSignal.abort(ENOUGH)];
    await assert.rejects(dial(options({ domain: parseJid('[::1]'), resolver, signal: aborted })), ENOUGH);
    assert.deepEqual(resolver.asked, []);
  });

  it('uses the records of one service when there is no answer for the other', async t => {
    const port = await plainServer(t);
    const record = { name: '127.0.0.1', port, priority: 0, weight: 0 };
    assert.equal(
      await whereTo({ resolver: new Zone({ srv: { [DIRECT]: 'ESERVFAIL', [STARTTLS]: [record] } }) }),
      `127.0.0.1:${port}`,
    );
  });

  it('takes it for no records when there is no answer at all', async () => {
    const resolver = new Zone({ ...CLOSED, srv: { [DIRECT]: 'ESERVFAIL', [STARTTLS]: 'ETIMEOUT' } });
    assert.match((await failing({ resolver })).message, /example\.com:5222 failed/);
  });

  const NOT = [{ name: '', port: 0, priority: 0, weight: 0 }];
  const USELESS: readonly [srv: ZoneFile['srv'], tls: DialOptions['tls'], what: string][] = [
    [{ [DIRECT]: NOT, [STARTTLS]: NOT }, 'required', 'no connections to clients'],
    [{ [STARTTLS]: NOT }, 'optional', 'no connections to clients'],
    [{ [DIRECT]: [{ ...NOT[0], name: 'a.example', port: 443, priority: 0, weight: 0 }] }, 'off', 'without TLS'],
  ];
  for (const [srv, tls, what] of USELESS) {
    it(`says so when the records of ${Object.keys(srv ?? {}).join(' and ')} leave nothing (tls: ${tls})`, async () => {
      const resolver = new Zone({ srv: srv ?? {}, hosts: { 'example.com': ['127.0.0.1'] } });
      const error = await failing({ resolver, tls });
      assert.match(error.message, new RegExp(`^the SRV records of example\\.com offer .*${what}: correct them`));
      assert.deepEqual(resolver.asked, [DIRECT, STARTTLS]);
    });
  }

  it('tells of every destination that failed', async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const record = (name: string, port: number, priority: number) => ({ name, port, priority, weight: 0 });
    const records = [record('127.0.0.1', first, 1), record('127.0.0.1', second, 2), record('gone.example', 1, 3)];
    const error = await failing({ resolver: new Zone({ srv: { [STARTTLS]: records } }) });
    assert.deepEqual(
      error.attempts.map(({ where }) => where),
      [`127.0.0.1:${first}`, `127.0.0.1:${second}`, 'gone.example:1'],
    );
    assert.match(error.message, /^no server of example\.com can be used: .+nothing listens there.+has no address/);
  });
});

describe('the addresses of a host', () => {
  const server = (port: number) => ({ server: at(port, 'chat.example') });
  const host = (...addresses: readonly string[]) => ({ resolver: new Zone({ hosts: { 'chat.example': addresses } }) });

  it('are tried until one takes the connection: IPv6 refuses, IPv4 does not', async t => {
    const port = await plainServer(t);
    const { socket } = await dial(options({ ...server(port), ...host('::1', '127.0.0.1') }));
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
  });

  it('are tried until one takes the connection: IPv4 refuses, IPv6 does not', async t => {
    const port = await plainServer(t, '::1');
    const { socket } = await dial(options({ ...server(port), ...host('127.0.0.1', '::1') }));
    assert.equal(socket.remoteAddress, '::1');
    socket.destroy();
  });

  it('are not waited for when one of them does not answer', { skip: process.platform !== 'linux' }, async t => {
    const port = await plainServer(t);
    await using hole = await BlackHole.open('127.0.0.2', port);
    assert.equal(hole.port, port);
    const before = socketCount();
    const waits = { whole: 15_000, srv: 100, each: 15_000, address: 50 };
    const { socket } = await dial(options({ ...server(port), ...host('127.0.0.2', '127.0.0.1'), waits }));
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
    await sockets(before);
  });

  it('that all refuse are told once, in words', async () => {
    const [port = 0] = await freePorts(1);
    const { message } = await failing({ ...server(port), ...host('::1', '127.0.0.1') });
    assert.equal(
      message,
      `the connection to chat.example:${port} failed: nothing listens there: start the XMPP server, or check that ` +
        "hosts.example.com.virtualhost.server names the server's port for clients",
    );
  });

  it('may be none', async () => {
    assert.match((await failing({ ...server(1), ...host() })).message, /its name has no address/);
  });
});

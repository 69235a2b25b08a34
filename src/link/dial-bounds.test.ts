import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { BlackHole } from '../../test/support/black-hole.ts';
import {
  at,
  listening,
  plainServer,
  prepareDialling,
  STARTTLS,
  socketCount,
  sockets,
  turn,
} from '../../test/support/dialling.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Zone } from '../../test/support/zone.ts';
import { type Jid, parseJid } from '../xmpp/jid.ts';
import { type DialOptions, dial } from './dial.ts';
import { Transport } from './transport.ts';

const ENOUGH = new Error('enough');
const { issued, options, tlsServer, whereTo, failing } = await prepareDialling();

describe('dialling is bounded', { skip: process.platform !== 'linux' }, () => {
  it('by 10 s for each destination, after which the next one is tried', async t => {
    await using hole = await BlackHole.open('127.0.0.2');
    const [port, clock] = [await plainServer(t), new ManualClock()];
    const record = (name: string, to: number, priority: number) => ({ name, port: to, priority, weight: 0 });
    const records = [record('127.0.0.2', hole.port, 1), record('127.0.0.1', port, 2)];
    const where = whereTo({ resolver: new Zone({ srv: { [STARTTLS]: records } }), clock });
    await turn();
    assert.deepEqual(clock.waits, [10_000, 30_000]);
    clock.advance(10_000);
    assert.equal(await where, `127.0.0.1:${port}`);
    assert.deepEqual(clock.waits, []);
  });

  it('by 30 s for all of them', async () => {
    await using hole = await BlackHole.open('127.0.0.2');
    const [clock, before] = [new ManualClock(), socketCount()];
    const record = { name: '127.0.0.2', port: hole.port, priority: 0, weight: 0 };
    const resolver = new Zone({ srv: { [STARTTLS]: Array(5).fill(record) } });
    const error = failing({ resolver, clock });
    for (let tries = 0; tries < 3; tries += 1) {
      await turn();
      assert.equal(socketCount(), before + 1);
      clock.advance(10_000);
    }
    assert.equal((await error).attempts.length, 3);
    assert.match((await error).message, /there was no answer within 10 s: check the network and the firewall/);
    await sockets(before);
  });

  it('by 5 s for the records, after which the domain itself is tried', async () => {
    const clock = new ManualClock();
    const resolver = new Zone();
    const silent = { srv: () => new Promise<never>(() => {}), lookup: (host: string) => resolver.lookup(host) };
    const error = failing({ resolver: silent, clock });
    clock.advance(5_000);
    assert.match((await error).message, /example\.com:5222 failed: its name has no address/);
  });

  it('by 10 s for a server that does not answer to TLS', async t => {
    const [server, clock] = [createServer(), new ManualClock()];
    const error = failing({ server: at(await listening(t, server), '127.0.0.1', true), clock });
    const [peer] = (await once(server, 'connection')) as [Socket];
    await once(peer, 'data');
    clock.advance(10_000);
    assert.match((await error).message, /failed: there was no answer within 10 s/);
  });
});

describe('an abort', () => {
  it('before dialling lets nothing begin', async () => {
    const resolver = new Zone();
    await assert.rejects(dial(options({ resolver, signal: AbortSignal.abort(ENOUGH) })), ENOUGH);
    assert.deepEqual(resolver.asked, []);
  });

  const never = () => new Promise<never>(() => {});
  const none = () => Promise.reject(new Error('none'));
  const SILENT: readonly [when: string, more: Partial<DialOptions>][] = [
    ['the records are looked for', { resolver: { srv: never, lookup: never } }],
    ['the addresses are looked for', { resolver: { srv: none, lookup: never } }],
  ];
  for (const [when, more] of SILENT) {
    it(`while ${when} ends it at once`, async () => {
      const [controller, clock] = [new AbortController(), new ManualClock()];
      const dialling = dial(options({ ...more, clock, signal: controller.signal }));
      await turn();
      controller.abort(ENOUGH);
      await assert.rejects(dialling, ENOUGH);
      assert.deepEqual(clock.waits, []);
    });
  }

  it('while it connects closes the socket', { skip: process.platform !== 'linux' }, async () => {
    await using hole = await BlackHole.open('127.0.0.2');
    const before = socketCount();
    for (const host of ['127.0.0.2', 'chat.example']) {
      const controller = new AbortController();
      const resolver = new Zone({ hosts: { 'chat.example': ['127.0.0.2', '127.0.0.3'] } });
      const dialling = dial(options({ server: at(hole.port, host), resolver, signal: controller.signal }));
      await turn();
      assert.equal(socketCount(), before + 1);
      controller.abort(ENOUGH);
      await assert.rejects(dialling, ENOUGH);
      await sockets(before);
    }
  });

  it('during the handshake closes the socket', async t => {
    const server = createServer();
    const port = await listening(t, server);
    const controller = new AbortController();
    const dialling = dial(options({ server: at(port, '127.0.0.1', true), signal: controller.signal }));
    const [peer] = (await once(server, 'connection')) as [Socket];
    await once(peer, 'data');
    controller.abort(ENOUGH);
    await assert.rejects(dialling, ENOUGH);
    await once(peer, 'close');
  });

  it('afterwards does not touch the connection, and nothing listens for it', async t => {
    const [controller, clock] = [new AbortController(), new ManualClock()];
    const port = await tlsServer(t);
    const { socket } = await dial(options({ server: at(port, '127.0.0.1', true), clock, signal: controller.signal }));
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    assert.deepEqual(clock.waits, []);
    controller.abort(ENOUGH);
    await turn();
    assert.equal(socket.destroyed, false);
    socket.destroy();
  });
});

describe('a connection', () => {
  it('that is reset before it is taken over does no harm, and its end is told', async t => {
    const server = createServer();
    const port = await listening(t, server);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const { socket } = await dial(options({ server: at(port) }));
    const [peer] = await accepted;
    peer.resetAndDestroy();
    socket.resume();
    await new Promise(resolve => socket.once('close', resolve));
    const { promise, resolve } = Promise.withResolvers<void>();
    new Transport(socket, { bytes: () => {}, end: () => resolve() });
    await promise;
  });

  it('loses nothing of what the server says at once', async t => {
    const port = await listening(
      t,
      createTlsServer({ ...issued }, peer => void peer.write('early')),
    );
    const { socket } = await dial(options({ server: at(port, '127.0.0.1', true) }));
    for (let turns = 0; turns < 20; turns += 1) await turn();
    const { promise, resolve } = Promise.withResolvers<string>();
    using _transport = new Transport(socket, { bytes: chunk => resolve(Buffer.from(chunk).toString()), end: () => {} });
    assert.equal(await promise, 'early');
  });

  for (const [how, end] of [
    ['resets', (peer: Socket) => void peer.resetAndDestroy()],
    ['finishes', (peer: Socket) => void peer.end()],
  ] as const) {
    it(`fails when the server ${how} it instead of doing TLS`, async t => {
      const port = await listening(
        t,
        createServer(peer => void peer.once('data', () => end(peer))),
      );
      const { message } = await failing({ server: at(port, '127.0.0.1', true) });
      assert.match(message, /the connection was closed from the other side: see the log of the server/);
    });
  }

  it('fails for a domain that is too long for TLS, and leaves no socket', async t => {
    const [port, before] = [await tlsServer(t), socketCount()];
    const domain: Jid = parseJid(`${'long.'.repeat(80)}example`);
    await failing({ domain, server: at(port, '127.0.0.1', true) });
    await sockets(before);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { Census, isLoopback, Listener, networkOf } from './listener.ts';

const LIMITS = { total: 3, perAddress: 2 };

/** Connects; resolves to whether the connection was taken. */
async function dial(address: string, taken: readonly Socket[]): Promise<Socket | undefined> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const before = taken.length;
  const socket = connect({ host: host.replace(/[[\]]/g, ''), port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  while (taken.length === before && !socket.closed) {
    socket.resume();
    await Promise.race([once(socket, 'close'), new Promise(setImmediate)]);
  }
  return socket.closed ? undefined : socket;
}

describe('an address', () => {
  const LOOPBACK: readonly [string, boolean][] = [
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['10.0.0.1', false],
    ['0.0.0.0', false],
    ['::', false],
    ['::ffff:10.0.0.1', false],
    ['fe80::1', false],
    ['2001:db8::1', false],
  ];
  for (const [address, expected] of LOOPBACK) {
    it(`${address} is ${expected ? '' : 'not '}on this machine`, () => assert.equal(isLoopback(address), expected));
  }

  const NETWORKS: readonly [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
  ];
  for (const [address, network] of NETWORKS) {
    it(`${address} counts as ${network}`, () => assert.equal(networkOf(address), network));
  }
});

describe('the census of connections', () => {
  it('has room for so many of each network, and again when one leaves', () => {
    const census = new Census(2);
    assert.deepEqual(
      [census.enter('a'), census.enter('a'), census.enter('a'), census.enter('b')],
      [true, true, false, true],
    );
    census.leave('a');
    assert.deepEqual([census.enter('a'), census.enter('a')], [true, false]);
  });
});

describe('the listener', () => {
  for (const host of ['127.0.0.1', '::1']) {
    it(`takes connections on ${host} and says where it listens`, async () => {
      const taken: Socket[] = [];
      const loopback: boolean[] = [];
      await using listener = await Listener.open({ host, port: 0 }, LIMITS, new MemoryLog(), (socket, near) => {
        taken.push(socket);
        loopback.push(near);
      });
      assert.match(listener.address, host === '::1' ? /^\[::1\]:\d+$/ : /^127\.0\.0\.1:\d+$/);
      assert.ok(await dial(listener.address, taken));
      assert.deepEqual(loopback, [true]);
      for (const socket of taken) socket.destroy();
    });
  }

  it('refuses more connections than its limit, until one ends', async () => {
    const taken: Socket[] = [];
    const log = new MemoryLog();
    await using listener = await Listener.open({ host: '127.0.0.1', port: 0 }, LIMITS, log, socket =>
      taken.push(socket),
    );
    for (let n = 0; n < LIMITS.total; n += 1) assert.ok(await dial(listener.address, taken));
    assert.equal(await dial(listener.address, taken), undefined);
    assert.equal(log.with('a connection was refused: there are too many').length, 1);
    taken[0]?.destroy();
    await once(taken[0] as Socket, 'close');
    assert.ok(await dial(listener.address, taken));
    for (const socket of taken) socket.destroy();
  });

  it('says with which code it could not listen', async () => {
    await using listener = await Listener.open({ host: '127.0.0.1', port: 0 }, LIMITS, new MemoryLog(), () => {});
    const port = Number(listener.address.split(':').at(-1));
    const second = Listener.open({ host: '127.0.0.1', port }, LIMITS, new MemoryLog(), () => {});
    await assert.rejects(second, { code: 'EADDRINUSE' });
  });
});

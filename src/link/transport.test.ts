import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Transport } from './transport.ts';

async function listening(t: TestContext): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A transport, the peer's socket, and what the transport told. */
async function connected(t: TestContext) {
  const server = await listening(t);
  const ends: (Error | undefined)[] = [];
  const ended = Promise.withResolvers<void>();
  const received: string[] = [];
  const transport = new Transport(connect(portOf(server), '127.0.0.1'), {
    bytes: chunk => received.push(Buffer.from(chunk).toString()),
    end: error => {
      ends.push(error);
      ended.resolve();
    },
  });
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.on('error', () => {});
  t.after(() => {
    transport[Symbol.dispose]();
    peer.destroy();
  });
  return { transport, peer, ends, ended: ended.promise, received };
}

/** All that a socket delivers until its FIN. */
async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('Transport', () => {
  it('sends what is written in one turn as one packet', async t => {
    const { transport, peer } = await connected(t);
    for (const text of ['<a/>', '<ü/>', '<c/>']) transport.write(text);
    const [chunk] = (await once(peer, 'data')) as [Buffer];
    assert.equal(chunk.toString(), '<a/><ü/><c/>');
  });

  it('sends what is written before the socket is connected', async t => {
    const server = await listening(t);
    const transport = new Transport(connect(portOf(server), '127.0.0.1'), { bytes: () => {}, end: () => {} });
    transport.write('early');
    const [peer] = (await once(server, 'connection')) as [Socket];
    t.after(() => peer.destroy());
    const [chunk] = (await once(peer, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'early');
    transport[Symbol.dispose]();
  });

  it('closes in order: what was written and the farewell arrive, nothing after', async t => {
    const { transport, peer, ended, ends } = await connected(t);
    const all = textOf(peer);
    transport.write('<a/>');
    transport.close('</stream>');
    transport.write('<late/>');
    transport.close('again');
    assert.equal(await all, '<a/></stream>');
    peer.end();
    await ended;
    assert.deepEqual(ends, [undefined]);
  });

  it('still receives while it closes', async t => {
    const { transport, peer, ended, received } = await connected(t);
    transport.pause();
    transport.close('</stream>');
    await once(peer, 'data');
    peer.end('</theirs>');
    await ended;
    assert.equal(received.join(''), '</theirs>');
  });

  it('cuts a peer that does not answer the close within two seconds', async t => {
    const { transport, peer, ended } = await connected(t);
    peer.pause();
    const before = performance.now();
    transport.close();
    await ended;
    assert.ok(performance.now() - before > 1_900);
  });

  it('ends although the peer that has finished never takes what is unsent', async t => {
    const { transport, peer, ended, ends } = await connected(t);
    peer.pause();
    transport.write('x'.repeat(32 * 1024 * 1024));
    await once(peer, 'readable');
    peer.end();
    await ended;
    assert.deepEqual(ends, [undefined]);
  });

  it('tells the end once, with the error, when the peer resets', async t => {
    const { peer, ended, ends } = await connected(t);
    peer.resetAndDestroy();
    await ended;
    assert.equal(ends.length, 1);
    assert.equal((ends[0] as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET');
  });

  it('tells the end once, without an error, when the peer finishes', async t => {
    const { peer, ended, ends } = await connected(t);
    peer.end();
    await ended;
    assert.deepEqual(ends, [undefined]);
  });

  it('tells the end when it is cut by us, and ignores writes from then on', async t => {
    const { transport, ended, ends } = await connected(t);
    transport.write('never sent');
    transport[Symbol.dispose]();
    await ended;
    transport.write('x');
    transport.close('y');
    assert.deepEqual(ends, [undefined]);
    assert.equal(transport.remote, 'unknown:0');
  });

  it('tells the end of a socket that was gone before', async t => {
    const server = await listening(t);
    const socket = connect(portOf(server), '127.0.0.1');
    const [peer] = (await once(server, 'connection')) as [Socket];
    peer.destroy();
    socket.destroy();
    await once(socket, 'close');
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    new Transport(socket, { bytes: () => {}, end: resolve });
    assert.equal(await promise, undefined);
  });

  it('tells a refused connection as an end', async t => {
    const server = await listening(t);
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    new Transport(connect(port, '127.0.0.1'), { bytes: () => {}, end: resolve });
    assert.equal(((await promise) as NodeJS.ErrnoException | undefined)?.code, 'ECONNREFUSED');
  });

  it('slows the peer down while it is paused', async t => {
    const { transport, peer, received } = await connected(t);
    transport.pause();
    const block = 'x'.repeat(1024 * 1024);
    let written = 0;
    while (peer.writableLength < block.length) {
      peer.write(block);
      written += block.length;
      await new Promise(setImmediate);
    }
    const drained = once(peer, 'drain');
    assert.equal(received.join('').length, 0);
    transport.resume();
    await drained;
    peer.end();
    await once(peer, 'close');
    assert.equal(received.join('').length, written);
  });

  it('counts what the kernel has not taken', async t => {
    const { transport, peer } = await connected(t);
    assert.equal(transport.unsent, 0);
    transport.write('12345');
    assert.equal(transport.unsent, 5);
    await once(peer, 'data');
    assert.equal(transport.unsent, 0);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:http';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { Arrivals } from '../../test/support/arrivals.ts';
import { RestanzaError } from '../errors.ts';
import { Connections } from './framing.ts';

/** Milliseconds; so few that nobody has to wait. */
const IMPATIENT: ServerOptions = { headersTimeout: 20, requestTimeout: 40, connectionsCheckingInterval: 5 };

/** More than the buffers of two sockets hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);

/** Starts a server that answers with the body, or the code of the fault, and connects a client to it. */
async function serve(options: ServerOptions, longestStall?: number) {
  const happened = new Arrivals<string>(() => 'at the server');
  const waiting: (() => void)[] = [];
  const connections = new Connections(longestStall);
  const server = createServer(options, async (request, response) => {
    happened.push('request');
    response.once('close', () => happened.push(response.writableFinished ? 'taken' : 'lost'));
    // Others may have to look at it first.
    await new Promise(resolve => setImmediate(resolve));
    const late = connections.faultBefore(request);
    if (late !== undefined) return response.end(late.code);
    try {
      const body = await connections.body(request, { bytes: 10, key: 'some_limit' });
      const answer = (what: Buffer) => {
        connections.answering(request, response);
        response.end(what);
      };
      if (request.url === '/now') return answer(body);
      if (request.url === '/large') return answer(LARGE);
      waiting.push(() => answer(body));
      happened.push('body');
    } catch (error) {
      assert.ok(error instanceof RestanzaError);
      happened.push(error.code);
      response.end(error.code);
    }
  });
  connections.follow(server);
  server.on('clientError', (error, socket) => {
    assert.ok(socket instanceof Socket);
    connections.fail(error, socket);
    happened.push('fault');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const socket = connect(address.port, '127.0.0.1');
  // A reset behind the answers is an end like another.
  socket.on('error', () => {});
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  return {
    socket,
    /** Waits until this happens at the server. */
    when: (what: string) => happened.take(one => one === what, what),
    /** Answers the requests that still wait. */
    answer: () => {
      for (const end of waiting.splice(0)) end();
    },
    /** The bodies of all answers, or the codes in them, once the server has ended the connection. */
    async bodies(): Promise<readonly string[]> {
      if (!socket.closed) await once(socket, 'close');
      const [, ...bodies] = received.split(/HTTP\/1\.1 \d+ [\s\S]*?\r\n\r\n/);
      return bodies.map(body => /"reason":"([^"]*)"/.exec(body)?.[1] ?? body);
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const HEAD = 'Host: x\r\nContent-Length: 2\r\n\r\n';
const NOW = `POST /now HTTP/1.1\r\n${HEAD}`;
const LATER = `POST /later HTTP/1.1\r\n${HEAD}`;

test('half a head is late', async () => {
  await using server = await serve(IMPATIENT);
  server.socket.write('POST / HT');
  assert.deepEqual(await server.bodies(), ['request-timeout']);
});

test('half a body is late, which is the answer to its request', async () => {
  await using server = await serve(IMPATIENT);
  server.socket.write(`${NOW}a`);
  assert.deepEqual(await server.bodies(), ['request-timeout']);
});

test('half a head is told to be late behind the answer before it', async () => {
  await using server = await serve(IMPATIENT);
  server.socket.write(`${LATER}abPOST / HT`);
  await server.when('fault');
  server.answer();
  assert.deepEqual(await server.bodies(), ['ab', 'request-timeout']);
});

test('a request that was late and comes all the same is told so once, and not handled', async () => {
  await using server = await serve(IMPATIENT);
  server.socket.write(`${LATER}abPOST /no`);
  await server.when('request');
  await server.when('fault');
  server.socket.write(`w HTTP/1.1\r\n${HEAD}cd`);
  await server.when('request');
  server.answer();
  assert.deepEqual(await server.bodies(), ['ab', 'request-timeout']);
});

test('who does not take his answer loses it', async () => {
  await using server = await serve({}, 20);
  server.socket.pause();
  server.socket.write(`${NOW.replace('now', 'large')}ab`);
  await server.when('lost');
});

test('nor does he keep his place behind another one', async () => {
  await using server = await serve({}, 20);
  server.socket.pause();
  server.socket.write(`${LATER}ab${NOW.replace('now', 'large')}cd`);
  await server.when('body');
  server.answer();
  await server.when('taken');
  await server.when('lost');
});

test('who waits for an answer loses nothing', async () => {
  await using server = await serve(IMPATIENT, 5);
  server.socket.write(`${LATER}ab${NOW}cdPOST / HT`);
  await server.when('fault');
  server.answer();
  assert.deepEqual(await server.bodies(), ['ab', 'cd', 'request-timeout']);
});

test('answers keep their order when the last request is the one with the fault', async () => {
  await using server = await serve({});
  server.socket.write(`${LATER}ab${NOW}cd${NOW}e`);
  await server.when('body');
  server.socket.end();
  await server.when('request-malformed');
  server.answer();
  assert.deepEqual(await server.bodies(), ['ab', 'cd', 'request-malformed']);
});

test('a client that leaves in the middle of a body is no fault of ours', async () => {
  await using server = await serve({});
  server.socket.write(`${NOW}a`);
  await server.when('request');
  server.socket.resetAndDestroy();
  await server.when('request-malformed');
});

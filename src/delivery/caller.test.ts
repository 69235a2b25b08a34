/**
 * Calls, and what comes of them.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, PATIENCE, POST, Receiver, textOf } from '../../test/support/receiver.ts';

describe('an answer', () => {
  test('comes with what is needed of it', async () => {
    await using receiver = await Receiver.http((request, response) => {
      const { method, url, headers } = request;
      const fields = { 'Content-Type': 'text/plain', 'Retry-After': '7', Accept: 'application/json' };
      response.writeHead(418, fields).end(JSON.stringify({ method, url, mark: headers['x-mark'] }));
    });
    const result = await receiver.call();
    assert.equal(textOf(result), '{"method":"POST","url":"/stanzas","mark":"yes"}');
    assert.ok(result.name === 'answer');
    const { status, contentType, retryAfter, accept } = result;
    assert.deepEqual([status, contentType, retryAfter, accept], [418, 'text/plain', '7', 'application/json']);
  });

  test('comes after those that only inform', async () => {
    await using receiver = await Receiver.tcp(socket =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n');
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere');
      }),
    );
    const result = await receiver.call();
    assert.deepEqual(result, { name: 'answer', status: 200, body: Buffer.from('here') });
  });

  test('of a redirect is a redirect, and nobody follows it', async () => {
    await using elsewhere = await Receiver.http((_, response) => response.end('elsewhere'));
    await using receiver = await Receiver.http((_, response) => {
      response.writeHead(302, { Location: `http://127.0.0.1:${elsewhere.port}/` }).end();
    });
    const result = await receiver.call();
    assert.equal(result.name === 'answer' && result.status, 302);
    assert.equal(elsewhere.connections, 0);
  });

  test('may be 256 KiB long', async () => {
    await using receiver = await Receiver.http((_, response) => response.end('x'.repeat(256 * 1024)));
    assert.equal(textOf(await receiver.call()).length, 256 * 1024);
  });

  test('that is an error and too long is the error without its body', async () => {
    await using receiver = await Receiver.http((_, response) => response.writeHead(404).end('x'.repeat(300_000)));
    const result = await receiver.call();
    assert.equal(result.name === 'answer' && result.status, 404);
    assert.equal(textOf(result), '');
  });

  test('is asked for without compression, over connections that are used again', async () => {
    await using receiver = await Receiver.http((request, response) => {
      request.resume();
      response.end(String(request.headers['accept-encoding']));
    });
    await using caller = callerOf(`http://127.0.0.1:${receiver.port}/`);
    for (let calls = 0; calls < 20; calls += 1) assert.equal(textOf(await caller.call(POST, PATIENCE)), 'identity');
    assert.ok(receiver.connections <= 2);
  });
});

describe('a call', () => {
  test('to a port where nobody listens is refused', async () => {
    await using receiver = await Receiver.tcp(() => {});
    const { port } = receiver;
    await receiver[Symbol.asyncDispose]().catch(() => {});
    await using caller = callerOf(`http://127.0.0.1:${port}/`);
    const result = await caller.call(POST, PATIENCE);
    assert.deepEqual(result, {
      name: 'fault',
      fault: 'refused',
      text: 'the receiver cannot be connected to (ECONNREFUSED)',
    });
  });

  test('of https to a server without TLS has the fault tls', async () => {
    await using receiver = await Receiver.tcp(socket =>
      socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')),
    );
    await using caller = callerOf(`https://127.0.0.1:${receiver.port}/`);
    const result = await caller.call(POST, PATIENCE);
    assert.equal(result.name === 'fault' && result.fault, 'tls');
  });

  test('ends in time where no connection comes, as one that was not reached', async () => {
    await using caller = callerOf('http://bot:9/', () => {});
    const result = await caller.call(POST, { ...PATIENCE, timeout: 50 });
    assert.equal(result.name === 'fault' && result.fault, 'refused');
  });

  test('ends when the gateway stops, before and while it is made', async () => {
    const stopping = new AbortController();
    await using receiver = await Receiver.tcp(socket => socket.once('data', () => stopping.abort()));
    for (let calls = 0; calls < 2; calls += 1) {
      const result = await receiver.call(POST, { ...PATIENCE, signal: stopping.signal });
      assert.equal(result.name === 'fault' && result.fault, 'stopped');
    }
  });

  test('ends when its caller is disposed of', async () => {
    const { promise: called, resolve } = Promise.withResolvers<void>();
    await using receiver = await Receiver.tcp(socket => socket.once('data', () => resolve()));
    const caller = callerOf(`http://127.0.0.1:${receiver.port}/`);
    const call = caller.call(POST, PATIENCE);
    await called;
    await caller[Symbol.asyncDispose]();
    const result = await call;
    assert.equal(result.name === 'fault' && result.fault, 'stopped');
  });
});

/**
 * Calls, and what comes of them.
 */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { callerOf, PATIENCE, POST, Receiver, textOf } from '../../test/support/receiver.ts';
import type { Lookup } from './caller.ts';

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

  test('that is an error, or empty, may be compressed: its body is not looked at', async () => {
    await using receiver = await Receiver.http(({ url }, response) => {
      response.writeHead(url === '/404' ? 404 : 200, { 'Content-Encoding': 'gzip' }).end(url === '/404' ? 'xx' : '');
    });
    for (const status of [404, 200]) {
      const result = await receiver.call({ ...POST, path: `/${status}` });
      assert.deepEqual(result, { name: 'answer', status, body: new Uint8Array() });
    }
  });

  test('may say that it is not compressed, as it likes to write it', async () => {
    await using receiver = await Receiver.http((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'Identity' }).end('here');
    });
    assert.equal(textOf(await receiver.call()), 'here');
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

  test('that has ended before it had a connection is not made any more', async () => {
    const paths: (string | undefined)[] = [];
    await using receiver = await Receiver.http(({ url }, response) => {
      paths.push(url);
      response.end();
    });
    const { promise: found, resolve: find } = Promise.withResolvers<void>();
    const lookup: Lookup = (_, __, done) => void found.then(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
    await using caller = callerOf(`http://bot:${receiver.port}/`, lookup);
    const late = await caller.call({ ...POST, path: '/late' }, { ...PATIENCE, timeout: 20 });
    assert.equal(late.name === 'fault' && late.fault, 'refused');
    const calls = [1, 2].map(() => caller.call(POST, PATIENCE));
    find();
    await Promise.all(calls);
    assert.deepEqual(paths, ['/stanzas', '/stanzas']);
  });

  for (const [what, head] of [
    ['comes too late', ''],
    ['is too long', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(262_145)}`],
  ] as const) {
    test(`whose answer ${what} gives up its connection`, async () => {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      await using receiver = await Receiver.tcp(socket =>
        socket.once('close', resolve).on('data', () => socket.write(head)),
      );
      await using caller = callerOf(`http://127.0.0.1:${receiver.port}/`);
      assert.equal((await caller.call(POST, { ...PATIENCE, timeout: 200 })).name, 'fault');
      await closed;
    });
  }

  test('leaves no timer and no listener behind', async () => {
    await using receiver = await Receiver.http((_, response) => response.end());
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const { signal } = new AbortController();
    await using caller = callerOf(`http://127.0.0.1:${receiver.port}/`);
    const before = timers();
    await caller.call(POST, { ...PATIENCE, signal });
    assert.deepEqual([timers() - before, getEventListeners(signal, 'abort').length], [0, 0]);
  });

  test('waits for a connection while there are as many as there may be', async () => {
    const waiting: ServerResponse[] = [];
    await using receiver = await Receiver.http((_, response) => {
      if (waiting.push(response) === 2) for (const one of waiting.splice(0)) one.end();
    });
    await using caller = callerOf(`http://127.0.0.1:${receiver.port}/`);
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => caller.call(POST, PATIENCE)));
    assert.equal(receiver.connections, 2);
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

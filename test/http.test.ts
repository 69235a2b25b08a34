/**
 * The HTTP door itself, over real sockets and in front of an embedded host: limits, malformed requests and stopping.
 * What happens to stanzas is in `black-box/`.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Gateway, startGateway } from '../src/compose.ts';
import { loadConfig } from '../src/config/load.ts';
import { createLog } from '../src/log.ts';

const PASSWORD = 'wonderland';

/** A gateway for one embedded host with the user alice, on free ports and in a folder of its own. */
async function gateway(t: TestContext, environment: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'restanza-http-'));
  t.after(() => rm(folder, { recursive: true }));
  const { config } = await loadConfig({
    folder,
    environment: {
      RESTANZA_LISTEN: '127.0.0.1:0',
      RESTANZA_HOSTS__localhost__EMBEDDED__C2S: '127.0.0.1:0',
      RESTANZA_HOSTS__localhost__EMBEDDED__ACCOUNTS__alice: PASSWORD,
      ...environment,
    },
  });
  return startGateway(config, createLog('silent'));
}

const authorization = `Basic ${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`;
const json = { authorization, 'content-type': 'application/json' };

/** Sends bytes on a socket of their own and gives what came back until the server closed it. */
async function raw(url: string, ...parts: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return received;
}

async function reasonOf(response: Response): Promise<unknown> {
  const body = (await response.json()) as { readonly error?: { readonly reason?: unknown } };
  return body.error?.reason;
}

test('without credentials the body is not read and a challenge comes back', async t => {
  await using running = await gateway(t);
  const head =
    'POST /rest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n';
  const answer = await raw(running.url, head);
  assert.match(answer, /^HTTP\/1\.1 401 /);
  assert.match(answer, /\r\nwww-authenticate: Basic realm="localhost\/rest"/);
  assert.match(answer, /"reason":"no-credentials"/);
});

test('what is not HTTP is answered once and cut off', async t => {
  await using running = await gateway(t);
  for (const garbage of ['GARBAGE\r\n\r\n', '\u0016\u0003\u0001\u0002', "<?xml version='1.0'?><stream:stream>"]) {
    assert.match(await raw(running.url, garbage), /^HTTP\/1\.1 400 Error\r\n.*"reason":"request-malformed"/s);
  }
});

test('headers over the limit are refused', async t => {
  await using running = await gateway(t);
  const answer = await raw(running.url, `POST /rest HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 Error\r\n.*"reason":"headers-too-large"/s);
});

test('two lengths for one body are refused', async t => {
  await using running = await gateway(t);
  const head = 'POST /rest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.match(await raw(running.url, head), /^HTTP\/1\.1 400 /);
});

test('a body may have the size limit and no byte more', async t => {
  await using running = await gateway(t, { RESTANZA_STANZA_SIZE_LIMIT: '10000' });
  const body = (size: number) => `{"to":"alice@localhost","body":"${'x'.repeat(size - 34)}"}`;
  const post = (size: number) => fetch(`${running.url}/rest`, { method: 'POST', headers: json, body: body(size) });
  assert.equal((await post(10_000)).status, 202);
  const refused = await post(10_001);
  assert.equal(refused.status, 413);
  const { error } = (await refused.json()) as { readonly error: Readonly<Record<string, unknown>> };
  assert.equal(error['reason'], 'too-large');
  assert.equal(
    error['text'],
    'Payload too large: a body has at most 10000 bytes here (stanza_size_limit in the configuration)',
  );
});

const REFUSED: readonly (readonly [what: string, path: string, init: RequestInit, status: number, reason: string])[] = [
  ['another path', '/', {}, 404, 'not-found'],
  ['another method', '/rest', { method: 'PUT', headers: json, body: '{}' }, 404, 'not-found'],
  ['a path that is not UTF-8', '/%ff', {}, 400, 'request-malformed'],
  ['a path that climbs', '/rest/..%2f..%2fetc', { method: 'POST', headers: json, body: '{}' }, 400, 'body-malformed'],
  ['no media type', '/rest', { method: 'POST', headers: { authorization } }, 415, 'media-type-unsupported'],
  [
    'an unknown media type',
    '/rest',
    { method: 'POST', headers: { authorization, 'content-type': 'text/csv' }, body: 'x' },
    415,
    'media-type-unsupported',
  ],
  ['an empty body', '/rest', { method: 'POST', headers: json, body: '' }, 400, 'body-malformed'],
  [
    'an unknown scheme',
    '/rest',
    { method: 'POST', headers: { ...json, authorization: 'Digest x' }, body: '{}' },
    401,
    'scheme-unsupported',
  ],
];

for (const [what, path, init, status, reason] of REFUSED) {
  test(`${what} is ${status} ${reason}`, async t => {
    await using running = await gateway(t);
    const response = await fetch(`${running.url}${path}`, init);
    assert.equal(response.status, status);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(await reasonOf(response), reason);
  });
}

test('an error is XML for who asks for XML', async t => {
  await using running = await gateway(t);
  const headers = { accept: 'application/xmpp+xml', 'content-type': 'application/xmpp+xml', authorization };
  const response = await fetch(`${running.url}/rest`, { method: 'POST', headers, body: '<message' });
  assert.equal(response.status, 400);
  assert.equal(response.headers.get('content-type'), 'application/xmpp+xml');
  assert.match(await response.text(), /^<error xmlns='http:\/\/etherx\.jabber\.org\/streams'><not-well-formed /);
});

test('ignored keys are named in the answer', async t => {
  await using running = await gateway(t);
  const body = JSON.stringify({ ping: true, to: 'localhost', 'a b': 1, 'c\r\nSet-Cookie: d': 2 });
  const response = await fetch(`${running.url}/rest`, { method: 'POST', headers: json, body });
  assert.equal(response.headers.get('restanza-ignored'), 'a%20b, c%0D%0ASet-Cookie%3A%20d');
  assert.equal(response.headers.get('set-cookie'), null);
});

test('a media type has no charset in the answer', async t => {
  await using running = await gateway(t);
  const response = await fetch(`${running.url}/rest`, {
    method: 'POST',
    headers: json,
    body: '{"ping":true,"to":"localhost"}',
  });
  assert.equal(response.headers.get('content-type'), 'application/json');
});

test('stopping lets a request finish that is under way, and takes no new one', async t => {
  const running = await gateway(t);
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const body = '{"ping":true,"to":"localhost"}';
  const head = `POST /rest HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, 5));
  // The 100 other bytes of a second request prove that the server has read the first part before it is told to stop.
  const answered = await fetch(`${running.url}/rest`, { method: 'POST', headers: json, body });
  assert.equal(answered.status, 200);
  await answered.text();
  const stopped = running[Symbol.asyncDispose]();
  socket.write(body.slice(5));
  let received = '';
  for await (const chunk of socket.setEncoding('utf8')) received += chunk;
  await stopped;
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
  await assert.rejects(fetch(running.url));
});

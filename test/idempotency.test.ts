/**
 * Repeating requests through the HTTP door: one stanza for each key, whatever the client, the network and the gateway do.
 * What is kept, and for how long, is tested beside `journal/idempotency-store.ts`.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fingerprintOf } from '../src/journal/idempotency.ts';
import { IdempotencyStore } from '../src/journal/idempotency-store.ts';
import { childElements, childNamed, type Element } from '../src/xml/element.ts';
import { parseJid } from '../src/xmpp/jid.ts';
import { NS } from '../src/xmpp/ns.ts';
import { ComponentServer } from './support/component-server.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { MemoryLog } from './support/memory-log.ts';
import { having, type Peer, until } from './support/peer.ts';
import { freePorts } from './support/ports.ts';
import { basic, JSON_TYPE, jsonOf, type Post, post, type Reply, XML } from './support/rest-client.ts';

const ALICE = { user: 'alice', password: PASSWORDS.alice };
const BOB = { user: 'bob', password: PASSWORDS.bob };

/** A gateway with bob logged in, in a folder that goes with the test. */
async function house(t: TestContext) {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  await using opened = new AsyncDisposableStack();
  const gateway = opened.use(await runGateway(folder.path));
  const bob = opened.use(await gateway.bob());
  const owned = opened.move();
  return { folder: folder.path, gateway, bob, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const MESSAGE = { to: 'bob@localhost', type: 'chat', body: 'hi' };

/** Posts a stanza as JSON, as alice, with a key. */
function send({ url }: Running, key: string | undefined, stanza: object, more: Partial<Post> = {}): Promise<Reply> {
  const headers = { ...(key !== undefined && { 'idempotency-key': key }), ...more.headers };
  return post(url, { body: JSON.stringify(stanza), type: JSON_TYPE, as: ALICE, ...more, headers });
}

/** The stanzas that have reached bob when a message that is sent now does. */
async function reached(gateway: Running, bob: Peer): Promise<readonly Element[]> {
  const id = `last-${performance.now()}`;
  assert.equal((await send(gateway, undefined, { ...MESSAGE, id })).status, 202);
  const all = await until(bob, id);
  return all.filter(({ name, attrs }) => name !== 'presence' && attrs['id'] !== id);
}

function reasonOf(reply: Reply): unknown {
  const body = jsonOf(reply) as { readonly error?: { readonly reason?: unknown } };
  return body.error?.reason;
}

/** What a client can see of an answer, but for the time. */
function visible({ status, headers, text }: Reply): object {
  const fields = [...headers].filter(([name]) => name !== 'date');
  return { status, headers: Object.fromEntries(fields), text };
}

test('a message that is sent again and again with one key arrives once, and every answer is the first', async t => {
  await using here = await house(t);
  const replies = [];
  for (let time = 0; time < 5; time += 1) replies.push(await send(here.gateway, '"8e03978e"', MESSAGE));
  replies.push(await send(here.gateway, '8e03978e', MESSAGE));
  assert.equal(replies[0]?.status, 202);
  for (const reply of replies) assert.deepEqual(visible(reply), visible(replies[0] as Reply));
  const [message, ...more] = await reached(here.gateway, here.bob);
  assert.deepEqual(more, []);
  assert.ok(message !== undefined);
  assert.match(message.attrs['id'] ?? '', /^[\w-]{22}$/);
  assert.equal(childNamed(message, 'origin-id', NS.sid)?.attrs['id'], '8e03978e');
});

test('without a key every request sends, and nothing is added to the stanza', async t => {
  await using here = await house(t);
  for (let time = 0; time < 2; time += 1) await send(here.gateway, undefined, MESSAGE);
  const arrived = await reached(here.gateway, here.bob);
  assert.equal(arrived.length, 2);
  for (const message of arrived) assert.equal(childElements(message).length, 1);
});

test('the id and the origin-id of the client stay', async t => {
  await using here = await house(t);
  const stanza = `<message to='bob@localhost' id='own'><body>hi</body><origin-id xmlns='${NS.sid}' id='mine'/></message>`;
  const reply = await send(here.gateway, 'k', {}, { body: stanza, type: XML });
  assert.equal(reply.status, 202);
  const [message] = await reached(here.gateway, here.bob);
  assert.equal(message?.attrs['id'], 'own');
  const origins = childElements(message).filter(({ name }) => name === 'origin-id');
  assert.deepEqual(
    origins.map(({ attrs }) => attrs['id']),
    ['mine'],
  );
});

test('an iq is asked once, and its answer comes back with its headers', async t => {
  await using here = await house(t);
  const query = { kind: 'iq', type: 'get', to: here.bob.jid, version: true, unknown: 1 };
  const first = await send(here.gateway, 'k', query);
  assert.equal(first.status, 200, first.text);
  assert.equal(first.headers.get('restanza-ignored'), 'unknown');
  assert.deepEqual(visible(await send(here.gateway, 'k', query)), visible(first));
  assert.equal((await reached(here.gateway, here.bob)).length, 1);
});

test('another body or media type with the key is refused, and nothing is sent', async t => {
  await using here = await house(t);
  await send(here.gateway, 'k', MESSAGE);
  const others = [
    await send(here.gateway, 'k', { ...MESSAGE, body: 'ho' }),
    await send(here.gateway, 'k', MESSAGE, { type: `${JSON_TYPE}; charset=utf-8` }),
  ];
  for (const reply of others) {
    assert.equal(reply.status, 422);
    assert.equal(reasonOf(reply), 'idempotency-mismatch');
  }
  assert.equal((await reached(here.gateway, here.bob)).length, 1);
});

test('the key of one user is nothing to another', async t => {
  await using here = await house(t);
  const replies = [await send(here.gateway, 'k', MESSAGE), await send(here.gateway, 'k', MESSAGE, { as: BOB })];
  assert.deepEqual(
    replies.map(({ status }) => status),
    [202, 202],
  );
  const arrived = await reached(here.gateway, here.bob);
  assert.equal(new Set(arrived.map(({ attrs }) => attrs['id'])).size, 2);
});

test('of many requests at once with one key one is made', async t => {
  await using here = await house(t);
  await here.bob.ignore(NS.version);
  const query = { kind: 'iq', type: 'get', to: here.bob.jid, version: true };
  const first = send(here.gateway, 'k', query);
  const iq = await here.bob.next(({ name }) => name === 'iq', 'the request');
  const others = await Promise.all(Array.from({ length: 20 }, () => send(here.gateway, 'k', query)));
  for (const reply of others) {
    assert.equal(reply.status, 409);
    assert.equal(reply.headers.get('retry-after'), '1');
    assert.equal(reasonOf(reply), 'idempotency-concurrent');
  }
  here.bob.send(`<iq type='result' id='${iq.attrs['id']}' to='${iq.attrs['from']}'/>`);
  const answer = await first;
  assert.equal(answer.status, 200);
  assert.deepEqual(visible(await send(here.gateway, 'k', query)), visible(answer));
  assert.deepEqual(await reached(here.gateway, here.bob), []);
});

test('a client that went away finds the answer when it comes back', async t => {
  await using here = await house(t);
  await here.bob.ignore(NS.version);
  const query = { kind: 'iq', type: 'set', to: here.bob.jid, version: true };
  const body = JSON.stringify(query);
  const head = [
    'POST /rest HTTP/1.1',
    'Host: localhost',
    `Authorization: ${basic(ALICE)}`,
    `Content-Type: ${JSON_TYPE}`,
    'Idempotency-Key: k',
    `Content-Length: ${body.length}`,
  ];
  const socket = connect(Number(new URL(here.gateway.url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  const iq = await here.bob.next(({ name }) => name === 'iq', 'the request');
  // The gateway ends the connection when it has seen the end of ours.
  socket.resume().end();
  await once(socket, 'close');
  assert.equal(reasonOf(await send(here.gateway, 'k', query)), 'idempotency-concurrent');
  here.bob.send(`<iq type='result' id='${iq.attrs['id']}' to='${iq.attrs['from']}'/>`);
  // The stream is in order, so when this is answered the answer before it has arrived.
  here.bob.send(`<iq type='get' id='after' to='localhost'><ping xmlns='${NS.ping}'/></iq>`);
  await here.bob.next(having({ id: 'after' }), 'the answer of the server');
  const found = await send(here.gateway, 'k', query);
  assert.equal(found.status, 200, found.text);
  assert.deepEqual(await reached(here.gateway, here.bob), []);
});

test('a timeout is kept: nobody knows what became of the iq, so it is not sent again', async t => {
  await using here = await house(t);
  await here.bob.ignore(NS.version);
  const query = { kind: 'iq', type: 'get', to: here.bob.jid, version: true };
  const headers = { 'prosody-rest-timeout': '0.1' };
  const replies = [
    await send(here.gateway, 'k', query, { headers }),
    await send(here.gateway, 'k', query, { headers }),
  ];
  for (const reply of replies) assert.equal(reasonOf(reply), 'reply-timeout');
  assert.equal((await reached(here.gateway, here.bob)).length, 1);
});

test('a request that was refused is forgotten, so that the corrected one can have the key', async t => {
  await using here = await house(t);
  assert.equal(reasonOf(await send(here.gateway, 'k', { ...MESSAGE, to: 'a b' })), 'to-invalid');
  assert.equal(reasonOf(await send(here.gateway, 'k', {}, { body: '{' })), 'body-malformed');
  assert.equal((await send(here.gateway, 'k', MESSAGE)).status, 202);
  assert.equal((await reached(here.gateway, here.bob)).length, 1);
});

for (const key of ['', '"a b"', '"a", "b"', 'x'.repeat(256), '\xe4']) {
  test(`the key ${JSON.stringify(key.slice(0, 20))} is refused, and nothing is sent`, async t => {
    await using here = await house(t);
    const reply = await send(here.gateway, key, MESSAGE);
    assert.equal(reply.status, 400);
    assert.equal(reasonOf(reply), 'request-malformed');
    assert.deepEqual(await reached(here.gateway, here.bob), []);
  });
}

test('a repeat after a restart gets the first answer, and sends nothing', async t => {
  let folder: string;
  {
    await using here = await house(t);
    folder = here.folder;
    assert.equal((await send(here.gateway, 'k', MESSAGE)).status, 202);
    assert.equal((await reached(here.gateway, here.bob)).length, 1);
  }
  await using gateway = await runGateway(folder);
  await using bob = await gateway.bob();
  assert.equal((await send(gateway, 'k', MESSAGE)).status, 202);
  assert.deepEqual(await reached(gateway, bob), []);
});

test('when the gateway died before it had an answer, a repeat sends the stanza with the same id', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const body = Buffer.from(JSON.stringify(MESSAGE));
  const print = fingerprintOf({ method: 'POST', path: '/rest', contentType: JSON_TYPE, body });
  const file = join(folder.path, 'data', 'idempotency.sqlite');
  const dead = IdempotencyStore.open(file, new MemoryLog());
  const begun = dead.begin(parseJid('alice@localhost'), 'k', print);
  assert.equal(begun.kind, 'run');
  dead[Symbol.dispose]();
  await using gateway = await runGateway(folder.path);
  await using bob = await gateway.bob();
  assert.equal(reasonOf(await send(gateway, 'k', { ...MESSAGE, body: 'ho' })), 'idempotency-mismatch');
  for (let time = 0; time < 2; time += 1) assert.equal((await send(gateway, 'k', MESSAGE)).status, 202);
  const arrived = await reached(gateway, bob);
  assert.deepEqual(
    arrived.map(({ attrs }) => attrs['id']),
    [begun.entry.id],
  );
});

test('while the XMPP server is away a repeat tries again; when it went away meanwhile, a repeat sends nothing', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const [port = 0] = await freePorts(1);
  await using gateway = await runGateway(folder.path, {
    'RESTANZA_HOSTS__rest.example__COMPONENT__SERVER': `xmpp://127.0.0.1:${port}`,
    'RESTANZA_HOSTS__rest.example__COMPONENT__SECRET': 'gate',
  });
  const as = { user: 'rest.example', password: 'gate' };
  const message = { to: 'bob@example.org', body: 'hi' };
  for (let time = 0; time < 2; time += 1) {
    assert.equal(reasonOf(await send(gateway, 'message', message, { as })), 'link-down');
  }
  await using server = await ComponentServer.listen({ domain: parseJid('rest.example'), secret: 'gate' }, port);
  const first = await server.next();
  await gateway.logged('component link is online');
  assert.equal((await send(gateway, 'message', message, { as })).status, 202);
  assert.equal((await first.arrived.take()).name, 'message');

  const query = { kind: 'iq', type: 'set', to: 'bob@example.org', version: true };
  const asked = send(gateway, 'query', query, { as });
  assert.equal((await first.arrived.take()).name, 'iq');
  first.socket.destroy();
  const lost = await asked;
  assert.equal(reasonOf(lost), 'link-lost');
  const second = await server.next();
  await gateway.logged('component link is online');
  const again = await send(gateway, 'query', query, { as });
  assert.equal(reasonOf(again), 'link-lost');
  assert.equal(again.headers.get('retry-after'), null, 'to try again would not help');
  assert.equal((await send(gateway, 'another', message, { as })).status, 202);
  assert.equal((await second.arrived.take()).name, 'message');
  assert.equal(second.arrived.length, 0);
});

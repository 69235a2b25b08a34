/**
 * Connections on which something comes that is no HTTP: what stands before it is done and answered whole, what stands
 * behind it is not, and no request has two answers.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { having, type Peer, until } from './support/peer.ts';
import { exchange } from './support/raw-http.ts';
import { basic, JSON_TYPE, post } from './support/rest-client.ts';

const resources = new AsyncDisposableStack();
const ALICE = { user: 'alice', password: PASSWORDS.alice };
const LIMIT = 10_000;
let running: Running;
let bob: Peer;
let marks = 0;

before(async () => {
  const folder = resources.use(await Folder.make());
  running = resources.use(await runGateway(folder.path, { RESTANZA_STANZA_SIZE_LIMIT: String(LIMIT) }));
  bob = resources.use(await running.bob());
  await arrived();
});
after(() => resources.disposeAsync());

/** How many stanzas have reached bob since he was asked last. */
async function arrived(): Promise<number> {
  marks += 1;
  const id = `mark-${marks}`;
  const body = JSON.stringify({ kind: 'message', to: bob.jid, id, body: id });
  assert.equal((await post(running.url, { body, type: JSON_TYPE, as: ALICE })).status, 202);
  return (await until(bob, id)).length - 1;
}

const HOST = 'Host: localhost';
const AUTHORIZATION = `Authorization: ${basic(ALICE)}`;
const CLOSE = 'Connection: close';
const CHUNKED = 'Transfer-Encoding: chunked';
const TO_BOB = '/rest/message/chat/bob@localhost';
const PING_BOB = '/rest/ping/bob@localhost/test';

/** A request of alice's. */
function request(line: string, fields: readonly string[], body = ''): string {
  const head = [`${line} HTTP/1.1`, HOST, AUTHORIZATION, 'Content-Type: text/plain', ...fields];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const length = (bytes: number) => `Content-Length: ${bytes}`;
const GOOD = request(`POST ${TO_BOB}`, [length(2)], 'hi');
const LAST = request(`POST ${TO_BOB}`, [length(2), CLOSE], 'hi');
const GARBAGE = '\0\x01 garbage\r\n\r\n';
const KEEP = 'Connection: keep-alive';
const CHUNKS = '2\r\nhi\r\n0\r\n\r\n';
const GZIP = 'Transfer-Encoding: gzip, chunked';
const BAD_CHUNK = '2\r\nhi\r\nzz\r\nhi\r\n0\r\n\r\n';

/** What is sent, the statuses of the answers, and how many stanzas bob gets. */
const SENT: readonly (readonly [what: string, text: string, statuses: readonly number[], sent: number])[] = [
  ['garbage', GARBAGE, [400], 0],
  ['garbage behind a request', GOOD + GARBAGE, [202, 400], 1],
  ['garbage behind three requests', GOOD + GOOD + GOOD + GARBAGE, [202, 202, 202, 400], 3],
  ['garbage behind the last request', LAST + GARBAGE, [202], 1],
  ['a request behind the last one', LAST + GOOD, [202], 1],
  ['a last word behind a message', GOOD, [202], 1],
  ['a last word behind a ping', request(`GET ${PING_BOB}`, []), [200], 1],
  ['half a head behind a request', `${GOOD}POST ${TO_BOB} HT`, [202, 400], 1],
  ['a head behind a request that is too large', `${GOOD}GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, [202, 431], 1],
  ['half a body', request(`POST ${TO_BOB}`, [length(9)], 'hi'), [400], 0],
  ['half a body behind a request', GOOD + request(`POST ${TO_BOB}`, [length(9)], 'hi'), [202, 400], 1],
  ['half a body for OPTIONS', request('OPTIONS /rest', [length(9)], 'hi'), [400], 0],
  ['half a body for GET', request(`GET ${PING_BOB}`, [length(9)], 'hi'), [400], 0],
  ['half a body for HEAD', request(`HEAD ${PING_BOB}`, [length(9)], 'hi'), [400], 0],
  ['half a body for GET where nothing is', request('GET /nowhere', [length(9)], 'hi'), [400], 0],
  [
    'half a body without credentials',
    request(`POST ${TO_BOB}`, [length(9)], 'hi').replace(`${AUTHORIZATION}\r\n`, ''),
    [401],
    0,
  ],
  ['a wrong chunk', request(`POST ${TO_BOB}`, [CHUNKED], BAD_CHUNK), [400], 0],
  ['a wrong chunk for GET', request(`GET ${PING_BOB}`, [CHUNKED], BAD_CHUNK), [400], 0],
  ['a wrong chunk behind a request', GOOD + request(`POST ${TO_BOB}`, [CHUNKED], BAD_CHUNK), [202, 400], 1],
  ['a body for GET', request(`GET ${PING_BOB}`, [length(2)], 'hi') + LAST, [200, 202], 2],
  ['a body for GET that is too large', request(`GET ${PING_BOB}`, [length(LIMIT + 1)], 'hi'), [413], 0],
  [
    'chunks in HTTP/1.0',
    request(`POST ${TO_BOB}`, [CHUNKED, KEEP], CHUNKS).replace('1.1', '1.0') + GOOD,
    [400, 400],
    0,
  ],
  ['chunks under another coding', request(`POST ${TO_BOB}`, [`${CHUNKED}, gzip, chunked`], CHUNKS), [400], 0],
  ['a coding behind a request', GOOD + request(`POST ${TO_BOB}`, [GZIP], CHUNKS) + GOOD, [202, 400, 400], 1],
  ['chunks in capitals', request(`POST ${TO_BOB}`, [CHUNKED.replace('chunked', 'Chunked'), CLOSE], CHUNKS), [202], 1],
  ['chunks that are too large', request(`POST ${TO_BOB}`, [CHUNKED], `2711\r\n${'x'.repeat(10_001)}\r\n`), [413], 0],
  ['no Host', LAST.replace(`${HOST}\r\n`, ''), [400], 0],
  ['no Host in HTTP/1.0', LAST.replace(`${HOST}\r\n`, '').replace('HTTP/1.1', 'HTTP/1.0'), [202], 1],
  ...['a b', 'x@localhost', 'localhost/x', 'localhost:x', '[::1', 'local%host'].map((host): (typeof SENT)[number] => [
    `Host: ${host}`,
    LAST.replace(HOST, `Host: ${host}`),
    [400],
    0,
  ]),
  ...['', '[::1]:5280', 'x_y.example:'].map((host): (typeof SENT)[number] => [
    `Host: ${host}`,
    LAST.replace(HOST, `Host: ${host}`),
    [202],
    1,
  ]),
  ['a host in the target', LAST.replace('POST ', 'POST http://localhost:1'), [202], 1],
  ['a user in the target', LAST.replace('POST ', 'POST http://x@localhost'), [400], 0],
  ['Authorization twice', LAST.replace(HOST, `${HOST}\r\nauthorization: Bearer x`), [400], 0],
  ['Host twice', LAST.replace(HOST, `${HOST}\r\nhost: example.org`), [400], 0],
];

/** Texts whose end is what is wrong with them. */
const ENDING = /^(?:half|a head|a last word|a body for GET that|chunks)/;

for (const [what, text, statuses, sent] of SENT) {
  test(`${what}: ${statuses.join(', ')}`, async () => {
    const ending = await exchange(running.url, Buffer.from(text, 'latin1'), ENDING.test(what));
    assert.deepEqual(ending.statuses, statuses, ending.received);
    assert.equal(await arrived(), sent);
  });
}

test('a refusal of what is no HTTP says when it was made', async () => {
  const { head } = await exchange(running.url, Buffer.from(GARBAGE), false);
  const [, date = ''] = /\r\nDate: ([^\r]+)/.exec(head) ?? [];
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, head);
});

const EXPECT = 'Expect: 100-continue';

for (const [what, text, status] of [
  ['who has no credentials', request(`POST ${TO_BOB}`, [length(9), EXPECT]).replace(AUTHORIZATION, 'X: x'), 401],
  ['who has too much to say', request(`POST ${TO_BOB}`, [length(LIMIT + 1), EXPECT]), 413],
] as const) {
  test(`${what} is not asked for the body`, async () => {
    const { received, statuses } = await exchange(running.url, Buffer.from(text), false);
    assert.deepEqual(statuses, [status]);
    assert.ok(received.startsWith(`HTTP/1.1 ${status}`), received);
  });
}

test('who waits for it is asked for the body', async () => {
  const text = request(`POST ${TO_BOB}`, [length(2), EXPECT, CLOSE], 'hi');
  const { received, statuses } = await exchange(running.url, Buffer.from(GOOD + text), false);
  assert.deepEqual(statuses, [202, 202]);
  assert.match(received, /^HTTP\/1\.1 202 .*\r\n\r\nHTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /s);
  assert.equal(await arrived(), 2);
});

test('a connection may ask 100 times before it reads, and no more', async () => {
  const most = await exchange(running.url, Buffer.from(GOOD.repeat(99) + LAST), false);
  assert.deepEqual(most.statuses, new Array(100).fill(202));
  assert.equal(await arrived(), 100);
  const { statuses } = await exchange(running.url, Buffer.from(GOOD.repeat(200)), false);
  assert.deepEqual(statuses, []);
  assert.ok((await arrived()) <= 100);
});

test('what is wrong can come in any piece', async () => {
  const text = GOOD + GARBAGE;
  for (let cut = GOOD.length - 3; cut < text.length; cut += 1) {
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      received += part;
    });
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await new Promise<void>(resolve => socket.write(text.slice(0, cut), 'latin1', () => resolve()));
    socket.write(text.slice(cut), 'latin1');
    await closed;
    assert.deepEqual(
      [...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status),
      ['202', '400'],
      received,
    );
    assert.equal(await arrived(), 1);
  }
});

test('an answer that takes its time comes before the refusal of what stands behind its request', async () => {
  await bob.ignore('urn:xmpp:ping');
  const ended = exchange(running.url, Buffer.from(request(`GET ${PING_BOB}`, []) + GARBAGE, 'latin1'), false);
  const ping = await bob.next(({ name, attrs }) => name === 'iq' && attrs['type'] === 'get', 'the ping');
  const { id = '', from = '' } = ping.attrs;
  bob.send(`<iq type='result' id='${id}' to='${from}'/>`);
  assert.deepEqual((await ended).statuses, [200, 400]);
  assert.equal(bob.takeAll().some(having({ id })), false);
});

test('who leaves before the answer is no fault of ours', async () => {
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  socket.write(request(`GET ${PING_BOB}`, []));
  await bob.next(({ name, attrs }) => name === 'iq' && attrs['type'] === 'get', 'the ping');
  socket.resetAndDestroy();
  await arrived();
  await arrived();
  assert.deepEqual(
    running.lines.filter(({ msg }) => msg === 'request failed'),
    [],
  );
});

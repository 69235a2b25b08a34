/**
 * The other routes of mod_rest, over HTTP in front of an embedded host: echo, paths, queries, every format.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { childNamed, textOf } from '../src/xml/element.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { having, type Peer } from './support/peer.ts';

const resources = new AsyncDisposableStack();
let running: Running;
let bob: Peer;

before(async () => {
  const folder = resources.use(await Folder.make());
  running = resources.use(await runGateway(folder.path));
  bob = resources.use(await running.bob());
});
after(() => resources.disposeAsync());

const authorization = `Basic ${Buffer.from(`alice:${PASSWORDS.alice}`).toString('base64')}`;

/** A request as alice; `type` and `accept` are header fields. */
async function ask(
  method: string,
  path: string,
  type?: string,
  body?: string,
  more: Readonly<Record<string, string>> = {},
) {
  const headers = {
    authorization,
    accept: 'application/json',
    ...(type !== undefined && { 'content-type': type }),
    ...more,
  };
  const response = await fetch(`${running.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    text: await response.text(),
  };
}

const JSON_TYPE = 'application/json';
const XML = 'application/xmpp+xml';
const FORM = 'application/x-www-form-urlencoded';
const TEXT = 'text/plain';

/** A POST and the JSON of the stanza that it makes, which echo shows; sender, and id where there is none, left out. */
const ECHOED: readonly (readonly [type: string, body: string, stanza: object])[] = [
  [JSON_TYPE, '{"body":"x","id":"i"}', { kind: 'message', id: 'i', body: 'x' }],
  [
    XML,
    "<message id='i' to='BOB@localhost'><body>x</body></message>",
    { kind: 'message', id: 'i', to: 'bob@localhost', body: 'x' },
  ],
  [
    FORM,
    'kind=presence&priority=5&show=away&to=a%40b&id=i',
    { kind: 'presence', type: 'available', id: 'i', to: 'a@b', show: 'away', priority: 5 },
  ],
  [TEXT, 'Hello', { kind: 'message', type: 'chat', body: 'Hello' }],
  [JSON_TYPE, '{"kind":"iq","type":"result","id":"i"}', { kind: 'iq', type: 'result', id: 'i' }],
];

for (const [type, body, stanza] of ECHOED) {
  test(`echo shows what ${type} ${body} becomes`, async () => {
    const { status, text } = await ask('POST', '/rest/echo', type, body);
    assert.equal(status, 200);
    const { from, ...shown } = JSON.parse(text);
    assert.equal(from, 'alice@localhost');
    if (!('id' in stanza)) delete shown.id;
    assert.deepEqual(shown, stanza);
  });
}

test('echo sends nothing, and refuses what is not allowed', async () => {
  await ask('POST', '/rest/echo', JSON_TYPE, '{"body":"not sent","to":"bob@localhost","id":"echoed"}');
  assert.equal((await ask('POST', '/rest/echo', JSON_TYPE, '{"body":"x","from":"eve@localhost"}')).status, 403);
  await ask('POST', '/rest', JSON_TYPE, '{"body":"sent","to":"bob@localhost","id":"after-echo"}');
  await bob.next(having({ id: 'after-echo' }), 'the message after the echo');
  assert.ok(!bob.takeAll().some(having({ id: 'echoed' })));
});

for (const accept of [XML, FORM, 'application/cbor']) {
  test(`an answer comes as ${accept}`, async () => {
    const { type, text } = await ask('POST', '/rest/echo', JSON_TYPE, '{"body":"Hello","id":"i"}', { accept });
    assert.equal(type, accept);
    assert.match(text, /Hello/);
  });
}

/** A path, a body, and what bob gets. */
const DELIVERED: readonly (readonly [
  path: string,
  type: string,
  body: string,
  kind: string,
  child: string,
  text: string,
])[] = [
  ['/rest/message/chat/bob@localhost', TEXT, 'Ahoj 🐢', 'message', 'body', 'Ahoj 🐢'],
  [
    '/rest/message/normal/bob%40localhost',
    JSON_TYPE,
    '{"kind":"iq","to":"eve@localhost","body":"path wins"}',
    'message',
    'body',
    'path wins',
  ],
  ['//rest///message//headline//bob@localhost', FORM, 'body=form', 'message', 'body', 'form'],
  ['/rest/presence/available/bob@localhost', TEXT, 'away', 'presence', 'show', 'away'],
];

for (const [path, type, body, kind, child, expected] of DELIVERED) {
  test(`POST ${path} brings ${kind} ${expected}`, async () => {
    assert.equal((await ask('POST', path, type, body)).status, 202);
    const stanza = await bob.next(({ name, children }) => name === kind && children.length > 0, `the ${kind}`);
    const found = childNamed(stanza, child);
    assert.equal(found === undefined ? undefined : textOf(found), expected);
  });
}

/** A query and the answer, id left out. */
const QUERIES: readonly (readonly [method: string, path: string, body: string | undefined, answer: object])[] = [
  ['GET', '/rest/ping/localhost', undefined, { kind: 'iq', type: 'result', from: 'localhost' }],
  ['GET', '/rest/ping/bob@localhost/test', undefined, { kind: 'iq', type: 'result', from: 'bob@localhost/test' }],
  ['GET', '/rest/ping/bob%40localhost%2Ftest', undefined, { kind: 'iq', type: 'result', from: 'bob@localhost/test' }],
  ['GET', '/rest/ping/', undefined, { kind: 'iq', type: 'result', from: 'alice@localhost' }],
  ['GET', '/rest/items/localhost', undefined, { kind: 'iq', type: 'result', from: 'localhost', items: true }],
  [
    'GET',
    '/rest/disco/localhost?node=nope',
    undefined,
    { kind: 'iq', type: 'error', from: 'localhost', error: { type: 'cancel', condition: 'item-not-found' } },
  ],
  [
    'POST',
    '/rest/iq/items/localhost',
    '{"node":"nope"}',
    { kind: 'iq', type: 'error', from: 'localhost', error: { type: 'cancel', condition: 'item-not-found' } },
  ],
];

for (const [method, path, body, expected] of QUERIES) {
  test(`${method} ${path} is answered`, async () => {
    const { status, text } = await ask(method, path, body === undefined ? undefined : JSON_TYPE, body);
    assert.equal(status, 200);
    const { id: _, to, ...answer } = JSON.parse(text);
    assert.equal(to, 'alice@localhost');
    assert.deepEqual(answer, expected);
  });
}

test('a query for the version names the software', async () => {
  const { text } = await ask('GET', '/rest/version/localhost');
  assert.equal(JSON.parse(text).version.name, 'Restanza');
});

test('a message to nobody is 202, and 200 with the bounce for who waits', async () => {
  const body = '{"body":"x","to":"nobody@localhost","id":"b1"}';
  assert.equal((await ask('POST', '/rest', JSON_TYPE, body)).status, 202);
  const { status, headers, text } = await ask('POST', '/rest', JSON_TYPE, body, { prefer: 'wait=5' });
  assert.equal(status, 200);
  assert.equal(headers.get('preference-applied'), 'wait=5');
  const { kind, type, from, error } = JSON.parse(text);
  assert.deepEqual(
    { kind, type, from, condition: error.condition },
    { kind: 'message', type: 'error', from: 'nobody@localhost', condition: 'service-unavailable' },
  );
});

test('who would wait for longer than the gateway does is told how long that is', async () => {
  const body = '{"body":"x","to":"nobody@localhost"}';
  const { headers } = await ask('POST', '/rest', JSON_TYPE, body, { prefer: 'wait=86400' });
  assert.equal(headers.get('preference-applied'), 'wait=300');
});

test('a message that arrives is 202 at once for who waits', async () => {
  const body = '{"body":"x","to":"bob@localhost/test","id":"b2"}';
  const { status } = await ask('POST', '/rest', JSON_TYPE, body, { prefer: 'respond-async, wait=30' });
  assert.equal(status, 202);
  await bob.next(having({ id: 'b2' }), 'the message');
});

const REFUSED: readonly (readonly [
  method: string,
  path: string,
  type: string | undefined,
  body: string | undefined,
  status: number,
  reason: string,
])[] = [
  ['GET', '/rest/ping', undefined, undefined, 400, 'body-malformed'],
  ['GET', '/rest/', undefined, undefined, 400, 'body-malformed'],
  ['GET', '/rest/ping/%40%40', undefined, undefined, 422, 'to-invalid'],
  ['GET', '/rest/ping/a%00b', undefined, undefined, 400, 'body-malformed'],
  ['GET', '/rest/disco/localhost?nope', undefined, undefined, 400, 'body-malformed'],
  ['GET', '/rest/foo/localhost', undefined, undefined, 422, 'iq-payload-invalid'],
  ['GET', '/rest/../../etc/passwd', undefined, undefined, 404, 'not-found'],
  ['POST', '/rest/foo/bar/baz', JSON_TYPE, '{"body":"x"}', 400, 'body-malformed'],
  ['POST', '/rest/message/chat', TEXT, 'x', 400, 'body-malformed'],
  ['POST', '/rest/iq/get/localhost', TEXT, 'x', 400, 'body-malformed'],
  ['POST', '/rest/message/weird/bob@localhost', JSON_TYPE, '{"body":"x"}', 422, 'stanza-type-invalid'],
  ['POST', '/rest', 'application/cbor', 'not cbor', 400, 'body-malformed'],
];

for (const [method, path, type, body, status, reason] of REFUSED) {
  test(`${method} ${path} ${type ?? ''} is ${status} ${reason}`, async () => {
    const answer = await ask(method, path, type, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(JSON.parse(answer.text).error.reason, reason);
  });
}

/** What one is told, beside the code, who asked for what there is not. */
const HINTS: readonly (readonly [method: string, path: string, body: string | undefined, text: RegExp])[] = [
  ['GET', '/rest/foo/localhost', undefined, /: this one has 0, for no query is named foo$/],
  ['POST', '/rest', '{"kind":"iq","type":"get","to":"localhost","pong":true}', /no query is named pong$/],
  ['POST', '/rest', '{"kind":"iq","type":"get","to":"localhost"}', /: this one has 0$/],
  ['PUT', '/rest', '{}', /PUT is not a method of \/rest/],
  ['GET', '/rest', undefined, /a GET names a query, as in \/rest\/ping/],
  ['POST', '/rest', '{"kind":"message",}', /\(a comma too many\)$/],
];

for (const [method, path, body, text] of HINTS) {
  test(`${method} ${path} ${body ?? ''} says what to do`, async () => {
    const answer = await ask(method, path, JSON_TYPE, body);
    assert.match(JSON.parse(answer.text).error.text, text);
  });
}

test('to wait for no time is not to wait', async () => {
  const message = '{"to":"bob@localhost","body":"x"}';
  const { status, headers } = await ask('POST', '/rest', JSON_TYPE, message, { prefer: 'wait=0' });
  assert.deepEqual([status, headers.get('preference-applied')], [202, null]);
});

test('a key that is cut in the middle of a character is named all the same', async () => {
  const key = `${'k'.repeat(63)}🐢`;
  const message = JSON.stringify({ to: 'bob@localhost', body: 'x', [key]: 1 });
  const { status, headers } = await ask('POST', '/rest', JSON_TYPE, message);
  assert.deepEqual([status, headers.get('restanza-ignored')], [202, `${'k'.repeat(63)}%EF%BF%BD`]);
});

test('an address may be as long as addresses can be', async () => {
  const address = `${'a'.repeat(1_023)}@localhost/${'r'.repeat(1_023)}`;
  const { status, text } = await ask('GET', `/rest/ping/${address}`);
  assert.equal(status, 200);
  assert.equal(JSON.parse(text).from, address);
});

test('the routes are where the configuration says', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const paths = { RESTANZA_PATHS_REST: '/api/xmpp', RESTANZA_PATHS_MSG: '/api/say' };
  await using moved = await runGateway(folder.path, paths);
  const get = (path: string) => fetch(`${moved.url}${path}`, { headers: { authorization, accept: JSON_TYPE } });
  assert.equal((await get('/api/xmpp/ping/localhost')).status, 200);
  assert.equal((await get('/api//xmpp/ping/localhost')).status, 200);
  assert.equal((await get('/rest/ping/localhost')).status, 404);
  const headers = { authorization, 'content-type': TEXT };
  const said = await fetch(`${moved.url}/api/say/bob`, { method: 'POST', headers, body: 'x' });
  assert.equal(said.status, 201);
});

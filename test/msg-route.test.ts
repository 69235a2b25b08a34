/**
 * `/msg` as mod_post_msg has it, over HTTP in front of an embedded host.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { childNamed, textOf } from '../src/xml/element.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import type { Peer } from './support/peer.ts';

const resources = new AsyncDisposableStack();
let running: Running;
let bob: Peer;

before(async () => {
  const folder = resources.use(await Folder.make());
  running = resources.use(await runGateway(folder.path));
  bob = resources.use(await running.bob());
});
after(() => resources.disposeAsync());

const FORM = 'application/x-www-form-urlencoded';

/** A POST by alice, who gives her whole address as mod_post_msg asks. */
function post(path: string, type: string, body: string, password: string = PASSWORDS.alice): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`alice@localhost:${password}`).toString('base64')}`;
  return fetch(`${running.url}${path}`, { method: 'POST', headers: { authorization, 'content-type': type }, body });
}

const DELIVERED: readonly (readonly [path: string, type: string, body: string, messageType: string, text: string])[] = [
  ['/msg/bob@localhost', 'text/plain', 'Server@host has just crashed!', 'chat', 'Server@host has just crashed!'],
  ['/msg/bob', 'text/plain', 'completed', 'chat', 'completed'],
  ['/msg/bob@localhost/test', 'text/plain; charset=utf-8', 'plný', 'chat', 'plný'],
  ['/msg/bob%40localhost', FORM, 'body=a+form&type=normal', 'normal', 'a form'],
  ['/msg', FORM, 'to=bob@localhost&body=to+in+the+body', 'chat', 'to in the body'],
  ['/msg/nobody', 'application/json', '{"to":"bob@localhost","type":"headline","body":"json"}', 'headline', 'json'],
];

for (const [path, type, body, messageType, text] of DELIVERED) {
  test(`POST ${path} as ${type} ${body}`, async () => {
    const response = await post(path, type, body);
    assert.equal(response.status, 201);
    assert.equal(await response.text(), '');
    const message = await bob.next(({ name, children }) => name === 'message' && children.length > 0, 'the message');
    const found = childNamed(message, 'body');
    assert.equal(found === undefined ? undefined : textOf(found), text);
    assert.equal(message.attrs['type'], messageType);
    assert.equal(message.attrs['from'], 'alice@localhost');
  });
}

const REFUSED: readonly (readonly [path: string, type: string, body: string, status: number, reason: string])[] = [
  ['/msg', 'text/plain', 'x', 422, 'to-invalid'],
  ['/msg/', 'text/plain', 'x', 422, 'to-invalid'],
  ['/msg/a@@b', 'text/plain', 'x', 422, 'to-invalid'],
  ['/msg/bob', 'application/xmpp+xml', '<message/>', 415, 'media-type-unsupported'],
  ['/msg/bob', 'application/json', '{"kind":"presence","show":"away"}', 422, 'kind-invalid'],
  ['/msg/bob', 'application/json', '{', 400, 'body-malformed'],
  ['/msg/bob', FORM, 'body=x&html=%3Cp%3E', 422, 'value-invalid'],
];

for (const [path, type, body, status, reason] of REFUSED) {
  test(`POST ${path} as ${type} ${body} is ${status} ${reason}`, async () => {
    const response = await post(path, type, body);
    assert.equal(response.status, status);
    const { error } = (await response.json()) as { readonly error: { readonly reason: string } };
    assert.equal(error.reason, reason);
  });
}

test('a wrong password is 401 here, with a challenge', async () => {
  const response = await post('/msg/bob', 'text/plain', 'x', 'wrong');
  assert.equal(response.status, 401);
  assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm=/);
});

test('the resource of a whole address is kept in from', async () => {
  const authorization = `Basic ${Buffer.from(`alice@localhost/ops/a@b:${PASSWORDS.alice}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'text/plain' };
  assert.equal((await fetch(`${running.url}/msg/bob`, { method: 'POST', headers, body: 'x' })).status, 201);
  const message = await bob.next(({ name, children }) => name === 'message' && children.length > 0, 'the message');
  assert.equal(message.attrs['from'], 'alice@localhost/ops/a@b');
});

for (const [what, credentials] of [
  ['an empty resource', `alice@localhost/:${PASSWORDS.alice}`],
  ['a resource that is none', `alice@localhost/a\0:${PASSWORDS.alice}`],
  ['another account with a resource', `bob@localhost/x:${PASSWORDS.alice}`],
  ['a domain that is not here', `alice@example.org/x:${PASSWORDS.alice}`],
  ['no colon', 'alice@localhost'],
] as const) {
  test(`${what} is 401, with a challenge`, async () => {
    const headers = {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'text/plain',
    };
    const response = await fetch(`${running.url}/msg/bob`, { method: 'POST', headers, body: 'x' });
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm=/);
  });
}

test('OPTIONS says what can be posted', async () => {
  const response = await fetch(`${running.url}/msg/bob`, { method: 'OPTIONS' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('allow'), 'POST');
  assert.equal(response.headers.get('accept'), `text/plain, ${FORM}, application/json`);
});

test('text/xml on /rest is 201, as mod_http_rest has it, but not without credentials', async () => {
  const xml = "<message to='bob@localhost' type='chat'><body>old</body></message>";
  assert.equal((await post('/rest', 'text/xml', xml)).status, 201);
  await bob.next(({ name, children }) => name === 'message' && children.length > 0, 'the message');
  const open = await fetch(`${running.url}/rest`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: xml,
  });
  assert.equal(open.status, 401);
});

/**
 * API tokens through the HTTP door: what each scope opens, for whom, from where and how long, and who manages them.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Permission, SCOPES, type Scope } from '../src/auth/scopes.ts';
import { TokenStore } from '../src/auth/token-store.ts';
import { readTerms, type WrittenTerms } from '../src/auth/token-terms.ts';
import { API_TOKEN, makeTokenText } from '../src/auth/token-text.ts';
import { EventSource } from './support/event-source.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, runGateway } from './support/in-process-gateway.ts';
import { MemoryLog } from './support/memory-log.ts';
import { basic } from './support/rest-client.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const XML_TYPE = { 'content-type': 'application/xmpp+xml' };
const ALICE = basic({ user: 'alice', password: PASSWORDS.alice });
const BOB = basic({ user: 'bob', password: PASSWORDS.bob });
const bearer = (token: string) => `Bearer ${token}`;

/** A token as it is told of. */
interface Told {
  readonly id: string;
  readonly token?: string;
  readonly created: string;
  readonly expires: string;
  readonly used: string | null;
}

async function reasonOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { readonly error: { readonly reason: string } };
  return error.reason;
}

async function toldIn(response: Response): Promise<readonly Told[]> {
  const { tokens } = (await response.json()) as { readonly tokens: readonly Told[] };
  return tokens;
}

/** A gateway, and its tokens as the command line has them: through the file. */
async function started(t: TestContext, environment: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = stack.use(await Folder.make());
  const { url } = stack.use(await runGateway(folder.path, environment));
  const store = stack.use(TokenStore.open(join(folder.path, 'data', 'tokens.sqlite'), new MemoryLog()));
  const make = (written: Partial<WrittenTerms> = {}) =>
    store.create(readTerms({ jid: 'alice@localhost', scopes: ['xmpp'], ...written }, Date.now()));
  const call = (authorization: string, { path, ...init }: Call) =>
    fetch(`${url}${path}`, { ...init, headers: { ...init.headers, authorization } });
  return { url, store, make, call };
}

interface Call {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const post = (path: string, body: string, headers: Readonly<Record<string, string>> = JSON_TYPE): Call => {
  return { path, method: 'POST', body, headers };
};
const iq = (type: string, to: string, payload: string): Call =>
  post('/rest', `<iq type='${type}'${to}>${payload}</iq>`, XML_TYPE);
const sending = (extra: object = {}) =>
  post('/rest', JSON.stringify({ kind: 'message', to: 'bob@localhost', body: 'hi', ...extra }));

const STANZA: readonly Permission[] = ['send', 'query', 'archive', 'account-read', 'account-write', 'account-control'];
const BOBS = " to='bob@localhost'";

/** Requests, each with the permissions of which one is enough. */
const CALLS: Readonly<Record<string, readonly [Call, readonly Permission[]]>> = {
  'a message': [sending(), ['send']],
  'a message by its path': [post('/rest/message/chat/bob@localhost', 'hi', { 'content-type': 'text/plain' }), ['send']],
  'a presence': [post('/rest', '{"kind":"presence","to":"bob@localhost"}'), ['send']],
  'a message of mod_post_msg': [post('/msg/bob', 'hi', { 'content-type': 'text/plain' }), ['send']],
  'an iq': [iq('get', BOBS, "<query xmlns='jabber:iq:version'/>"), ['query']],
  'an iq by GET': [{ path: '/rest/version/bob@localhost' }, ['query']],
  'a look at the own server': [{ path: '/rest/disco/localhost' }, ['account-read']],
  'a look at the own account': [iq('get', '', "<query xmlns='jabber:iq:roster'/>"), ['account-read']],
  'a change of the own account': [iq('set', '', "<query xmlns='jabber:iq:roster'/>"), ['account-write']],
  'a new password': [iq('set', " to='localhost'", "<query xmlns='jabber:iq:register'/>"), ['account-control']],
  'an archive': [iq('set', '', "<query xmlns='urn:xmpp:mam:2'/>"), ['archive']],
  'the archive of somebody else': [iq('set', BOBS, "<query xmlns='urn:xmpp:mam:2'/>"), ['archive']],
  'an echo': [post('/rest/echo', '{"kind":"message","to":"bob@localhost","body":"hi"}'), STANZA],
  events: [{ path: '/events' }, ['receive']],
  deliveries: [{ path: '/deliveries' }, ['admin']],
  'deliveries once more': [{ path: '/deliveries/retry', method: 'POST' }, ['admin']],
  tokens: [{ path: '/admin/tokens' }, ['admin']],
  'a token': [post('/admin/tokens', '{"jid":"alice@localhost","scopes":["send"]}'), ['admin']],
};

const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];

test('each scope opens what it permits, and nothing else', async t => {
  const { make, call } = await started(t);
  for (const scope of SCOPE_NAMES) {
    const { token } = make({ scopes: [scope] });
    const permitted: readonly Permission[] = SCOPES[scope].permits;
    for (const [what, [request, needed]] of Object.entries(CALLS)) {
      const response = await call(bearer(token), request);
      const text = await response.text();
      if (needed.some(permission => permitted.includes(permission))) {
        assert.ok(response.ok, `${what} with ${scope}: ${response.status} ${text}`);
      } else {
        assert.equal(response.status, 403, `${what} with ${scope}: ${text}`);
        assert.equal(JSON.parse(text).error.reason, 'scope-insufficient', what);
        assert.match(
          response.headers.get('www-authenticate') ?? '',
          /^Bearer error="insufficient_scope", scope="[a-z:]+"$/,
        );
      }
    }
  }
});

test('a password opens all of it', async t => {
  const { call } = await started(t);
  for (const [what, [request]] of Object.entries(CALLS)) assert.ok((await call(ALICE, request)).ok, what);
});

test('what is refused for its scope names the scope that does', async t => {
  const { make, call } = await started(t);
  const { token } = make({ scopes: ['receive'] });
  const scopeFor = async (what: string) => {
    const response = await call(bearer(token), CALLS[what]?.[0] ?? { path: '/' });
    return /scope="(?<scope>[^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.groups?.['scope'];
  };
  assert.equal(await scopeFor('a message of mod_post_msg'), 'send');
  assert.equal(await scopeFor('tokens'), 'admin');
  const query = make({ scopes: ['send'] }).token;
  const response = await call(bearer(query), CALLS['an archive']?.[0] ?? { path: '/' });
  assert.match(response.headers.get('www-authenticate') ?? '', /scope="archive"$/);
});

/** Who a token is for, and the senders that it may name. */
const SENDERS: readonly (readonly [pattern: string, sender: string | undefined, status: number])[] = [
  ['alice@localhost', undefined, 202],
  ['alice@localhost', 'alice@localhost', 202],
  ['alice@localhost', 'ALICE@localhost/any', 202],
  ['alice@localhost', 'bob@localhost', 403],
  ['alice@localhost', 'localhost', 403],
  ['alice@localhost', 'alice@localhost.example', 403],
  ['*@localhost', undefined, 202],
  ['*@localhost', 'localhost', 202],
  ['*@localhost', 'alice@localhost', 202],
  ['*@localhost', 'nobody@localhost/x', 202],
  ['*@localhost', 'alice@example.org', 403],
  ['*@localhost', 'alice@x.localhost', 403],
];

for (const [jid, from, status] of SENDERS) {
  test(`with a token for ${jid} a message from ${from ?? 'nobody'} is ${status}`, async t => {
    const { make, call } = await started(t);
    const { token } = make({ jid, scopes: ['send'] });
    const response = await call(bearer(token), sending(from === undefined ? {} : { from }));
    assert.equal(response.status, status, await response.text());
  });
}

test('a token that is revoked beside the running gateway is refused at once, as is one that has ended', async t => {
  const { store, make, call } = await started(t);
  const { token, record } = make();
  assert.equal((await call(bearer(token), sending())).status, 202);
  store.revoke(record.id);
  const response = await call(bearer(token), sending());
  assert.equal(response.status, 403);
  assert.equal(await reasonOf(response), 'credentials-rejected');
  assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
  const past = store.create({ ...readTerms({ jid: 'alice@localhost', scopes: ['send'] }, 0), expires: Date.now() - 1 });
  assert.equal((await call(bearer(past.token), sending())).status, 403);
});

test('who reads events with a token is sent away within a second after it is revoked', async t => {
  const { url, store, make } = await started(t);
  const [{ token, record }, { token: other }] = [make(), make({ jid: '*@localhost' })];
  const open = (text: string) =>
    EventSource.open(`${url}/events`, { authorization: bearer(text), accept: 'text/event-stream' });
  using stream = await open(token);
  using staying = await open(other);
  const since = performance.now();
  store.revoke(record.id);
  await stream.ended;
  assert.ok(performance.now() - since < 2_000);
  assert.equal(staying.status, 200);
  await assert.rejects(stream.next());
});

test('a token has a rate of its own', async t => {
  const { make, call } = await started(t);
  const [{ token: slow }, { token: fast }] = [make({ rate: 1 }), make()];
  const statuses: number[] = [];
  for (let count = 0; count < 14; count += 1) statuses.push((await call(bearer(slow), sending())).status);
  // Ten may come at once; one more has come by while they were made, where this machine is slow.
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(202));
  assert.ok(statuses.slice(10).includes(429), String(statuses));
  assert.equal((await call(bearer(fast), sending())).status, 202);
});

test('as many requests at once do not get around the rate', async t => {
  const { make, call } = await started(t);
  const { token } = make({ rate: 1 });
  const replies = await Promise.all(Array.from({ length: 30 }, () => call(bearer(token), sending())));
  const accepted = replies.filter(({ status }) => status === 202).length;
  assert.ok(accepted >= 10 && accepted <= 13, String(accepted));
  const refused = replies.find(({ status }) => status === 429);
  assert.ok(Number(refused?.headers.get('retry-after')) >= 1);
});

test('a token is good from its networks alone, and behind a proxy that is trusted the client is meant', async t => {
  const { make, call } = await started(t, { RESTANZA_TRUSTED_PROXIES: '[127.0.0.1]' });
  const { token } = make({ networks: ['203.0.113.0/24'] });
  const from = (address: string) => ({ ...sending(), headers: { ...JSON_TYPE, 'x-forwarded-for': address } });
  assert.equal((await call(bearer(token), from('203.0.113.9'))).status, 202);
  const refused = await call(bearer(token), from('198.51.100.1'));
  assert.equal(refused.status, 403);
  assert.equal(await reasonOf(refused), 'address-forbidden');
});

test('wrong tokens are slowed down, as wrong passwords are', async t => {
  const { make, call } = await started(t);
  const { token } = make();
  const statuses: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    statuses.push((await call(bearer(makeTokenText(API_TOKEN)), sending())).status);
  }
  assert.deepEqual(statuses, [...Array(10).fill(403), 429, 429]);
  assert.equal((await call(bearer(token), sending())).status, 429);
  assert.equal((await call(ALICE, sending())).status, 202);
});

test('a token in the URL, in the body or in another field lets nobody in', async t => {
  const { url, make } = await started(t);
  const { token } = make();
  const body = JSON.stringify({ to: 'bob@localhost', body: 'hi', access_token: token });
  const cases = [
    [`/rest?access_token=${token}`, {}],
    ['/rest', { 'x-api-key': token }],
    ['/rest', { cookie: `access_token=${token}` }],
    ['/rest', { 'proxy-authorization': bearer(token) }],
  ] as const;
  for (const [path, headers] of cases) {
    const response = await fetch(url + path, { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } });
    assert.equal(response.status, 401, path);
    assert.ok(!(await response.text()).includes(token));
  }
});

test('a repeat with a token that permits less does not get the answer of another one', async t => {
  const { make, call } = await started(t);
  const [wide, narrow] = [make({ scopes: ['query'] }), make({ scopes: ['send'] })];
  const request = iq('get', BOBS, "<query xmlns='jabber:iq:version'/>");
  const keyed = { ...request, headers: { ...request.headers, 'idempotency-key': 'one' } };
  const first = await call(bearer(wide.token), keyed);
  assert.equal(first.status, 200);
  assert.equal((await call(bearer(narrow.token), keyed)).status, 403);
  assert.equal(await (await call(bearer(wide.token), keyed)).text(), await first.text());
});

test('a user makes, lists and revokes his own tokens', async t => {
  const { call } = await started(t);
  const terms = {
    jid: 'alice@localhost',
    scopes: ['send', 'query'],
    expires: '90d',
    rate: 5,
    networks: ['127.0.0.0/8'],
    label: 'mine',
  };
  const made = await call(ALICE, post('/admin/tokens', JSON.stringify(terms)));
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('cache-control'), 'no-store');
  const { token = '', id, created, expires, ...said } = (await made.json()) as Told;
  assert.match(token, /^rstz_[0-9A-Za-z]{36}$/);
  const { expires: _, ...written } = terms;
  assert.deepEqual(said, { ...written, creator: 'alice@localhost', used: null, revoked: null });
  assert.ok(Math.abs(Date.parse(expires) - Date.parse(created) - 90 * 86_400_000) < 5000);
  assert.equal((await call(bearer(token), sending())).status, 202);
  const listed = await toldIn(await call(ALICE, { path: '/admin/tokens' }));
  assert.deepEqual(
    listed.map(each => [each.id, each.used === null]),
    [[id, false]],
  );
  assert.ok(!JSON.stringify(listed).includes(token));
  assert.equal((await call(ALICE, { path: `/admin/tokens/${id}` })).status, 200);
  for (let count = 0; count < 2; count += 1) {
    assert.equal((await call(ALICE, { path: `/admin/tokens/${id}`, method: 'DELETE' })).status, 204);
  }
  assert.equal((await call(bearer(token), sending())).status, 403);
});

test('nobody sees, makes or revokes the tokens of somebody else', async t => {
  const { call, make } = await started(t);
  const { record } = make({ jid: 'alice@localhost' });
  assert.deepEqual(await toldIn(await call(BOB, { path: '/admin/tokens' })), []);
  for (const method of ['GET', 'DELETE']) {
    assert.equal((await call(BOB, { path: `/admin/tokens/${record.id}`, method })).status, 404);
  }
  for (const jid of ['alice@localhost', '*@localhost', '*', 'bob@example.org', 'bob@localhost.example']) {
    const response = await call(BOB, post('/admin/tokens', JSON.stringify({ jid, scopes: ['send'] })));
    assert.equal(response.status, 403, jid);
    assert.match(
      await response.text(),
      /you are bob@localhost; name that in 'jid', or ask the operator.+"token-forbidden"/,
    );
  }
  assert.equal((await call(ALICE, { path: `/admin/tokens/${record.id}` })).status, 200);
});

test('who manages a domain manages its tokens, who manages the gateway all', async t => {
  const { call, make } = await started(t);
  const [domain, gateway] = [make({ jid: '*@localhost', scopes: ['admin'] }), make({ jid: '*', scopes: ['admin'] })];
  const { record } = make({ jid: 'bob@localhost' });
  const seen = async (token: string) => {
    const told = await toldIn(await call(bearer(token), { path: '/admin/tokens' }));
    return told.map(({ id }) => id);
  };
  assert.deepEqual(await seen(domain.token), [domain.record.id, record.id]);
  assert.deepEqual(await seen(gateway.token), [domain.record.id, gateway.record.id, record.id]);
  const wanted = (jid: string, scopes = ['send']) => post('/admin/tokens', JSON.stringify({ jid, scopes }));
  assert.equal((await call(bearer(domain.token), wanted('bob@localhost'))).status, 201);
  assert.equal((await call(bearer(domain.token), wanted('*', ['admin']))).status, 403);
  assert.equal((await call(bearer(gateway.token), wanted('*@localhost'))).status, 201);
  assert.equal((await call(bearer(gateway.token), wanted('*', ['send']))).status, 422);
  assert.equal((await call(bearer(gateway.token), wanted('a@far.example'))).status, 422);
  assert.equal((await call(bearer(gateway.token), sending())).status, 403);
  assert.equal((await call(bearer(gateway.token), { path: '/deliveries' })).status, 200);
  assert.equal(
    (await call(bearer(gateway.token), { path: `/admin/tokens/${record.id}`, method: 'DELETE' })).status,
    204,
  );
});

const BAD_BODIES: readonly (readonly [body: string, status: number, says: RegExp])[] = [
  ['{', 400, /JSON/],
  ['[]', 422, /object/],
  ['{"scopes":["send"]}', 422, /'jid' is missing/],
  ['{"jid":"alice@localhost"}', 422, /'scopes' is missing/],
  ['{"jid":7,"scopes":["send"]}', 422, /'jid' must be a string/],
  ['{"jid":"alice@localhost","scopes":"send"}', 422, /'scopes' must be an array/],
  ['{"jid":"alice@localhost","scopes":["fly"]}', 422, /'scopes': write one or more of send, /],
  ['{"jid":"alice@localhost/x","scopes":["send"]}', 422, /'jid': leave the resource out/],
  ['{"jid":"alice@localhost","scopes":["send"],"expires":"soon"}', 422, /'expires': write a time/],
  ['{"jid":"alice@localhost","scopes":["send"],"rate":0}', 422, /'rate': write a whole number/],
  ['{"jid":"alice@localhost","scopes":["send"],"networks":["x"]}', 422, /'networks': write up to/],
  ['{"jid":"alice@localhost","scopes":["send"],"id":"x"}', 422, /none of jid, scopes/],
  ['{"jid":"alice@localhost","scopes":["send"],"__proto__":{}}', 422, /none of jid, scopes/],
];

test('terms that cannot be used are refused with what to write, and no token is made', async t => {
  const { call, store } = await started(t);
  for (const [body, status, says] of BAD_BODIES) {
    const response = await call(ALICE, post('/admin/tokens', body));
    const text = await response.text();
    assert.equal(response.status, status, `${body}: ${text}`);
    assert.match(JSON.parse(text).error.text, says);
  }
  const other = await call(ALICE, post('/admin/tokens', '{}', { 'content-type': 'text/plain' }));
  assert.equal(other.status, 415);
  assert.deepEqual(store.list(), []);
});

/**
 * Guessing passwords through the doors of HTTP and XMPP: how many guesses are tried, what they cost, and who is disturbed.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { basic } from '../src/auth/basic.ts';
import { remembering } from '../src/auth/remember.ts';
import { Throttle, throttled } from '../src/auth/throttle.ts';
import { createApp } from '../src/http/app.ts';
import { IdempotencyStore } from '../src/journal/idempotency-store.ts';
import { Accounts } from '../src/link/server/accounts.ts';
import { makeJid, parseJid } from '../src/xmpp/jid.ts';
import { C2sClient, type Credentials as XmppCredentials } from './support/c2s-client.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, runGateway } from './support/in-process-gateway.ts';
import { MemoryLog } from './support/memory-log.ts';
import { freePorts } from './support/ports.ts';
import { type Credentials, basic as field, JSON_TYPE, jsonOf, post, type Reply } from './support/rest-client.ts';

const ALICE = { user: 'alice', password: PASSWORDS.alice };
const BOB = { user: 'bob', password: PASSWORDS.bob };

async function gateway(t: TestContext, environment: Readonly<Record<string, string>> = {}) {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return runGateway(folder.path, environment);
}

function login(url: string, as: Credentials): Promise<Reply> {
  return post(url, { body: '{"to":"bob@localhost","body":"hi"}', type: JSON_TYPE, as });
}

const guess = (number: number, user = 'alice') => ({ user, password: `guess ${number}` });
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

/** How many replies have each status. */
function counted(statuses: readonly number[]): Readonly<Record<number, number>> {
  return Object.fromEntries(
    [...new Set(statuses)].map(status => [status, statuses.filter(other => other === status).length]),
  );
}

test('after ten wrong passwords in a minute nothing is looked at, and others are not disturbed', async t => {
  await using running = await gateway(t);
  for (const number of times(10)) assert.equal((await login(running.url, guess(number))).status, 403);
  for (const as of [guess(10), ALICE]) {
    const refused = await login(running.url, as);
    assert.equal(refused.status, 429);
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait >= 1 && wait <= 60, String(wait));
    const { error } = jsonOf(refused) as { readonly error: Readonly<Record<string, string>> };
    assert.deepEqual(error, {
      type: 'wait',
      condition: 'resource-constraint',
      text: `Too many failed logins: try again in ${wait} s`,
      reason: 'too-many-failures',
    });
  }
  assert.equal((await login(running.url, BOB)).status, 202);
});

test('an account is one, however its name is written', async t => {
  await using running = await gateway(t);
  const names = ['alice', 'ALICE', 'alice@localhost', 'Alice@LOCALHOST', '\uff41lice'];
  const replies = [];
  for (const number of times(20)) replies.push(await login(running.url, guess(number, names[number % names.length])));
  assert.deepEqual(counted(replies.map(({ status }) => status)), { 403: 10, 429: 10 });
});

test('the secret of a component is guarded like a password', async t => {
  const [port = 0] = await freePorts(1);
  await using running = await gateway(t, {
    'RESTANZA_HOSTS__rest.example__COMPONENT__SERVER': `xmpp://127.0.0.1:${port}`,
    'RESTANZA_HOSTS__rest.example__COMPONENT__SECRET': 'gate',
  });
  const replies = [];
  for (const number of times(15)) replies.push(await login(running.url, guess(number, 'rest.example')));
  assert.deepEqual(counted(replies.map(({ status }) => status)), { 403: 10, 429: 5 });
  assert.equal((await login(running.url, { user: 'rest.example', password: 'gate' })).status, 429);
});

test('of a hundred guesses at the same time ten are tried', async t => {
  await using running = await gateway(t);
  const replies = await Promise.all(times(100).map(number => login(running.url, guess(number))));
  assert.deepEqual(counted(replies.map(({ status }) => status)), { 403: 10, 429: 90 });
});

test('a client that makes a hundred requests at once, with the right password, is not taken for one that guesses', async t => {
  await using running = await gateway(t);
  const replies = await Promise.all(times(100).map(() => login(running.url, ALICE)));
  assert.deepEqual(counted(replies.map(({ status }) => status)), { 202: 100 });
});

/** Logs in over XMPP up to SASL; returns `success` or the condition of the failure. */
async function xmppLogin(address: string, credentials: XmppCredentials): Promise<string> {
  await using client = await C2sClient.connect(address);
  await client.open();
  const failure = await client.authenticate(credentials).then(() => '', String);
  return failure === '' ? 'success' : (/<failure[^>]*><([a-z-]+)/.exec(failure)?.[1] ?? failure);
}

test('over XMPP no more guesses are tried than over HTTP, by any mechanism, and both count together', async t => {
  await using running = await gateway(t);
  const mechanisms = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] as const;
  const outcomes: string[] = [];
  for (const number of times(12)) {
    const mechanism = mechanisms[number % 3] ?? 'PLAIN';
    outcomes.push(await xmppLogin(running.c2s, { ...guess(number), mechanism }));
  }
  const expected = times(12).map(number => (number < 10 ? 'not-authorized' : 'temporary-auth-failure'));
  assert.deepEqual(outcomes, expected);
  for (const mechanism of mechanisms) {
    assert.equal(await xmppLogin(running.c2s, { ...ALICE, mechanism }), 'temporary-auth-failure');
  }
  assert.equal((await login(running.url, ALICE)).status, 429);
  assert.equal(await xmppLogin(running.c2s, BOB), 'success', 'others get in');
});

test('many who log in over XMPP at once, with the right password, are not taken for one that guesses', async t => {
  await using running = await gateway(t);
  const outcomes = await Promise.all(times(60).map(() => xmppLogin(running.c2s, ALICE)));
  assert.deepEqual([...new Set(outcomes)], ['success']);
});

test('what is no guess is no failure', async t => {
  await using running = await gateway(t);
  const headers = [{}, { authorization: 'Digest x' }, { authorization: 'Basic ***' }, { authorization: 'Basic YQ==' }];
  for (const number of times(100)) {
    const { status } = await post(running.url, { body: '{}', headers: headers[number % 4] ?? {} });
    assert.ok(status === 401 || status === 403, String(status));
  }
  assert.equal((await login(running.url, ALICE)).status, 202);
});

/** The HTTP application before the accounts alice and bob, at a time that the test sets. */
async function application(t: TestContext) {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const accounts = Accounts.open(join(folder.path, 'accounts.sqlite'));
  t.after(() => accounts[Symbol.dispose]());
  for (const [name, password] of Object.entries(PASSWORDS)) await accounts.create(name, password);
  const log = new MemoryLog();
  const idempotency = IdempotencyStore.open(join(folder.path, 'idempotency.sqlite'), log);
  t.after(() => idempotency[Symbol.dispose]());
  const domain = parseJid('localhost');
  const verify = remembering(async (local, password) =>
    (await accounts.verify(local, password)) ? { address: makeJid({ local, domain }) } : undefined,
  );
  const clock = { now: 0 };
  const throttle = new Throttle(undefined, () => clock.now);
  const authenticator = throttled(basic([{ domain, names: 'users', verify }]), throttle);
  const limits = { paths: { rest: '/rest', msg: '/msg' }, bodyLimit: 10_000, iqTimeout: 1, iqMaxTimeout: 1 };
  const app = createApp({ log, authenticator, idempotency, hostOf: () => undefined, ...limits });
  t.after(() => app.close());
  return { app, clock, spent: () => accounts.kdf.started };
}

/** A request from an address: 403 `credentials-rejected`, or 422 when it got in, for its body is no stanza. */
async function from(app: FastifyInstance, remoteAddress: string, as: Credentials): Promise<number> {
  const headers = { authorization: field(as), 'content-type': JSON_TYPE };
  const reply = await app.inject({ method: 'POST', url: '/rest', remoteAddress, headers, payload: '{"to":" "}' });
  return reply.statusCode;
}

const IN = 422;

test('a wrong password costs one derivation, whoever is meant, and over the bound none', async t => {
  const { app, spent } = await application(t);
  for (const user of ['alice', 'nobody', 'no body', 'alice@elsewhere.example', 'x'.repeat(2_000)]) {
    for (const number of times(15)) {
      const before = spent();
      const status = await from(app, `192.0.2.${user.length % 250}`, guess(number, user));
      assert.equal(status, number < 10 ? 403 : 429, user);
      assert.equal(spent() - before, number < 10 ? 1 : 0, `${user} ${number}`);
    }
  }
});

test('the right password costs one derivation, and none as long as it is remembered', async t => {
  const { app, spent } = await application(t);
  const before = spent();
  for (const _ of times(20)) assert.equal(await from(app, '192.0.2.1', ALICE), IN);
  assert.equal(spent() - before, 1);
});

test('of ten thousand guesses from fifty addresses in two minutes two hundred are tried, and alice is not kept out', async t => {
  const { app, clock, spent } = await application(t);
  assert.equal(await from(app, '198.51.100.1', ALICE), IN);
  const before = spent();
  const statuses: number[] = [];
  for (const number of times(10_000)) {
    clock.now = number * 12;
    statuses.push(await from(app, `10.0.0.${number % 50}`, guess(number)));
    if (number % 1_000 === 0) assert.equal(await from(app, '198.51.100.1', ALICE), IN);
  }
  assert.deepEqual(counted(statuses), { 403: 200, 429: 9_800 });
  assert.ok(spent() - before <= 201, String(spent() - before));
  assert.equal(await from(app, '198.51.100.2', BOB), IN);
});

test('a user who makes more requests than are allowed is told when to come back, and others are not disturbed', async t => {
  await using running = await gateway(t, { RESTANZA_REQUEST_RATE: '1' });
  const replies = await Promise.all(times(40).map(() => login(running.url, ALICE)));
  const refused = replies.filter(({ status }) => status === 429);
  assert.ok(
    refused.length >= 1 && refused.length <= 30,
    `${refused.length} of 40 were refused, where 10 may come at once`,
  );
  for (const reply of refused) {
    assert.ok(Number(reply.headers.get('retry-after')) >= 1);
    const { error } = jsonOf(reply) as { readonly error: Readonly<Record<string, string>> };
    assert.equal(error['reason'], 'too-many-requests');
  }
  assert.equal((await login(running.url, BOB)).status, 202);
});

/**
 * Where requests come from, through the HTTP door: whom `X-Forwarded-For` is believed, seen by whose failed logins count.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask } from './support/asking.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { basic } from './support/rest-client.ts';

async function gateway(t: TestContext, proxies?: string): Promise<Running> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return runGateway(folder.path, proxies === undefined ? {} : { RESTANZA_TRUSTED_PROXIES: proxies });
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The status of a login as alice, as a proxy hands it on. */
async function login(url: string, forwardedFor: string, password: string): Promise<number> {
  const headers = {
    authorization: basic({ user: 'alice', password }),
    'content-type': 'application/json',
    'x-forwarded-for': forwardedFor,
  };
  const { status } = await ask(url, { headers, body: '{"to":"bob@localhost","type":"headline","body":"hi"}' });
  return status;
}

/** Guesses until nobody looks any more: ten times. */
async function lockOut(url: string, forwardedFor: (number: number) => string): Promise<void> {
  for (const number of times(10)) assert.equal(await login(url, forwardedFor(number), `guess ${number}`), 403);
  assert.equal(await login(url, forwardedFor(10), 'guess 10'), 429);
}

for (const [what, proxies] of Object.entries({
  'the address of the proxy': '127.0.0.1',
  'its network': '127.0.0.0/8',
  'several, it among them': '192.0.2.1, 127.0.0.1/32, ::1',
})) {
  test(`with ${what} in trusted_proxies, who guesses behind it locks out himself alone`, async t => {
    await using running = await gateway(t, proxies);
    await lockOut(running.url, () => '198.51.100.1');
    assert.equal(await login(running.url, '198.51.100.1', PASSWORDS.alice), 429);
    assert.equal(await login(running.url, '198.51.100.2', PASSWORDS.alice), 202);
  });
}

test('what a client writes into the field before the proxy does is left out', async t => {
  await using running = await gateway(t, '127.0.0.1');
  await lockOut(running.url, number => `203.0.113.${number}, 198.51.100.1`);
  assert.equal(await login(running.url, '198.51.100.1', PASSWORDS.alice), 429);
  assert.equal(await login(running.url, '203.0.113.1', PASSWORDS.alice), 202);
});

test('a client cannot pass for one behind a second proxy', async t => {
  await using running = await gateway(t, '127.0.0.1, 10.0.0.0/8');
  await lockOut(running.url, number => `203.0.113.${number}, 198.51.100.1, 10.0.0.1`);
  assert.equal(await login(running.url, '198.51.100.1, 10.9.9.9', PASSWORDS.alice), 429);
});

for (const [what, proxies] of Object.entries({ nobody: undefined, 'another address': '192.0.2.1, 10.0.0.0/8' })) {
  test(`with ${what} in trusted_proxies, the field means nothing`, async t => {
    await using running = await gateway(t, proxies);
    await lockOut(running.url, number => `198.51.100.${number}`);
    assert.equal(await login(running.url, '203.0.113.1', PASSWORDS.alice), 429);
  });
}

test('what is no address stands for the proxy', async t => {
  await using running = await gateway(t, '127.0.0.1');
  await lockOut(running.url, number => ['unknown', 'x'.repeat(4_000), '', '198.51.100.1:80'][number % 4] ?? '');
  assert.equal(await login(running.url, '127.0.0.1', PASSWORDS.alice), 429);
  assert.equal(await login(running.url, '198.51.100.1', PASSWORDS.alice), 202);
});

test('a trusted proxy chooses no host: X-Forwarded-Host means nothing', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  await using running = await runGateway(folder.path, {
    RESTANZA_TRUSTED_PROXIES: '127.0.0.1',
    'RESTANZA_HOSTS__b.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__b.example__EMBEDDED__ACCOUNTS__carol': 'x',
  });
  const authorization = basic({ user: 'carol', password: 'x' });
  const headers = { authorization, 'content-type': 'application/json' };
  const body = '{"to":"nobody@b.example","type":"headline","body":"hi"}';
  const told = { ...headers, host: 'localhost', 'x-forwarded-host': 'b.example' };
  assert.equal((await ask(running.url, { headers: told, body })).status, 403);
  assert.equal((await ask(running.url, { headers: { ...headers, host: 'b.example' }, body })).status, 202);
});

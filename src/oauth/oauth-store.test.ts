/**
 * What is kept of clients, grants and tokens, and what is not.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { digestOf } from '../auth/token-text.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Client } from './client.ts';
import type { Grant } from './grant-store.ts';
import { OAuthStore } from './oauth-store.ts';
import { newSecret } from './secrets.ts';

const DOMAIN = parseJid('localhost');
const ALICE = parseJid('alice@localhost');
const DAY = 86_400_000;

const CLIENT: Client = {
  id: 'app',
  secret: digestOf('secret'),
  metadata: {
    client_name: 'App',
    client_uri: 'https://app.example',
    redirect_uris: ['https://app.example/cb'],
    application_type: 'web',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
};

function grantAt(store: OAuthStore, expires: number): Grant {
  const terms = { domain: DOMAIN, client: 'app', address: ALICE, scope: ['send'], keepsake: 'sealed', issued: 0 };
  return store.grants.add(terms, expires);
}

test('the file is for its owner alone, and holds no secret that was given out', async () => {
  await using folder = await Folder.make();
  const file = join(folder.path, 'oauth.sqlite');
  const [secret, code, access] = [newSecret('client'), newSecret('code'), newSecret('access')];
  {
    using store = OAuthStore.open(file);
    store.clients.add(DOMAIN, { ...CLIENT, secret: digestOf(secret) }, 0);
    const grant = grantAt(store, 10);
    const terms = { redirectUri: 'x', namesRedirect: true, challenge: undefined, nonce: undefined };
    store.grants.addCode(digestOf(code), grant, terms, 10);
    store.grants.addTokens(grant, [
      { kind: 'access', digest: digestOf(access), scope: ['send'], issued: 0, expires: 10 },
    ]);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    for (const name of await readdir(folder.path)) {
      const bytes = await readFile(join(folder.path, name));
      for (const text of [secret, code, access]) assert.ok(!bytes.includes(text), name);
    }
  }
  using again = OAuthStore.open(file);
  assert.deepEqual(again.clients.find(DOMAIN, 'app'), { ...CLIENT, secret: new Uint8Array(digestOf(secret)) });
  assert.equal(again.clients.find(parseJid('other.example'), 'app'), undefined);
  assert.equal(again.grants.token(digestOf(access))?.grant.address, ALICE);
});

test('a code and a refresh token are used once, and go with their grant', async () => {
  await using folder = await Folder.make();
  using store = OAuthStore.open(join(folder.path, 'oauth.sqlite'));
  const { grants } = store;
  const grant = grantAt(store, 10);
  const [code, refresh] = [digestOf('code'), digestOf('refresh')];
  grants.addCode(code, grant, { redirectUri: 'x', namesRedirect: false, challenge: 'c', nonce: 'n' }, 10);
  grants.addTokens(grant, [{ kind: 'refresh', digest: refresh, scope: ['send'], issued: 0, expires: 20 }]);
  assert.deepEqual([grants.useCode(code), grants.useCode(code)], [true, false]);
  assert.deepEqual([grants.useToken(refresh), grants.useToken(refresh)], [true, false]);
  assert.equal(grants.code(code)?.used, true);
  grants.end(grant);
  assert.deepEqual(
    [grants.code(code), grants.token(refresh), grants.find(grant.id)],
    [undefined, undefined, undefined],
  );
});

test('what has run out goes, and what somebody uses stays', async () => {
  await using folder = await Folder.make();
  using store = OAuthStore.open(join(folder.path, 'oauth.sqlite'));
  store.clients.add(DOMAIN, CLIENT, 0);
  store.clients.add(DOMAIN, { ...CLIENT, id: 'used' }, 0);
  store.clients.use(DOMAIN, 'used');
  const [short, long] = [grantAt(store, 10), grantAt(store, 10)];
  store.grants.addTokens(long, [{ kind: 'access', digest: digestOf('a'), scope: [], issued: 0, expires: 2 * DAY }]);
  const device = { digest: digestOf('d'), userCode: 'BBBBBBBB', client: 'used', scope: [], expires: 10, interval: 5 };
  store.devices.add(DOMAIN, device);
  assert.equal(store.prune(DAY + 1), 3);
  assert.equal(store.clients.find(DOMAIN, 'app'), undefined);
  assert.ok(store.clients.find(DOMAIN, 'used'));
  assert.equal(store.grants.find(short.id), undefined);
  assert.ok(store.grants.find(long.id));
  assert.equal(store.devices.find(DOMAIN, device.digest), undefined);
});

test('a device is decided on once, and has its answer once', async () => {
  await using folder = await Folder.make();
  using store = OAuthStore.open(join(folder.path, 'oauth.sqlite'));
  const { devices } = store;
  const fresh = {
    digest: digestOf('d'),
    userCode: 'BBBBBBBB',
    client: 'app',
    scope: ['send'],
    expires: 10,
    interval: 5,
  };
  devices.add(DOMAIN, fresh);
  const device = devices.findByUserCode(DOMAIN, 'BBBBBBBB');
  assert.ok(device !== undefined);
  assert.equal(devices.findByUserCode(parseJid('other.example'), 'BBBBBBBB'), undefined);
  assert.deepEqual([devices.decide(device, undefined), devices.decide(device, grantAt(store, 10).id)], [true, false]);
  assert.equal(devices.find(DOMAIN, device.digest)?.state, 'denied');
  assert.equal(devices.findByUserCode(DOMAIN, 'BBBBBBBB'), undefined);
  assert.deepEqual([devices.remove(device), devices.remove(device)], [true, false]);
});

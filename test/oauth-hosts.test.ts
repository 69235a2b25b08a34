/**
 * What the operator decides of an authorization server: whether there is one, by which URL it is known, how its pages look, and
 * that a password that changes ends what was granted with it.
 */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask } from './support/asking.ts';
import { Folder } from './support/folder.ts';
import { FormBrowser } from './support/form-browser.ts';
import { runGateway } from './support/in-process-gateway.ts';
import {
  authorizationUrl,
  decide,
  exchange,
  registerClient,
  tell,
  tokensFor,
  useToken,
} from './support/oauth-client.ts';

const HOST = 'RESTANZA_HOSTS__localhost__';
const PKCE = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };

test('a host is no authorization server unless the operator says so', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path);
  for (const path of ['/.well-known/oauth-authorization-server', '/oauth2/authorize?client_id=x', '/oauth2/jwks']) {
    assert.equal((await fetch(gateway.url + path)).status, 404, path);
  }
  await assert.rejects(stat(join(folder.path, 'data', 'oauth.sqlite')), { code: 'ENOENT' });
});

test('nor one that was switched off', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__ENABLED`]: 'false',
    [`${HOST}OAUTH__NAME`]: 'x',
  });
  assert.equal((await fetch(`${gateway.url}/.well-known/oauth-authorization-server`)).status, 404);
});

test('behind a proxy it is known by its public URL, and its cookie is for that alone', async () => {
  await using folder = await Folder.make();
  const style = await folder.write('own.css', 'body { --accent: #004400; }');
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__PUBLIC_URL`]: 'https://rest.example.com',
    [`${HOST}OAUTH__STYLE_FILE`]: style,
    [`${HOST}OAUTH__NAME`]: 'Tea & Toast',
  });
  const { body } = await tell(`${gateway.url}/.well-known/oauth-authorization-server`, undefined);
  assert.equal(body['issuer'], 'https://rest.example.com');
  assert.equal(body['token_endpoint'], 'https://rest.example.com/oauth2/token');
  const client = await registerClient(gateway.url, { token_endpoint_auth_method: 'none' });
  const page = await new FormBrowser().get(authorizationUrl(gateway.url, client, PKCE));
  assert.match(
    page.headers.get('set-cookie') ?? '',
    /^__Host-restanza-page=[\w-]{22}; Path=\/; Secure; HttpOnly; SameSite=Lax/,
  );
  assert.match(page.text, /<title>Log in – Tea &amp; Toast<\/title>/);
  const { location } = await decide(gateway.url, authorizationUrl(gateway.url, client, PKCE));
  assert.equal(new URL(location ?? '').searchParams.get('iss'), 'https://rest.example.com');
  const css = await (await fetch(`${gateway.url}/oauth2/style.css`)).text();
  assert.ok(css.endsWith('body { --accent: #004400; }'));
});

test('one of several hosts is known by its public URL, with or without the port that https implies', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__PUBLIC_URL`]: 'https://rest.example.com',
    'RESTANZA_HOSTS__other.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__other.example__EMBEDDED__ACCOUNTS__alice': 'looking-glass',
  });
  for (const [host, status] of [
    ['rest.example.com', 200],
    ['REST.example.com:443', 200],
    ['rest.example.com:80', 404],
    ['rest.example', 404],
    ['other.example', 404],
  ] as const) {
    const question = { method: 'GET', path: '/oauth2/jwks', headers: { host } };
    assert.equal((await ask(gateway.url, question)).status, status, host);
  }
});

test('clients with a secret may go without PKCE where the operator allows it, and others never', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, { [`${HOST}OAUTH__REQUIRE_PKCE`]: 'false' });
  const [own, open] = [
    await registerClient(gateway.url, {}),
    await registerClient(gateway.url, { token_endpoint_auth_method: 'none' }),
  ];
  const { location = '' } = await decide(gateway.url, authorizationUrl(gateway.url, own));
  const code = new URL(location).searchParams.get('code') ?? '';
  const right = { grant_type: 'authorization_code', code, redirect_uri: own.redirect_uris[0] };
  assert.ok((await exchange(gateway.url, own, right)).body['access_token']);
  const refused = await new FormBrowser().get(authorizationUrl(gateway.url, open));
  assert.equal(new URL(refused.location ?? '').searchParams.get('error'), 'invalid_request');
});

test('where clients may not register, nobody does', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, { [`${HOST}OAUTH__REGISTRATION`]: 'false' });
  const { body } = await tell(`${gateway.url}/.well-known/oauth-authorization-server`, undefined);
  assert.equal(body['registration_endpoint'], undefined);
  const { status } = await tell(`${gateway.url}/oauth2/register`, '{}', { 'content-type': 'application/json' });
  assert.equal(status, 404);
});

describe('what was granted', () => {
  test('outlives a restart, and ends with the password', async () => {
    await using folder = await Folder.make();
    const on = { [`${HOST}OAUTH__ENABLED`]: 'true', [`${HOST}OAUTH__ACCESS_LIFETIME`]: '10m' };
    await using first = await runGateway(folder.path, on);
    const client = await registerClient(first.url, { token_endpoint_auth_method: 'none' });
    const { access, refresh } = await tokensFor(first.url, client);
    const other = await tokensFor(first.url, client);
    await first[Symbol.asyncDispose]();
    for (const name of ['oauth.key', 'oauth-signing.pem', 'oauth.sqlite']) {
      assert.equal((await stat(join(folder.path, 'data', name))).mode & 0o777, 0o600, name);
    }
    await using second = await runGateway(folder.path, on);
    assert.equal(await useToken(second.url, access), 200);
    await second[Symbol.asyncDispose]();
    await using third = await runGateway(folder.path, { ...on, [`${HOST}EMBEDDED__ACCOUNTS__alice`]: 'looking-glass' });
    assert.equal(await useToken(third.url, access), 403);
    const { body } = await exchange(third.url, client, { grant_type: 'refresh_token', refresh_token: refresh });
    assert.equal(body['error'], 'invalid_grant');
    const unused = await exchange(third.url, client, { grant_type: 'refresh_token', refresh_token: other.refresh });
    assert.equal(unused.body['error'], 'invalid_grant');
  });

  test('cannot be used with another key than the one that it was kept with', async () => {
    await using folder = await Folder.make();
    const key = (digit: string) => ({ [`${HOST}OAUTH__ENABLED`]: 'true', RESTANZA_OAUTH_KEY: digit.repeat(64) });
    await using first = await runGateway(folder.path, key('a'));
    const client = await registerClient(first.url, { token_endpoint_auth_method: 'none' });
    const { access } = await tokensFor(first.url, client);
    await first[Symbol.asyncDispose]();
    await using second = await runGateway(folder.path, key('b'));
    assert.equal(await useToken(second.url, access), 403);
  });
});

test('pages of listed origins may use the endpoints', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__ENABLED`]: 'true',
    [`${HOST}CORS`]: 'https://app.example',
  });
  const origin = 'https://app.example';
  const { headers } = await tell(`${gateway.url}/oauth2/token`, new URLSearchParams(), { origin });
  assert.equal(headers.get('access-control-allow-origin'), origin);
  const other = await tell(`${gateway.url}/oauth2/token`, new URLSearchParams(), { origin: 'https://evil.example' });
  assert.equal(other.headers.get('access-control-allow-origin'), null);
});

test('also at the public URL of one of several hosts', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__PUBLIC_URL`]: 'https://rest.example.com',
    [`${HOST}CORS`]: 'https://app.example',
    'RESTANZA_HOSTS__other.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__other.example__EMBEDDED__ACCOUNTS__alice': 'looking-glass',
  });
  const headers = { host: 'rest.example.com', origin: 'https://app.example' };
  for (const path of ['/oauth2/jwks', '/rest/echo']) {
    const answer = await ask(gateway.url, { method: 'GET', path, headers });
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.example', path);
  }
});

test('but not even theirs are for scripts at the page where people log in', async () => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path, {
    [`${HOST}OAUTH__ENABLED`]: 'true',
    [`${HOST}CORS`]: 'https://app.example',
  });
  const asking = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    const { headers } = await fetch(`${gateway.url}/oauth2/authorize?x`, { method, headers: asking });
    assert.equal(headers.get('access-control-allow-origin'), null, method);
  }
  for (const path of ['//oauth2/authorize', '/oauth2/%61uthorize']) {
    const { headers } = await fetch(gateway.url + path, { headers: asking });
    assert.equal(headers.get('access-control-allow-origin'), null, path);
  }
});

/**
 * The authorization server before judges: `openid-client` and `oauth4webapi` go every way through a real gateway.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Folder } from './support/folder.ts';
import { FormBrowser } from './support/form-browser.ts';
import { type Running, runGateway } from './support/in-process-gateway.ts';
import { decide, logIn, registerClient, tell, tokensFor, useToken } from './support/oauth-client.ts';

const REDIRECT = 'http://127.0.0.1/callback';
const AT_USE = 'http://127.0.0.1:49152/callback';
const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

let folder: Folder;
let gateway: Running;
let base: string;

before(async () => {
  folder = await Folder.make();
  const host = 'RESTANZA_HOSTS__localhost__OAUTH__';
  gateway = await runGateway(folder.path, {
    [`${host}PASSWORD_GRANT`]: 'true',
    [`${host}CLIENTS__reporter__SECRET`]: 'reports/a+b%20c',
    [`${host}CLIENTS__reporter__ADDRESS`]: 'bob@localhost',
  });
  base = gateway.url;
});

after(async () => {
  await gateway[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A client that openid-client has registered. */
function register(
  metadata: Partial<oauth.OmitSymbolProperties<openid.ClientMetadata>>,
  auth?: openid.ClientAuth,
): Promise<openid.Configuration> {
  const told = { client_name: 'Judge', client_uri: 'https://judge.example/', redirect_uris: [REDIRECT], ...metadata };
  return openid.dynamicClientRegistration(new URL(base), told, auth, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
}

/** The whole way of a code, as openid-client goes it. */
async function codeGrant(client: openid.Configuration, more: Record<string, string> = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const url = openid.buildAuthorizationUrl(client, {
    redirect_uri: AT_USE,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more,
  });
  const { status, location } = await decide(base, url);
  assert.equal(status, 303);
  return openid.authorizationCodeGrant(client, new URL(location ?? ''), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    ...(more['scope']?.includes('openid') && { expectedNonce: nonce }),
  });
}

describe('openid-client', () => {
  const CLIENTS = {
    'a public client': () => register({ token_endpoint_auth_method: 'none' }, openid.None()),
    'a client with a secret in Basic': () => register({}, openid.ClientSecretBasic()),
    'a client with a secret in the body': () =>
      register({ token_endpoint_auth_method: 'client_secret_post' }, openid.ClientSecretPost()),
  };

  for (const [name, make] of Object.entries(CLIENTS)) {
    test(`gets, uses, refreshes and revokes tokens as ${name}`, async () => {
      const client = await make();
      const tokens = await codeGrant(client, { scope: 'xmpp' });
      assert.equal(tokens.token_type, 'bearer');
      assert.equal(tokens.scope, 'xmpp');
      assert.equal(tokens.expires_in, 3600);
      assert.equal(await useToken(base, tokens.access_token), 200);
      const fresh = await openid.refreshTokenGrant(client, tokens.refresh_token ?? '');
      assert.notEqual(fresh.refresh_token, tokens.refresh_token);
      assert.equal(await useToken(base, fresh.access_token), 200);
      await openid.tokenRevocation(client, fresh.refresh_token ?? '');
      assert.equal(await useToken(base, fresh.access_token), 403);
      assert.equal(await useToken(base, tokens.access_token), 403);
    });
  }

  test('gets tokens as a public client whose library always sends Basic', async () => {
    const known = await registerClient(base, { token_endpoint_auth_method: 'none' });
    const { access } = await tokensFor(base, { ...known, client_secret: '' });
    assert.equal(await useToken(base, access), 200);
  });

  test('gets an id_token that it can check, and userinfo', async () => {
    const client = await register({ token_endpoint_auth_method: 'none' }, openid.None());
    openid.enableNonRepudiationChecks(client);
    const tokens = await codeGrant(client, { scope: 'openid xmpp' });
    assert.equal(tokens.claims()?.sub, 'xmpp:alice@localhost');
    const info = await openid.fetchUserInfo(client, tokens.access_token, 'xmpp:alice@localhost');
    assert.equal(info.sub, 'xmpp:alice@localhost');
    const bare = await codeGrant(client, { scope: 'xmpp' });
    await assert.rejects(
      openid.fetchUserInfo(client, bare.access_token, openid.skipSubjectCheck),
      /challenge|insufficient/,
    );
  });

  test('finds the server by OpenID Connect discovery too', async () => {
    const options = { execute: [openid.allowInsecureRequests] };
    const client = await openid.discovery(new URL(base), 'some', undefined, openid.None(), options);
    assert.equal(client.serverMetadata().authorization_response_iss_parameter_supported, true);
    assert.equal(client.serverMetadata().issuer, base);
  });

  test('learns of its own tokens, and of no others', async () => {
    const client = await register({}, openid.ClientSecretBasic());
    const tokens = await codeGrant(client);
    const told = await openid.tokenIntrospection(client, tokens.access_token);
    assert.equal(told.active, true);
    assert.equal(told.username, 'alice@localhost');
    assert.equal(told.sub, 'xmpp:alice@localhost');
    assert.ok((told.exp ?? 0) > Date.now() / 1000);
    assert.deepEqual(await openid.tokenIntrospection(client, 'nonsense'), { active: false });
    const other = await register({}, openid.ClientSecretBasic());
    assert.deepEqual(await openid.tokenIntrospection(other, tokens.access_token), { active: false });
  });

  test('connects a device', async t => {
    const grants = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'];
    const metadata = { redirect_uris: [], grant_types: grants, response_types: [] };
    const client = await register({ ...metadata, token_endpoint_auth_method: 'none' }, openid.None());
    const device = await openid.initiateDeviceAuthorization(client, { scope: 'send' });
    assert.match(device.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const page = await decide(
      base,
      `${device.verification_uri}?user_code=${device.user_code.toLowerCase().replace('-', ' ')}`,
    );
    assert.equal(page.status, 200);
    assert.match(page.text, /Access allowed/);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const polling = openid.pollDeviceAuthorizationGrant(client, device);
    t.mock.timers.tick(5_000);
    const tokens = await polling;
    assert.equal(tokens.scope, 'send');
    assert.equal(await useToken(base, tokens.access_token), 200);
    assert.ok(tokens.refresh_token);
  });

  test('acts for itself where the operator gave it an address', async () => {
    const secret = 'reports/a+b%20c';
    const options: openid.DiscoveryRequestOptions = { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] };
    const client = await openid.discovery(new URL(base), 'reporter', secret, openid.ClientSecretBasic(secret), options);
    const tokens = await openid.clientCredentialsGrant(client, { scope: 'send' });
    assert.equal(tokens.refresh_token, undefined);
    assert.equal(await useToken(base, tokens.access_token), 200);
    const told = await openid.tokenIntrospection(client, tokens.access_token);
    assert.equal(told.sub, 'xmpp:bob@localhost');
  });

  test('exchanges a password where the operator allows it', async () => {
    const client = await register({
      grant_types: ['password', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    });
    const tokens = await openid.genericGrantRequest(client, 'password', { username: 'alice', password: 'wonderland' });
    assert.equal(await useToken(base, tokens.access_token), 200);
    await assert.rejects(
      openid.genericGrantRequest(client, 'password', { username: 'alice', password: 'wrong' }),
      (error: unknown) => error instanceof openid.ResponseBodyError && error.error === 'invalid_grant',
    );
  });

  test('is told when the user says no', async () => {
    const client = await register({ token_endpoint_auth_method: 'none' }, openid.None());
    const verifier = openid.randomPKCECodeVerifier();
    const code_challenge = await openid.calculatePKCECodeChallenge(verifier);
    const url = openid.buildAuthorizationUrl(client, {
      redirect_uri: AT_USE,
      code_challenge,
      code_challenge_method: 'S256',
    });
    const { location } = await decide(base, url, 'deny');
    await assert.rejects(
      openid.authorizationCodeGrant(client, new URL(location ?? ''), { pkceCodeVerifier: verifier }),
      (error: unknown) => error instanceof openid.AuthorizationResponseError && error.error === 'access_denied',
    );
  });
});

describe('oauth4webapi', () => {
  test('goes the whole way, and takes every answer', async () => {
    const issuer = new URL(base);
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...INSECURE });
    const server = await oauth.processDiscoveryResponse(issuer, found);
    const registration = { client_name: 'Judge', client_uri: 'https://judge.example', redirect_uris: [REDIRECT] };
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, registration, INSECURE),
    );
    const authentication = oauth.ClientSecretBasic(String(client.client_secret));
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: REDIRECT,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'some state',
    }).toString();
    const { location = '' } = await decide(base, url);
    const parameters = oauth.validateAuthResponse(server, client, new URL(location), 'some state');
    assert.equal(parameters.get('iss'), base);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      REDIRECT,
      verifier,
      INSECURE,
    );
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer);
    const told = await oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, authentication, tokens.access_token, INSECURE),
    );
    assert.equal(told.client_id, client.client_id);
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? '', INSECURE),
    );
    const revoked = await oauth.revocationRequest(server, client, authentication, refreshed.access_token, INSECURE);
    await oauth.processRevocationResponse(revoked);
    assert.equal(await useToken(base, refreshed.access_token), 403);
    assert.equal(await useToken(base, tokens.access_token), 200);
  });
});

describe('the seed', () => {
  test('gets its code out of band, without PKCE and without a redirect URI, and sends a stanza', async () => {
    const client = await registerClient(base, {
      redirect_uris: ['urn:ietf:wg:oauth:2.0:oob'],
      application_type: 'native',
    });
    const url = `${base}/oauth2/authorize?response_type=code&client_id=${client.client_id}&state=xyz`;
    const page = await decide(base, url);
    assert.equal(page.status, 200);
    const code = /<output id="code">([^<]+)<\/output>/.exec(page.text)?.[1] ?? '';
    const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;
    const body = new URLSearchParams({ grant_type: 'authorization_code', code });
    const { body: tokens } = await tell(`${base}/oauth2/token`, body, { authorization });
    assert.equal(await useToken(base, String(tokens['access_token'])), 200);
  });
});

describe('the pages', () => {
  test('let two requests of one browser be open at once', async () => {
    const client = await registerClient(base, { token_endpoint_auth_method: 'none' });
    const browser = new FormBrowser();
    const parameters = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', response_type: 'code' };
    const query = new URLSearchParams({ client_id: client.client_id, ...parameters });
    const [one, other] = [
      await browser.get(`${base}/oauth2/authorize?${query}`),
      await browser.get(`${base}/oauth2/authorize?${query}`),
    ];
    for (const page of [one, other]) assert.match((await logIn(browser, base, page)).text, /Allow access\?/);
  });

  test('may not be shown in others, run nothing and are kept nowhere', async () => {
    const client = await registerClient(base, {
      token_endpoint_auth_method: 'none',
      client_name: '<b>"Mallory" & \'co\'',
    });
    const query = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const { headers, text } = await new FormBrowser().get(`${base}/oauth2/authorize?${query}`);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.match(
      headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'self'; form-action 'self' http:\/\/127\.0\.0\.1; frame-ancestors 'none'; base-uri 'none'$/,
    );
    assert.match(
      headers.get('set-cookie') ?? '',
      /^restanza-page=[\w-]{22}; Path=\/oauth2; HttpOnly; SameSite=Lax; Max-Age=3600$/,
    );
    assert.ok(text.includes('&lt;b&gt;&quot;Mallory&quot; &amp; &#39;co&#39;'));
    assert.ok(!text.includes('<script') && !text.includes('<b>'));
  });
});

/**
 * What the authorization server must never allow (RFC 9700, RFC 6819, SAFETY): every row is an attempt that has to fail, on a
 * real gateway. A row that succeeds is a hole.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Folder } from './support/folder.ts';
import { FormBrowser, type Visited } from './support/form-browser.ts';
import { type Running, runGateway } from './support/in-process-gateway.ts';
import {
  authorizationUrl,
  basicOf,
  codeFor,
  decide,
  exchange,
  logIn,
  newPkce,
  type Registered,
  registerClient,
  type Told,
  tell,
  tokensFor,
  useToken,
} from './support/oauth-client.ts';

const OOB = 'urn:ietf:wg:oauth:2.0:oob';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const PKCE = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' } as const;
const CODE = 'authorization_code';

let folder: Folder;
let gateway: Running;
let base: string;
/** Without a secret, on loopback. */
let app: Registered;
/** With a secret, on the web. */
let web: Registered;
/** With a secret, without an address. */
let oob: Registered;
let device: Registered;

before(async () => {
  folder = await Folder.make();
  gateway = await runGateway(folder.path, { RESTANZA_HOSTS__localhost__OAUTH__ENABLED: 'true' });
  base = gateway.url;
  app = await registerClient(base, { token_endpoint_auth_method: 'none' });
  web = await registerClient(base, { redirect_uris: ['https://app.example/cb'] });
  oob = await registerClient(base, { redirect_uris: [OOB] });
  device = await registerClient(base, { redirect_uris: [], grant_types: [DEVICE], token_endpoint_auth_method: 'none' });
});

after(async () => {
  await gateway[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

type Parameters = Readonly<Record<string, string | undefined>>;

describe('an authorization request is shown to nobody but the person', () => {
  const ROWS: readonly (readonly [name: string, client: () => Registered, more: Parameters, raw?: string])[] = [
    ['of an unknown client', () => app, { client_id: 'somebody' }],
    ['of no client', () => app, { client_id: undefined }],
    ['that goes on after the URI', () => app, { redirect_uri: 'http://127.0.0.1/callback/more' }],
    ['that goes on in the last word', () => app, { redirect_uri: 'http://127.0.0.1/callbacks' }],
    ['that goes on in the host', () => app, { redirect_uri: 'http://127.0.0.1.evil.example/callback' }],
    ['with the host as a user', () => app, { redirect_uri: 'http://127.0.0.1@evil.example/callback' }],
    ['with the host and port as a user', () => app, { redirect_uri: 'http://127.0.0.1:80@evil.example/callback' }],
    ['in other letters', () => app, { redirect_uri: 'http://127.0.0.1/Callback' }],
    ['with a fragment', () => app, { redirect_uri: 'http://127.0.0.1/callback#here' }],
    ['with another scheme', () => app, { redirect_uri: 'https://127.0.0.1/callback' }],
    ['with a query', () => app, { redirect_uri: 'http://127.0.0.1/callback?to=evil' }],
    ['with another name of loopback', () => app, { redirect_uri: 'http://localhost/callback' }],
    ['with dots in the path', () => app, { redirect_uri: 'http://127.0.0.1/x/../callback' }],
    ['with an encoded letter', () => app, { redirect_uri: 'http://127.0.0.1/callb%61ck' }],
    ['with a port that is none', () => app, { redirect_uri: 'http://127.0.0.1:99999/callback' }],
    ['with a script', () => app, { redirect_uri: 'javascript:alert(1)' }],
    ['with data', () => app, { redirect_uri: 'data:text/html,hello' }],
    ['of a web app, at another port', () => web, { redirect_uri: 'https://app.example:8443/cb' }],
    ['of a web app, at a host below', () => web, { redirect_uri: 'https://x.app.example/cb' }],
    ['of a web app, with a dot at its end', () => web, { redirect_uri: 'https://app.example./cb' }],
    ['of a web app, without TLS', () => web, { redirect_uri: 'http://app.example/cb' }],
    ['of a web app, with a backslash', () => web, { redirect_uri: 'https://evil.example\\@app.example/cb' }],
    ['of a web app, out of band', () => web, { redirect_uri: OOB }],
    ['that names two URIs', () => app, {}, '&redirect_uri=https%3A%2F%2Fevil.example%2F'],
    ['that names two clients', () => app, {}, '&client_id=other'],
    ['that is not encoded', () => app, {}, '&state=%ff'],
  ];

  for (const [name, client, more, raw = ''] of ROWS) {
    test(name, async () => {
      const url = authorizationUrl(base, client(), { ...PKCE, ...more });
      const page = await new FormBrowser().get(`${url}${raw}`);
      assert.equal(page.status, 400, page.text);
      assert.equal(page.location, undefined);
      assert.ok(!page.text.includes('name="password"'));
    });
  }
});

describe('a client is told', () => {
  const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };
  const ROWS: readonly (readonly [name: string, client: () => Registered, more: Parameters, error: string])[] = [
    ['that there is no implicit grant', () => app, { response_type: 'token' }, 'unsupported_response_type'],
    ['that there is no hybrid flow', () => app, { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['that response_type is missing', () => app, { response_type: undefined }, 'invalid_request'],
    ['that it has to use PKCE', () => app, NO_PKCE, 'invalid_request'],
    ['that it has to use PKCE even with a secret', () => web, NO_PKCE, 'invalid_request'],
    ['that plain is no method', () => app, { code_challenge_method: 'plain' }, 'invalid_request'],
    ['that no method is plain', () => app, { code_challenge_method: undefined }, 'invalid_request'],
    ['that a method is no challenge', () => app, { code_challenge: undefined }, 'invalid_request'],
    ['that a challenge is too short', () => app, { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['that a scope is not known', () => app, { scope: 'root' }, 'invalid_scope'],
    ["that a scope is the operator's", () => app, { scope: 'admin' }, 'invalid_scope'],
    ['that request objects are not taken', () => app, { request: 'e30.e30.' }, 'request_not_supported'],
    [
      'that request URIs are not fetched',
      () => app,
      { request_uri: 'https://evil.example/' },
      'request_uri_not_supported',
    ],
    ['that a fragment is no answer', () => app, { response_mode: 'fragment' }, 'invalid_request'],
    ['that nobody is logged in', () => app, { prompt: 'none' }, 'login_required'],
    ['that it has not registered the grant', () => device, {}, ''],
  ];

  for (const [name, client, more, error] of ROWS) {
    test(name, async () => {
      const { redirect_uris } = client();
      const page = await new FormBrowser().get(authorizationUrl(base, client(), { ...PKCE, state: 'kept', ...more }));
      if (client() === web) {
        // Who may be anybody is only told when the person goes on.
        assert.deepEqual([page.status, page.location], [400, undefined]);
        const link = /<a href="(https:\/\/app\.example\/cb\?[^"]+)">Go back to app\.example<\/a>/.exec(page.text)?.[1];
        assert.equal(new URL(link?.replaceAll('&amp;', '&') ?? '').searchParams.get('error'), error);
        return;
      }
      if (redirect_uris[0] === undefined) {
        assert.equal(page.status, 400);
        assert.equal(page.location, undefined);
        return;
      }
      assert.equal(page.status, 303, page.text);
      const to = new URL(page.location ?? '');
      assert.equal(to.origin + to.pathname, redirect_uris[0]);
      assert.equal(to.searchParams.get('error'), error);
      assert.equal(to.searchParams.get('state'), 'kept');
      assert.equal(to.searchParams.get('iss'), base);
      assert.equal(to.searchParams.get('code'), null);
    });
  }
});

describe('a page takes nothing', () => {
  const open = async (browser: FormBrowser) => browser.get(authorizationUrl(base, app, PKCE));
  const send = (browser: FormBrowser, fields: Readonly<Record<string, string>>, headers = {}) =>
    browser.post(`${base}/oauth2/authorize`, fields, { headers });
  const LOGIN = { username: 'alice', password: 'wonderland', decision: 'login' };
  const consentOf = async (browser: FormBrowser) => logIn(browser, base, await open(browser));

  const ROWS: Readonly<Record<string, () => Promise<Visited>>> = {
    'from a login form without its cookie': async () => {
      const page = await open(new FormBrowser());
      return send(new FormBrowser(), { ...page.hidden, ...LOGIN });
    },
    'from a login form of another browser': async () => {
      const [page, other] = [await open(new FormBrowser()), new FormBrowser()];
      await open(other);
      return send(other, { ...page.hidden, ...LOGIN });
    },
    'from a login form that was changed': async () => {
      const browser = new FormBrowser();
      const { form = '' } = (await open(browser)).hidden;
      return send(browser, { form: `${form.slice(0, -2)}AA`, ...LOGIN });
    },
    'from a login form that was made up': async () => {
      const browser = new FormBrowser();
      await open(browser);
      return send(browser, { form: Buffer.from('{"subject":{}}').toString('base64url'), ...LOGIN });
    },
    'from a login form with a decision in its place': async () => {
      const browser = new FormBrowser();
      const page = await open(browser);
      return send(browser, { consent: page.hidden['form'] ?? '', decision: 'allow' });
    },
    'from a login without any form': async () => send(new FormBrowser(), LOGIN),
    'from a consent without its cookie': async () => {
      const consent = await consentOf(new FormBrowser());
      return send(new FormBrowser(), { ...consent.hidden, decision: 'allow' });
    },
    'from a consent of another browser': async () => {
      const [consent, other] = [await consentOf(new FormBrowser()), new FormBrowser()];
      await open(other);
      return send(other, { ...consent.hidden, decision: 'allow' });
    },
    'from a consent that was made up': async () => {
      const browser = new FormBrowser();
      await open(browser);
      return send(browser, { consent: 'x'.repeat(43), decision: 'allow' });
    },
    'from a consent that was used': async () => {
      const browser = new FormBrowser();
      const consent = await consentOf(browser);
      assert.equal((await send(browser, { ...consent.hidden, decision: 'allow' })).status, 303);
      return send(browser, { ...consent.hidden, decision: 'allow' });
    },
    'that a page of another site sends': async () => {
      const browser = new FormBrowser();
      const consent = await consentOf(browser);
      return send(browser, { ...consent.hidden, decision: 'allow' }, { 'sec-fetch-site': 'cross-site' });
    },
    'that another origin sends': async () => {
      const browser = new FormBrowser();
      const page = await open(browser);
      return send(browser, { ...page.hidden, ...LOGIN }, { origin: 'https://evil.example' });
    },
    'from a form with a field that stands there twice': async () => {
      const browser = new FormBrowser();
      const page = await open(browser);
      const cookie = [...browser.cookies].map(pair => pair.join('=')).join();
      const body = `${new URLSearchParams({ ...page.hidden, ...LOGIN })}&username=bob`;
      const response = await fetch(`${base}/oauth2/authorize`, {
        method: 'POST',
        body,
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        redirect: 'manual',
      });
      const { status, headers } = response;
      return {
        status,
        headers,
        text: await response.text(),
        hidden: {},
        location: headers.get('location') ?? undefined,
      };
    },
  };

  for (const [name, run] of Object.entries(ROWS)) {
    test(name, async () => {
      const page = await run();
      assert.equal(page.status, 400, page.text);
      assert.equal(page.location, undefined);
      assert.ok(!page.text.includes('Allow access?'));
    });
  }

  test('from a login or a consent that was open for more than ten minutes', async t => {
    const browser = new FormBrowser();
    const [page, consent] = [await open(browser), await consentOf(browser)];
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_001 });
    assert.equal((await send(browser, { ...page.hidden, ...LOGIN })).status, 400);
    assert.equal((await send(browser, { ...consent.hidden, decision: 'allow' })).status, 400);
  });

  test('but right credentials, and of wrong ones no more than ten', async () => {
    const browser = new FormBrowser();
    const wrong = { username: 'nobody', password: 'guess', decision: 'login' };
    let page = await open(browser);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      page = await send(browser, { ...page.hidden, ...wrong });
      assert.equal(page.status, 403);
      assert.match(page.text, /role="alert">The user name or the password is wrong\.</);
      assert.match(page.text, /aria-invalid="true" aria-describedby="problem"/);
    }
    page = await send(browser, { ...page.hidden, ...wrong });
    assert.equal(page.status, 429);
    assert.ok(Number(page.headers.get('retry-after')) > 0);
  });
});

/** A code of the public client, with its verifier. */
async function freshCode(client = app, more: Parameters = {}) {
  const { verifier, challenge } = newPkce();
  const code = await codeFor(base, client, { code_challenge: challenge, code_challenge_method: 'S256', ...more });
  const [redirect_uri] = client.redirect_uris;
  return { grant_type: CODE, code, code_verifier: verifier, redirect_uri };
}

describe('the token endpoint gives nothing', () => {
  const ROWS: Readonly<Record<string, () => Promise<readonly [Told, string]>>> = {
    'for a code with a wrong verifier': async () => {
      const { verifier } = newPkce();
      return [await exchange(base, app, { ...(await freshCode()), code_verifier: verifier }), 'invalid_grant'];
    },
    'for a code without its verifier': async () => [
      await exchange(base, app, { ...(await freshCode()), code_verifier: undefined }),
      'invalid_grant',
    ],
    'for a code with its challenge as the verifier': async () => {
      const { challenge } = newPkce();
      const code = await codeFor(base, app, { code_challenge: challenge, code_challenge_method: 'S256' });
      return [await exchange(base, app, { grant_type: CODE, code, code_verifier: challenge }), 'invalid_grant'];
    },
    'for a code after a wrong attempt with it': async () => {
      const right = await freshCode();
      await exchange(base, app, { ...right, code_verifier: newPkce().verifier });
      return [await exchange(base, app, right), 'invalid_grant'];
    },
    'for a code with a verifier that it never had': async () => {
      const client = await registerClient(base, { redirect_uris: [OOB] });
      const page = await decide(base, authorizationUrl(base, client, { redirect_uri: undefined }));
      const code = /<output id="code">([^<]+)</.exec(page.text)?.[1];
      const { verifier } = newPkce();
      return [await exchange(base, client, { grant_type: CODE, code, code_verifier: verifier }), 'invalid_grant'];
    },
    'for a code at another redirect URI': async () => [
      await exchange(base, app, { ...(await freshCode()), redirect_uri: 'http://127.0.0.1:1/callback' }),
      'invalid_grant',
    ],
    'for a code without the redirect URI of its request': async () => {
      const page = await decide(base, authorizationUrl(base, oob));
      const code = /<output id="code">([^<]+)</.exec(page.text)?.[1];
      return [await exchange(base, oob, { grant_type: CODE, code }), 'invalid_grant'];
    },
    'for a code of another client': async () => {
      const other = await registerClient(base, { token_endpoint_auth_method: 'none' });
      return [await exchange(base, other, await freshCode()), 'invalid_grant'];
    },
    'for a code that is made up': async () => [
      await exchange(base, app, { ...(await freshCode()), code: 'oac_nonsense' }),
      'invalid_grant',
    ],
    'without a code': async () => [await exchange(base, app, { grant_type: CODE }), 'invalid_request'],
    'for a code and a scope': async () => [
      await exchange(base, app, { ...(await freshCode()), scope: 'xmpp' }),
      'invalid_request',
    ],
    'to a client with a wrong secret': async () => [
      await exchange(base, { ...web, client_secret: 'ocs_wrong' }, await freshCode(web)),
      'invalid_client',
    ],
    'to a client with the secret of another one': async () => [
      await exchange(base, { ...web, client_secret: oob.client_secret ?? '' }, await freshCode(web)),
      'invalid_client',
    ],
    'to a client that does not show its secret': async () => {
      const body = new URLSearchParams({ grant_type: CODE, code: 'x', client_id: web.client_id });
      return [await tell(`${base}/oauth2/token`, body), 'invalid_client'];
    },
    'to a client that shows an empty secret': async () => [
      await exchange(base, { ...web, client_secret: '' }, await freshCode(web)),
      'invalid_client',
    ],
    'to a client that shows two secrets': async () => {
      const body = new URLSearchParams({ grant_type: CODE, code: 'x', client_secret: 'other' });
      return [await tell(`${base}/oauth2/token`, body, basicOf(web)), 'invalid_request'];
    },
    'to a client that says that it is another one': async () => {
      const body = new URLSearchParams({ grant_type: CODE, code: 'x', client_id: app.client_id });
      return [await tell(`${base}/oauth2/token`, body, basicOf(web)), 'invalid_request'];
    },
    'to nobody': async () => {
      const body = new URLSearchParams({ grant_type: CODE, code: 'x' });
      return [await tell(`${base}/oauth2/token`, body), 'invalid_client'];
    },
    'for more than was granted': async () => {
      const { refresh } = await tokensFor(base, app, { scope: 'send' });
      const asked = { grant_type: 'refresh_token', refresh_token: refresh, scope: 'send query' };
      return [await exchange(base, app, asked), 'invalid_scope'];
    },
    'for the refresh token of another client': async () => {
      const { refresh } = await tokensFor(base, app);
      const other = await registerClient(base, { token_endpoint_auth_method: 'none' });
      return [await exchange(base, other, { grant_type: 'refresh_token', refresh_token: refresh }), 'invalid_grant'];
    },
    'for an access token': async () => {
      const { access } = await tokensFor(base, app);
      return [await exchange(base, app, { grant_type: 'refresh_token', refresh_token: access }), 'invalid_grant'];
    },
    'for a grant that is not known': async () => [
      await exchange(base, app, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }),
      'unsupported_grant_type',
    ],
    'for no grant': async () => [await exchange(base, app, {}), 'invalid_request'],
    'for a password, which is off': async () => [
      await exchange(base, app, { grant_type: 'password', username: 'alice', password: 'wonderland' }),
      'unsupported_grant_type',
    ],
    'for a device of another client': async () => {
      const { body } = await tell(`${base}/oauth2/device`, new URLSearchParams({ client_id: device.client_id }));
      const grant = { grant_type: DEVICE, device_code: String(body['device_code']) };
      const other = { redirect_uris: [], grant_types: [DEVICE], token_endpoint_auth_method: 'none' };
      return [await exchange(base, await registerClient(base, other), grant), 'invalid_grant'];
    },
    'for a grant that the client has not registered': async () => [
      await exchange(base, device, { grant_type: 'refresh_token', refresh_token: 'x' }),
      'unauthorized_client',
    ],
    'for JSON': async () => [
      await tell(`${base}/oauth2/token`, JSON.stringify({ grant_type: CODE }), { 'content-type': 'application/json' }),
      'invalid_request',
    ],
    'for parameters that stand there twice': async () => {
      const body = new URLSearchParams([
        ['grant_type', CODE],
        ['grant_type', 'password'],
      ]);
      return [await tell(`${base}/oauth2/token`, body), 'invalid_request'];
    },
  };

  for (const [name, run] of Object.entries(ROWS)) {
    test(name, async () => {
      const [{ status, headers, body }, error] = await run();
      assert.equal(body['error'], error, JSON.stringify(body));
      assert.equal(status, error === 'invalid_client' ? 401 : 400);
      assert.equal(body['access_token'], undefined);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.match(String(body['error_description']), /^[ !#-[\]-~]+$/);
    });
  }

  test('for parameters in the URL', async () => {
    const { status, headers } = await tell(`${base}/oauth2/token?grant_type=${CODE}&code=x`, undefined);
    assert.deepEqual([status, headers.get('allow')], [405, 'POST']);
  });

  test('for a code that is older than ten minutes', async t => {
    const code = await freshCode();
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_001 });
    assert.equal((await exchange(base, app, code)).body['error'], 'invalid_grant');
  });

  test('for a refresh token that is older than a week', async t => {
    const { refresh } = await tokensFor(base, app);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 7 * 86_400_000 + 1 });
    const { body } = await exchange(base, app, { grant_type: 'refresh_token', refresh_token: refresh });
    assert.equal(body['error'], 'invalid_grant');
  });
});

describe('what was stolen ends', () => {
  test('with the second use of a code, all that the first one gave', async () => {
    const code = await freshCode();
    const { body } = await exchange(base, app, code);
    const access = String(body['access_token']);
    assert.equal(await useToken(base, access), 200);
    assert.equal((await exchange(base, app, code)).body['error'], 'invalid_grant');
    assert.equal(await useToken(base, access), 403);
    const again = await exchange(base, app, {
      grant_type: 'refresh_token',
      refresh_token: String(body['refresh_token']),
    });
    assert.equal(again.body['error'], 'invalid_grant');
  });

  test('with the second use of a refresh token, all of its family', async () => {
    const first = await tokensFor(base, app);
    const { body } = await exchange(base, app, { grant_type: 'refresh_token', refresh_token: first.refresh });
    const second = { access: String(body['access_token']), refresh: String(body['refresh_token']) };
    assert.equal(await useToken(base, second.access), 200);
    const reuse = await exchange(base, app, { grant_type: 'refresh_token', refresh_token: first.refresh });
    assert.equal(reuse.body['error'], 'invalid_grant');
    for (const token of [first.access, second.access]) assert.equal(await useToken(base, token), 403);
    const last = await exchange(base, app, { grant_type: 'refresh_token', refresh_token: second.refresh });
    assert.equal(last.body['error'], 'invalid_grant');
  });

  test('for two who use a refresh token at the same moment, for both', async () => {
    const { refresh } = await tokensFor(base, app);
    const asked = { grant_type: 'refresh_token', refresh_token: refresh };
    const answers = await Promise.all([exchange(base, app, asked), exchange(base, app, asked)]);
    const given = answers.flatMap(({ body }) =>
      body['access_token'] === undefined ? [] : [String(body['access_token'])],
    );
    assert.ok(given.length <= 1);
    for (const token of given) assert.equal(await useToken(base, token), 403);
  });

  test('at once when it is revoked, and for its own client only', async () => {
    const { access, refresh } = await tokensFor(base, app);
    const other = new URLSearchParams({ token: access });
    assert.equal((await tell(`${base}/oauth2/revoke`, other, basicOf(web))).body['error'], 'unauthorized_client');
    assert.equal(await useToken(base, access), 200);
    const own = new URLSearchParams({ token: access, client_id: app.client_id, token_type_hint: 'refresh_token' });
    assert.equal((await tell(`${base}/oauth2/revoke`, own)).status, 200);
    assert.equal(await useToken(base, access), 403);
    const { body } = await exchange(base, app, { grant_type: 'refresh_token', refresh_token: refresh });
    assert.ok(body['access_token']);
    assert.equal((await tell(`${base}/oauth2/revoke`, new URLSearchParams({ token: 'nonsense' }))).status, 200);
  });

  test('within a second for who still reads events with it', async () => {
    const { access } = await tokensFor(base, app, { scope: 'receive' });
    const headers = { authorization: `Bearer ${access}`, accept: 'text/event-stream' };
    const stream = await fetch(`${base}/events`, { headers });
    assert.equal(stream.status, 200);
    const began = performance.now();
    await tell(`${base}/oauth2/revoke`, new URLSearchParams({ token: access, client_id: app.client_id }));
    await stream.text();
    assert.ok(performance.now() - began < 2_000);
  });

  test('after an hour', async t => {
    const { access } = await tokensFor(base, app);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_001 });
    assert.equal(await useToken(base, access), 403);
  });
});

describe('the API lets nobody in', () => {
  test('with what is no access token', async () => {
    const { access, refresh } = await tokensFor(base, app);
    const { code } = await freshCode();
    for (const token of [refresh, code, `${access}x`, access.slice(0, -1)]) {
      assert.equal(await useToken(base, token), 403, token);
    }
  });

  test('with a token that has ended, however often, and lets in who has a good one', async () => {
    const [{ access }, { access: old }] = [await tokensFor(base, app), await tokensFor(base, app)];
    await tell(`${base}/oauth2/revoke`, new URLSearchParams({ token: old, client_id: app.client_id }));
    for (let count = 0; count < 20; count += 1) assert.equal(await useToken(base, old), 403);
    assert.equal(await useToken(base, access), 200);
  });

  test('with a token in the URL', async () => {
    const { access } = await tokensFor(base, app);
    const { status } = await tell(`${base}/rest/ping/localhost?access_token=${access}`, undefined);
    assert.equal(status, 401);
  });

  test('to do what the token is not for', async () => {
    const { access } = await tokensFor(base, app, { scope: 'receive' });
    const response = await fetch(`${base}/rest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'message', to: 'bob@localhost', body: 'hi' }),
    });
    assert.equal(response.status, 403);
    assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_scope/);
  });

  test('as somebody else', async () => {
    const { access } = await tokensFor(base, app);
    const response = await fetch(`${base}/rest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'message', to: 'bob@localhost', from: 'bob@localhost', body: 'hi' }),
    });
    assert.equal(response.status, 403);
  });

  test('and userinfo nobody without the scope for it', async () => {
    const { access } = await tokensFor(base, app);
    const told = await tell(`${base}/oauth2/userinfo`, undefined, { authorization: `Bearer ${access}` });
    assert.deepEqual([told.status, told.body['error']], [403, 'insufficient_scope']);
    const { status, headers } = await tell(`${base}/oauth2/userinfo`, undefined);
    assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer realm="oauth2"']);
  });
});

describe('a device', () => {
  const begin = async () =>
    (await tell(`${base}/oauth2/device`, new URLSearchParams({ client_id: device.client_id }))).body;
  const poll = (code: unknown) => exchange(base, device, { grant_type: DEVICE, device_code: String(code) });

  test('waits, and is slowed down', async () => {
    const { device_code } = await begin();
    assert.equal((await poll(device_code)).body['error'], 'authorization_pending');
    assert.equal((await poll(device_code)).body['error'], 'slow_down');
  });

  test('is told no, once', async () => {
    const { device_code, verification_uri_complete } = await begin();
    const page = await decide(base, String(verification_uri_complete), 'deny');
    assert.match(page.text, /Access denied/);
    assert.equal((await poll(device_code)).body['error'], 'access_denied');
    assert.equal((await poll(device_code)).body['error'], 'invalid_grant');
  });

  test('gets tokens once', async () => {
    const { device_code, verification_uri_complete } = await begin();
    await decide(base, String(verification_uri_complete));
    assert.ok((await poll(device_code)).body['access_token']);
    assert.equal((await poll(device_code)).body['error'], 'invalid_grant');
  });

  test('is too late after ten minutes, and so is its user', async t => {
    const { device_code, verification_uri_complete } = await begin();
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_001 });
    assert.equal((await poll(device_code)).body['error'], 'expired_token');
    assert.equal((await new FormBrowser().get(String(verification_uri_complete))).status, 400);
  });

  test('is not found by guessing', async () => {
    const browser = new FormBrowser();
    const guess = () => browser.get(`${base}/oauth2/device?user_code=BBBB-BBBB`);
    const { status } = await guess();
    assert.equal(status, 400);
    let last = status;
    for (let attempt = 0; attempt < 10 && last === 400; attempt += 1) last = (await guess()).status;
    assert.equal(last, 429);
    const { verification_uri_complete } = await begin();
    assert.equal(
      (await browser.get(String(verification_uri_complete))).status,
      429,
      'a right code is not looked at either',
    );
  });
});

describe('a client is not registered', () => {
  const NAMED = { client_name: 'App', client_uri: 'https://app.example/' };
  const LOOPBACK = ['http://127.0.0.1/cb'];
  const ROWS: Readonly<Record<string, readonly [said: unknown, error: string]>> = {
    'without a name': [{ client_uri: NAMED.client_uri, redirect_uris: LOOPBACK }, 'invalid_client_metadata'],
    'without a page': [{ client_name: 'App', redirect_uris: LOOPBACK }, 'invalid_client_metadata'],
    'with a page without TLS': [
      { ...NAMED, client_uri: 'http://app.example', redirect_uris: LOOPBACK },
      'invalid_client_metadata',
    ],
    'with a page on loopback': [
      { ...NAMED, client_uri: 'https://localhost', redirect_uris: LOOPBACK },
      'invalid_client_metadata',
    ],
    'with a name that turns the text around': [
      { ...NAMED, client_name: 'a\u202eb', redirect_uris: LOOPBACK },
      'invalid_client_metadata',
    ],
    'with a name of two lines': [{ ...NAMED, client_name: 'a\nb', redirect_uris: LOOPBACK }, 'invalid_client_metadata'],
    'without a redirect URI': [NAMED, 'invalid_redirect_uri'],
    'with a script': [{ ...NAMED, redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    'with data': [
      { ...NAMED, application_type: 'native', redirect_uris: ['data:text/html,x'] },
      'invalid_redirect_uri',
    ],
    'with a scheme without a domain': [
      { ...NAMED, application_type: 'native', redirect_uris: ['app:/cb'] },
      'invalid_redirect_uri',
    ],
    'with a fragment': [{ ...NAMED, redirect_uris: ['https://app.example/cb#x'] }, 'invalid_redirect_uri'],
    'with a user': [{ ...NAMED, redirect_uris: ['https://a:b@app.example/cb'] }, 'invalid_redirect_uri'],
    'with another host': [{ ...NAMED, redirect_uris: ['https://evil.example/cb'] }, 'invalid_redirect_uri'],
    'on the web without TLS': [{ ...NAMED, redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
    'on the web at loopback': [{ ...NAMED, application_type: 'web', redirect_uris: LOOPBACK }, 'invalid_redirect_uri'],
    'with one bad URI among good ones': [
      { ...NAMED, redirect_uris: ['https://app.example/', 'http://app.example/'] },
      'invalid_redirect_uri',
    ],
    'with a logo elsewhere': [
      { ...NAMED, redirect_uris: LOOPBACK, logo_uri: 'https://evil.example/x.png' },
      'invalid_client_metadata',
    ],
    'for a grant that is off': [
      { ...NAMED, redirect_uris: LOOPBACK, grant_types: ['password'] },
      'invalid_client_metadata',
    ],
    'to act for itself': [
      { ...NAMED, redirect_uris: LOOPBACK, grant_types: ['client_credentials'] },
      'invalid_client_metadata',
    ],
    'for the implicit grant': [
      { ...NAMED, redirect_uris: LOOPBACK, response_types: ['token'] },
      'invalid_client_metadata',
    ],
    'by a list': [[], 'invalid_client_metadata'],
    'by nothing': [null, 'invalid_client_metadata'],
  };

  for (const [name, [said, error]] of Object.entries(ROWS)) {
    test(name, async () => {
      const { status, body } = await tell(`${base}/oauth2/register`, JSON.stringify(said), {
        'content-type': 'application/json',
      });
      assert.deepEqual([status, body['error']], [400, error], JSON.stringify(body));
    });
  }

  test('faster than somebody could write them', async () => {
    const said = JSON.stringify({ ...NAMED, redirect_uris: LOOPBACK });
    const register = () => tell(`${base}/oauth2/register`, said, { 'content-type': 'application/json' });
    const statuses = new Set<number>();
    for (let count = 0; count < 80 && !statuses.has(429); count += 1) statuses.add((await register()).status);
    assert.deepEqual(statuses, new Set([201, 429]));
  });
});

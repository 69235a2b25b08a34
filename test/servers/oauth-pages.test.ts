/**
 * The pages of the authorization server in a real browser, with scripts and without: login, consent, denial, wrong passwords,
 * codes to carry over, and devices.
 *
 * With the variable `OAUTH_SCREENSHOTS`, a folder, each page is also kept as a picture to look at.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { startChromium, type TestBrowser } from '../support/chromium.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import {
  authorizationUrl,
  exchange,
  newPkce,
  type Registered,
  registerClient,
  tell,
  useToken,
} from '../support/oauth-client.ts';

const OOB = 'urn:ietf:wg:oauth:2.0:oob';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
/** Milliseconds that a step in the browser may take. */
const WAIT = 15_000;
const PICTURES = process.env['OAUTH_SCREENSHOTS'];

let gateway: Gateway;
let chromium: TestBrowser;

before(async () => {
  gateway = await startGateway(
    {
      localhost: {
        embedded: { c2s: '127.0.0.1:0', accounts: { alice: 'wonderland' } },
        oauth: { name: 'Example Chat' },
      },
    },
    // No code, token or client secret is ever logged, nor what somebody types.
    { secrets: ['oac_', 'oat_', 'ort_', 'odc_', 'ocs_', 'not the password'] },
  );
  chromium = await startChromium();
});

after(async () => {
  await chromium[Symbol.asyncDispose]();
  await gateway.stop();
});

/** Somebody's application on this machine: it waits for the code. */
async function startApp() {
  const { promise, resolve } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/callback')) resolve(new URL(request.url, 'http://127.0.0.1'));
    response.end('the app has its answer');
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    redirect: `http://127.0.0.1:${address.port}/callback`,
    answer: promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolveClose => server.close(resolveClose));
    },
  };
}

async function show(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

async function enter(page: Page, password: string): Promise<void> {
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const BROWSERS: Readonly<Record<string, BrowserContextOptions>> = {
  'a browser': {},
  'a browser without scripts, in the dark': { javaScriptEnabled: false, colorScheme: 'dark' },
  'a small browser': { viewport: { width: 320, height: 640 }, javaScriptEnabled: false },
};

for (const [name, options] of Object.entries(BROWSERS)) {
  describe(name, () => {
    const picture = name.replaceAll(/[^a-z]+/g, '-');

    /** A page whose faults fail the test. */
    async function newPage() {
      const context = await chromium.browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT);
      const faults: string[] = [];
      page.on('console', message => {
        const isExpected = /the server responded with a status of 4|favicon/.test(message.text());
        if (message.type() === 'error' && !isExpected) faults.push(message.text());
      });
      return {
        page,
        async [Symbol.asyncDispose]() {
          await context.close();
          assert.deepEqual(faults, []);
        },
      };
    }

    it('logs somebody in and brings the code to the application', async () => {
      await using app = await startApp();
      await using tab = await newPage();
      const { page } = tab;
      const client = await registerClient(gateway.url, {
        token_endpoint_auth_method: 'none',
        client_name: 'Weather bot',
      });
      const { verifier, challenge } = newPkce();
      const request = {
        code_challenge: challenge,
        code_challenge_method: 'S256',
        redirect_uri: app.redirect,
        state: 's',
      };
      await page.goto(String(authorizationUrl(gateway.url, client, request)));
      assert.equal(await page.title(), 'Log in – Example Chat');
      assert.equal(await page.evaluate('document.activeElement.id').catch(() => 'username'), 'username');
      await show(page, `${picture}-login`);
      await enter(page, 'not the password');
      const alert = page.getByRole('alert');
      assert.equal(await alert.textContent(), 'The user name or the password is wrong.');
      assert.equal(await page.getByLabel('User name').inputValue(), 'alice');
      await show(page, `${picture}-wrong`);
      await enter(page, 'wonderland');
      assert.equal(await page.getByRole('heading').textContent(), 'Allow access?');
      assert.match((await page.textContent('main')) ?? '', /Weather bot will be able to do this as alice@localhost/);
      await show(page, `${picture}-consent`);
      await page.getByRole('button', { name: 'Allow' }).click();
      const { searchParams } = await app.answer;
      assert.equal(searchParams.get('iss'), gateway.url);
      const code = searchParams.get('code') ?? '';
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: app.redirect };
      const { body } = await exchange(gateway.url, client, grant);
      assert.equal(await useToken(gateway.url, String(body['access_token'])), 200);
    });

    it('takes a no, at the login and at the consent', async () => {
      for (const isLoggedIn of [false, true]) {
        await using app = await startApp();
        await using tab = await newPage();
        const { page } = tab;
        const client = await registerClient(gateway.url, { token_endpoint_auth_method: 'none' });
        const request = {
          code_challenge: newPkce().challenge,
          code_challenge_method: 'S256',
          redirect_uri: app.redirect,
        };
        await page.goto(String(authorizationUrl(gateway.url, client, request)));
        if (isLoggedIn) await enter(page, 'wonderland');
        await page.getByRole('button', { name: isLoggedIn ? 'Deny' : 'Cancel' }).click();
        assert.equal((await app.answer).searchParams.get('error'), 'access_denied');
      }
    });

    it('shows a code to carry over', async () => {
      await using tab = await newPage();
      const { page } = tab;
      const client = await registerClient(gateway.url, { redirect_uris: [OOB] });
      await page.goto(String(authorizationUrl(gateway.url, client, { redirect_uri: undefined })));
      await enter(page, 'wonderland');
      await page.getByRole('button', { name: 'Allow' }).click();
      await show(page, `${picture}-code`);
      const code = await page.locator('#code').textContent();
      const { body } = await exchange(gateway.url, client, { grant_type: 'authorization_code', code: code ?? '' });
      assert.equal(await useToken(gateway.url, String(body['access_token'])), 200);
    });

    it('connects a device by its code', async () => {
      await using tab = await newPage();
      const { page } = tab;
      const grants = { redirect_uris: [], grant_types: [DEVICE], token_endpoint_auth_method: 'none' };
      const client: Registered = await registerClient(gateway.url, { ...grants, client_name: 'Kitchen display' });
      const { body: device } = await tell(
        `${gateway.url}/oauth2/device`,
        new URLSearchParams({ client_id: client.client_id }),
      );
      await page.goto(String(device['verification_uri']));
      await page.getByLabel('Code').fill('wrong one');
      await page.getByRole('button', { name: 'Continue' }).click();
      assert.match((await page.getByRole('alert').textContent()) ?? '', /No device waits for this code/);
      await show(page, `${picture}-device`);
      await page.getByLabel('Code').fill(String(device['user_code']).toLowerCase());
      await page.getByRole('button', { name: 'Continue' }).click();
      assert.ok(((await page.textContent('main')) ?? '').includes(String(device['user_code'])));
      await enter(page, 'wonderland');
      await show(page, `${picture}-device-consent`);
      await page.getByRole('button', { name: 'Allow' }).click();
      assert.equal(await page.getByRole('heading').textContent(), 'Access allowed');
      await show(page, `${picture}-device-done`);
      const { body } = await exchange(gateway.url, client, {
        grant_type: DEVICE,
        device_code: String(device['device_code']),
      });
      assert.equal(await useToken(gateway.url, String(body['access_token'])), 200);
    });

    it('can be used with the keyboard alone', async () => {
      await using tab = await newPage();
      const { page } = tab;
      const client = await registerClient(gateway.url, { redirect_uris: [OOB] });
      await page.goto(String(authorizationUrl(gateway.url, client, { redirect_uri: undefined })));
      // Without scripts Chromium heeds no autofocus.
      await page.getByLabel('User name').focus();
      await page.keyboard.type('alice');
      await page.keyboard.press('Tab');
      await page.keyboard.type('wonderland');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Your code' }).waitFor();
    });

    it('tells the person what is wrong with a request, and leads nowhere', async () => {
      await using tab = await newPage();
      const { page } = tab;
      const client = await registerClient(gateway.url);
      await page.goto(String(authorizationUrl(gateway.url, client, { redirect_uri: 'https://evil.example/' })));
      assert.ok(page.url().startsWith(gateway.url));
      assert.match((await page.getByRole('alert').textContent()) ?? '', /has not registered/);
      await show(page, `${picture}-fault`);
    });
  });
}

/**
 * The way of a person through the pages, and of a client through the endpoints, step by step and with nothing clever: for
 * tests that want to do one step wrong. `openid-client` and `oauth4webapi` are the judges of the ways that go well.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { FormBrowser, type Visited } from './form-browser.ts';
import { PASSWORDS } from './in-process-gateway.ts';

/** A registered client, as far as tests need it. */
export interface Registered {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  readonly [key: string]: unknown;
}

/** An answer of an endpoint. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Whose page the clients of the tests have. */
const PAGE = 'https://app.example/about';

/** Sends JSON or a form, and reads JSON. */
export async function tell(
  url: string,
  body: URLSearchParams | string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const response = await fetch(url, body === undefined ? { headers } : { method: 'POST', body, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

/** Registers a client; a native one on loopback unless said otherwise. */
export async function registerClient(base: string, more: Readonly<Record<string, unknown>> = {}): Promise<Registered> {
  const { status, body } = await tell(
    `${base}/oauth2/register`,
    JSON.stringify({
      client_name: 'Test app',
      client_uri: PAGE,
      redirect_uris: ['http://127.0.0.1/callback'],
      ...more,
    }),
    { 'content-type': 'application/json' },
  );
  assert.equal(status, 201, JSON.stringify(body));
  const { client_id, redirect_uris } = body;
  assert.ok(typeof client_id === 'string' && Array.isArray(redirect_uris));
  return { ...body, client_id, redirect_uris };
}

/** The `Authorization` field of a client with a secret. */
export function basicOf({ client_id, client_secret = '' }: Registered): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` };
}

/** A verifier with its challenge (RFC 7636). */
export function newPkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The URL of an authorization request; a parameter that is `undefined` is left out. */
export function authorizationUrl(
  base: string,
  client: Registered,
  more: Readonly<Record<string, string | undefined>> = {},
): URL {
  const url = new URL('/oauth2/authorize', base);
  const all = { client_id: client.client_id, redirect_uri: client.redirect_uris[0], response_type: 'code', ...more };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** Logs alice in at a login page. */
export function logIn(
  browser: FormBrowser,
  base: string,
  page: Visited,
  password: string = PASSWORDS.alice,
): Promise<Visited> {
  return browser.post(`${base}/oauth2/authorize`, { ...page.hidden, username: 'alice', password, decision: 'login' });
}

/** Logs alice in and decides. */
export async function decide(
  base: string,
  url: URL | string,
  decision: 'allow' | 'deny' = 'allow',
  browser: FormBrowser = new FormBrowser(),
): Promise<Visited> {
  const login = await browser.get(url);
  assert.equal(login.status, 200, login.text);
  const consent = await logIn(browser, base, login);
  assert.equal(consent.status, 200, consent.text);
  return browser.post(`${base}/oauth2/authorize`, { ...consent.hidden, decision });
}

/** A code for a client, by the whole way. */
export async function codeFor(
  base: string,
  client: Registered,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const { location } = await decide(base, authorizationUrl(base, client, more));
  const code = new URL(location ?? '').searchParams.get('code');
  assert.ok(code !== null, location ?? 'no redirect');
  return code;
}

/** Asks the token endpoint. */
export function exchange(
  base: string,
  client: Registered,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<Told> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) body.set(name, value);
  if (client.client_secret === undefined) body.set('client_id', client.client_id);
  const headers = client.client_secret === undefined ? {} : basicOf(client);
  return tell(`${base}/oauth2/token`, body, headers);
}

/** Tokens of a client, by the whole way. */
export async function tokensFor(
  base: string,
  client: Registered,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<{ readonly access: string; readonly refresh: string }> {
  const { verifier, challenge } = newPkce();
  const code = await codeFor(base, client, { code_challenge: challenge, code_challenge_method: 'S256', ...more });
  const { status, body } = await exchange(base, client, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirect_uris[0],
  });
  assert.equal(status, 200, JSON.stringify(body));
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}

/** Uses a token at the API: an echo, which sends nothing. */
export async function useToken(base: string, token: string): Promise<number> {
  const response = await fetch(`${base}/rest/echo`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'message', to: 'bob@localhost', body: 'hi' }),
  });
  await response.arrayBuffer();
  return response.status;
}

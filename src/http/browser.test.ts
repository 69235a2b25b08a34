/**
 * The cookie of the pages: who has it, and who cannot set it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { browserOf, keepBrowser } from './browser.ts';

const HTTP = 'http://127.0.0.1:5280';
const HTTPS = 'https://rest.example.com';
const TEXT = 'x'.repeat(22);

/** What a server that knows browsers says to a cookie: whom it takes it for, and what it sets. */
async function ask(issuer: string, cookie?: string) {
  await using app = fastify();
  app.get('/', async (request, reply) => ({
    before: browserOf(request, issuer) ?? '',
    after: keepBrowser(request, reply, issuer),
  }));
  const { headers, body } = await app.inject({ url: '/', headers: cookie === undefined ? {} : { cookie } });
  const said: { before: string; after: string } = JSON.parse(body);
  return { ...said, set: String(headers['set-cookie']) };
}

test('a browser is new at first and known from then on', async () => {
  const first = await ask(HTTP);
  assert.equal(first.before, '');
  assert.match(first.after, /^[\w-]{22}$/);
  const again = await ask(HTTP, `other=1; restanza-page=${first.after}; more=2`);
  assert.deepEqual([again.before, again.after], [first.after, first.after]);
});

test('with TLS only a cookie counts that nobody else can set', async () => {
  assert.equal((await ask(HTTPS, `restanza-page=${TEXT}`)).before, '');
  const known = await ask(HTTPS, `__Host-restanza-page=${TEXT}`);
  assert.equal(known.before, TEXT);
  assert.equal(known.set, `__Host-restanza-page=${TEXT}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600`);
});

test('a cookie of another form is none', async () => {
  for (const text of ['', 'short', `${TEXT}x`, 'x'.repeat(21), `${'x'.repeat(21)}"`]) {
    assert.equal((await ask(HTTP, `restanza-page=${text}`)).before, '', text);
  }
});

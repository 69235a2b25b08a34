/**
 * Web pages that use the API, over HTTP in front of embedded hosts: which may, and that nobody else hears of it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, ask, type Question } from './support/asking.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { exchange } from './support/raw-http.ts';
import { basic } from './support/rest-client.ts';

const resources = new AsyncDisposableStack();
/** Serves localhost, which lists one page, open.example, which lists all, and closed.example, which lists none. */
let several: Running;
/** Serves localhost alone. */
let single: Running;
/** Serves localhost alone, without a page. */
let plain: Running;

const APP = 'https://app.example';
const OTHER = 'https://evil.example';
const CORS = 'RESTANZA_HOSTS__localhost__CORS';

async function run(environment: Readonly<Record<string, string>>): Promise<Running> {
  const folder = resources.use(await Folder.make());
  return resources.use(await runGateway(folder.path, environment));
}

before(async () => {
  several = await run({
    [CORS]: APP,
    'RESTANZA_HOSTS__open.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__open.example__EMBEDDED__ACCOUNTS__alice': PASSWORDS.alice,
    'RESTANZA_HOSTS__open.example__CORS': '*',
    'RESTANZA_HOSTS__closed.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__closed.example__EMBEDDED__ACCOUNTS__alice': PASSWORDS.alice,
  });
  single = await run({ [CORS]: `http://localhost:3000,${APP}` });
  plain = await run({});
});
after(() => resources.disposeAsync());

const preflight = (origin: string, path = '/rest'): Question => ({
  method: 'OPTIONS',
  path,
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  },
});

/** A message of alice to herself, as the script of a page sends it. */
const message = (origin: string, headers: Readonly<Record<string, string>> = {}): Question => ({
  headers: {
    origin,
    authorization: basic({ user: 'alice', password: PASSWORDS.alice }),
    'content-type': 'application/json',
    ...headers,
  },
  body: '{"to":"bob@localhost","body":"hi","type":"headline"}',
});

const at = (host: string, question: Question): Question => ({
  ...question,
  headers: { ...question.headers, host },
});

/** The fields that speak of CORS. */
function fieldsOf({ headers }: Answer): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
  );
}

const MARKED = {
  vary: 'Origin',
  'access-control-allow-origin': APP,
  'access-control-expose-headers': 'Retry-After, Preference-Applied, Restanza-Ignored, WWW-Authenticate, X-Request-Id',
};

describe('a page that is listed', () => {
  for (const path of ['/rest', '/rest/message/chat/bob@localhost', '/msg/bob', '/admin/tokens/x']) {
    it(`is told what it may do at ${path}`, async () => {
      const answer = await ask(single.url, preflight(APP, path));
      assert.equal(answer.status, 204);
      assert.equal(answer.text, '');
      assert.deepEqual(fieldsOf(answer), {
        ...MARKED,
        'access-control-allow-methods': 'GET, HEAD, POST, DELETE, OPTIONS',
        'access-control-allow-headers':
          'Authorization, Content-Type, Accept, Idempotency-Key, Prefer, Prosody-Rest-Timeout, Last-Event-ID, Traceparent',
        'access-control-max-age': '7200',
      });
    });
  }

  it('may send, and read the answer', async () => {
    const answer = await ask(single.url, message(APP));
    assert.equal(answer.status, 202);
    assert.deepEqual(fieldsOf(answer), MARKED);
  });

  it('may send where its browser says that it is foreign', async () => {
    const answer = await ask(single.url, message(APP, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }));
    assert.equal(answer.status, 202);
  });

  it('may read what an OPTIONS says that is no preflight', async () => {
    const answer = await ask(single.url, { method: 'OPTIONS', headers: { origin: APP } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS, POST');
    assert.deepEqual(fieldsOf(answer), MARKED);
  });

  for (const [what, status, question] of [
    ['without credentials', 401, { headers: { origin: APP } }],
    ['with a wrong password', 403, message(APP, { authorization: basic({ user: 'bob', password: 'x' }) })],
    ['with a bad body', 400, { ...message(APP), body: '{' }],
    ['for what is not there', 404, { ...message(APP), path: '/nowhere' }],
    ['with a body that is too large', 413, { ...message(APP), body: ' '.repeat(200_000) }],
  ] as const) {
    it(`may read that its request was refused ${what}`, async () => {
      const answer = await ask(single.url, question);
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(fieldsOf(answer), MARKED);
    });
  }

  it('is never offered to send what the browser knows by itself', async () => {
    for (const question of [preflight(APP), message(APP)]) {
      const { headers } = await ask(single.url, question);
      assert.equal(headers['access-control-allow-credentials'], undefined);
    }
  });
});

/** What is asked of a host that lists other pages. */
const UNLISTED: Readonly<Record<string, string>> = {
  'another page': OTHER,
  'a page of another scheme': 'http://app.example',
  'a page at another port': `${APP}:8443`,
  'a page with a longer name': `${APP}.evil.example`,
  'a page without an origin': 'null',
  'a page that lists itself too': `${APP} ${OTHER}`,
  'a star': '*',
};

describe('a page that is not listed', () => {
  for (const [what, origin] of Object.entries(UNLISTED)) {
    it(`(${what}) hears nothing, and sends nothing`, async () => {
      const asked = await ask(single.url, preflight(origin));
      assert.equal(asked.status, 200);
      assert.deepEqual(fieldsOf(asked), { vary: 'Origin' });
      const sent = await ask(single.url, message(origin));
      assert.equal(sent.status, 403);
      assert.match(sent.text, /"reason":"origin-forbidden"/);
      assert.deepEqual(fieldsOf(sent), { vary: 'Origin' });
    });
  }

  it('is kept apart from a program by caches', async () => {
    const answer = await ask(single.url, { ...message(APP), headers: { authorization: 'Basic x' } });
    assert.deepEqual(fieldsOf(answer), { vary: 'Origin' });
  });
});

describe('a host that lists no page', () => {
  for (const [what, question] of Object.entries({
    'a preflight': preflight(APP),
    'a request without credentials': { headers: { origin: APP } },
    'a request': message(APP),
    'a path that is not there': { ...message(APP), path: '/nowhere' },
  })) {
    it(`answers ${what} without a field of CORS`, async () => {
      assert.deepEqual(fieldsOf(await ask(plain.url, question)), {});
      assert.deepEqual(fieldsOf(await ask(several.url, at('closed.example', question))), {});
    });
  }
});

describe('one of several hosts', () => {
  for (const host of ['localhost', 'localhost:5280', 'LOCALHOST', 'localhost.']) {
    it(`is meant by Host: ${host}`, async () => {
      assert.equal((await ask(several.url, at(host, preflight(APP)))).status, 204);
      assert.deepEqual(fieldsOf(await ask(several.url, at(host, preflight(OTHER)))), { vary: 'Origin' });
    });
  }

  for (const host of ['127.0.0.1:5280', 'elsewhere.example', 'x@localhost', 'localhost/x', '[::1]', 'a b']) {
    it(`is not meant by Host: ${host}`, async () => {
      assert.deepEqual(fieldsOf(await ask(several.url, at(host, preflight(APP)))), {});
    });
  }

  it('is meant by a target that names it, whatever Host says', async () => {
    for (const [target, host, answer] of [
      ['http://localhost/rest', 'closed.example', /\r\naccess-control-allow-origin: https:\/\/app\.example\r\n/],
      ['http://closed.example/rest', 'localhost', /^HTTP\/1\.1 200 OK\r\n(?!.*access-control-)/s],
    ] as const) {
      const fields = [`Host: ${host}`, `Origin: ${APP}`, 'Access-Control-Request-Method: POST', 'Connection: close'];
      const text = [`OPTIONS ${target} HTTP/1.1`, ...fields].join('\r\n');
      const { received } = await exchange(several.url, Buffer.from(`${text}\r\n\r\n`), false);
      assert.match(received, answer);
    }
  });

  it('is not chosen by what a proxy might say', async () => {
    const question = preflight(APP);
    const headers = { ...question.headers, 'x-forwarded-host': 'localhost', forwarded: 'host=localhost' };
    assert.deepEqual(fieldsOf(await ask(several.url, at('closed.example', { ...question, headers }))), {});
  });

  it('that lists all pages names the one that asks, and takes its requests', async () => {
    for (const origin of [OTHER, 'null', 'capacitor://localhost']) {
      const asked = await ask(several.url, at('open.example', preflight(origin)));
      assert.equal(asked.status, 204);
      assert.equal(asked.headers['access-control-allow-origin'], origin);
      assert.equal(asked.headers.vary, 'Origin');
      assert.equal(asked.headers['access-control-allow-credentials'], undefined);
      assert.equal((await ask(several.url, at('open.example', message(origin)))).status, 202);
    }
  });

  it('that lists all pages repeats nothing that is no origin', async () => {
    const asked = await ask(several.url, at('open.example', preflight('a b')));
    assert.deepEqual(fieldsOf(asked), { vary: 'Origin' });
  });
});

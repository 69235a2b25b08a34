/**
 * Requests that a browser makes for a page, with the password that its user once typed: those of foreign pages send
 * nothing. What browsers say of a page, they say in `Origin` and `Sec-Fetch-Site`; programs do not.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Authenticator } from '../src/auth/principal.ts';
import { createApp } from '../src/http/app.ts';
import type { AllowedOrigins } from '../src/http/origin.ts';
import { IdempotencyStore } from '../src/journal/idempotency-store.ts';
import type { Element } from '../src/xml/element.ts';
import { parseJid } from '../src/xmpp/jid.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { MemoryLog } from './support/memory-log.ts';
import { type Peer, until } from './support/peer.ts';
import { exchange } from './support/raw-http.ts';
import { basic, JSON_TYPE, post } from './support/rest-client.ts';

const resources = new AsyncDisposableStack();
const ALICE = { user: 'alice', password: PASSWORDS.alice };
let running: Running;
let bob: Peer;
let marks = 0;

before(async () => {
  const folder = resources.use(await Folder.make());
  running = resources.use(await runGateway(folder.path));
  bob = resources.use(await running.bob());
  await arrived();
});
after(() => resources.disposeAsync());

/** What has reached bob since he was asked last. */
async function arrived(): Promise<readonly Element[]> {
  marks += 1;
  const id = `mark-${marks}`;
  const body = JSON.stringify({ kind: 'message', to: bob.jid, id, body: id });
  assert.equal((await post(running.url, { body, type: JSON_TYPE, as: ALICE })).status, 202);
  return (await until(bob, id)).slice(0, -1);
}

interface Simple {
  readonly line: string;
  readonly type?: string;
  readonly body?: string;
}

/** Requests before which no browser asks, all of which reach bob when a program makes them. */
const SIMPLE: readonly Simple[] = [
  { line: 'POST /rest/message/chat/bob@localhost', type: 'text/plain', body: 'x' },
  { line: 'POST /rest/message/chat/bob@localhost', type: 'application/x-www-form-urlencoded', body: 'body=x' },
  { line: 'POST /rest', type: 'application/x-www-form-urlencoded', body: 'kind=message&to=bob@localhost&body=x' },
  { line: 'POST /msg/bob', type: 'text/plain', body: 'x' },
  { line: 'POST /msg/bob', type: 'application/x-www-form-urlencoded', body: 'body=x' },
  { line: 'GET /rest/ping/bob@localhost/test' },
  { line: 'GET /rest/command/bob@localhost/test?node=uptime' },
];

/** Makes one with these fields; returns its status and how many stanzas bob has got. */
async function ask({ line, type, body = '' }: Simple, fields: readonly string[]) {
  const { host } = new URL(running.url);
  const said = [
    `Host: ${host}`,
    'Connection: close',
    `Authorization: ${basic(ALICE)}`,
    `Content-Length: ${body.length}`,
  ];
  const head = [`${line} HTTP/1.1`, ...said, ...(type === undefined ? [] : [`Content-Type: ${type}`]), ...fields];
  const { statuses, body: text } = await exchange(
    running.url,
    Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`),
    false,
  );
  return { status: statuses[0], text, sent: (await arrived()).length };
}

const FOREIGN: readonly (readonly string[])[] = [
  ['Origin: https://evil.example'],
  ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site'],
  ['Origin: null'],
  ['Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: same-site'],
];

for (const request of SIMPLE) {
  const { line, type = 'no body' } = request;
  test(`${line} with ${type} sends nothing for a foreign page`, async () => {
    for (const fields of FOREIGN) {
      const { status, text, sent } = await ask(request, fields);
      assert.deepEqual([status, sent], [403, 0], fields.join());
      assert.match(text, /"reason":"origin-forbidden"/);
    }
  });

  test(`${line} with ${type} works for programs and for pages of this server`, async () => {
    const own = new URL(running.url).origin;
    for (const fields of [
      [],
      [`Origin: ${own}`],
      [`Origin: ${own}`, 'Sec-Fetch-Site: same-origin'],
      ['Sec-Fetch-Site: none'],
    ]) {
      const { status = 0, sent } = await ask(request, fields);
      assert.ok(status < 300, `${status} ${fields.join()}`);
      assert.equal(sent, 1, fields.join());
    }
  });
}

test('a foreign page without the password learns only that one is needed', async () => {
  const bytes = Buffer.from(
    'POST /msg/bob HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n',
  );
  assert.deepEqual((await exchange(running.url, bytes, false)).statuses, [401]);
});

describe('pages that the operator allows', () => {
  /** Who calls himself by a domain belongs to it. */
  const authenticator: Authenticator = {
    challenge: 'Basic',
    authenticate: async ({ authorization = '' }) => ({ address: parseJid(`alice@${authorization}`) }),
  };

  const allowedOrigins: AllowedOrigins = domain =>
    domain === 'open.example' ? '*' : domain === 'some.example' ? ['https://app.example'] : [];

  for (const [domain, origin, status] of [
    ['some.example', 'https://app.example', 200],
    ['some.example', 'https://evil.example', 403],
    ['open.example', 'https://evil.example', 200],
    ['closed.example', 'https://app.example', 403],
  ] as const) {
    test(`a page of ${origin} ${status === 200 ? 'may' : 'may not'} ask ${domain}`, async t => {
      const folder = await Folder.make();
      t.after(() => folder[Symbol.asyncDispose]());
      const log = new MemoryLog();
      const idempotency = IdempotencyStore.open(join(folder.path, 'idempotency.sqlite'), log);
      t.after(() => idempotency[Symbol.dispose]());
      const limits = { paths: { rest: '/rest', msg: '/msg' }, bodyLimit: 10_000, iqTimeout: 1, iqMaxTimeout: 1 };
      const app = createApp({ log, authenticator, idempotency, hostOf: () => undefined, allowedOrigins, ...limits });
      t.after(() => app.close());
      const headers = { authorization: domain, origin, 'content-type': 'text/plain' };
      const reply = await app.inject({ method: 'POST', url: '/rest/echo', headers, payload: 'x' });
      assert.equal(reply.statusCode, status, reply.body);
    });
  }
});

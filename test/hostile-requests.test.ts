/**
 * Requests that nobody should send, over bare sockets, in front of an embedded host: each has an answer that is documented,
 * and sends one stanza or none; what was refused sent none.
 *
 * Behind each request goes a message that bob can tell, over the same link; what he has got until then is what the request
 * has sent. `RESTANZA_CASES` says how many requests are made.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../src/errors.ts';
import type { Element } from '../src/xml/element.ts';
import { Folder } from './support/folder.ts';
import { type HostileRequest, hostileRequest, TRICKS } from './support/hostile-requests.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import { type Peer, until } from './support/peer.ts';
import { type Ending, exchange } from './support/raw-http.ts';
import { basic, JSON_TYPE, post } from './support/rest-client.ts';

const CASES = Number(process.env['RESTANZA_CASES'] ?? 2_000);
const ALICE = { user: 'alice', password: PASSWORDS.alice };
const AUTHORIZATION = `Authorization: ${basic(ALICE)}`;

const DOCUMENTED: ReadonlySet<number> = new Set([
  ...[200, 201, 202],
  ...Object.values(ERRORS).flatMap(({ status }) => (status === 500 ? [] : [status])),
]);

const resources = new AsyncDisposableStack();
let running: Running;
let bob: Peer;
let marks = 0;

before(async () => {
  const folder = resources.use(await Folder.make());
  running = resources.use(await runGateway(folder.path, { RESTANZA_STANZA_SIZE_LIMIT: '10000' }));
  bob = resources.use(await running.bob());
  // His own presence comes back to him.
  await arrived();
});
after(() => resources.disposeAsync());

/** What has reached bob since he was asked last; that he can still be reached says that the gateway lives. */
async function arrived(): Promise<readonly Element[]> {
  marks += 1;
  const id = `mark-${marks}-${process.pid}`;
  const body = JSON.stringify({ kind: 'message', to: bob.jid, id, body: id });
  const reply = await post(running.url, { body, type: JSON_TYPE, as: ALICE });
  assert.equal(reply.status, 202, reply.text);
  return (await until(bob, id)).slice(0, -1);
}

/** A head and a body as they go over the wire. */
function wire(head: readonly string[], ...body: readonly (string | Uint8Array)[]): Buffer {
  const text = `${head.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([text, ...body].map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

const SMUGGLED = wire(
  ['POST /rest HTTP/1.1', 'Host: localhost', AUTHORIZATION, `Content-Type: ${JSON_TYPE}`, 'Content-Length: 33'],
  '{"to":"bob@localhost","body":"s"}',
);

/** The request with its end told in its way. */
function written({ method, target, fields, body, framing, key }: HostileRequest): Buffer {
  const named = key === undefined ? [] : [`Idempotency-Key: ${key.replace('#', String(marks))}`];
  const start = [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', AUTHORIZATION];
  const head = [...start, ...fields, ...named];
  const { length } = body;
  const chunked = 'Transfer-Encoding: chunked';
  const chunks = [`${length.toString(16)};x=y\r\n`, body, '\r\n0\r\nX-Trailer: 1\r\n\r\n'];
  switch (framing) {
    case 'length':
      return wire([...head, `Content-Length: ${length}`], body);
    case 'chunked':
      return length === 0 ? wire([...head, chunked], '0\r\n\r\n') : wire([...head, chunked], ...chunks);
    case 'cut-short':
      return wire([...head, `Content-Length: ${length + 5}`], body);
    case 'more-behind':
      return wire([...head, `Content-Length: ${length}`], body, '\0\xff garbage\r\n\r\n');
    case 'smuggled':
      return wire([...head, `Content-Length: ${length}`], body, SMUGGLED);
    case 'both':
      return wire([...head, `Content-Length: ${length}`, chunked], '0\r\n\r\n', SMUGGLED);
    case 'twice':
      return wire([...head, `Content-Length: ${length}`, `Content-Length: ${length + 1}`], body);
    case 'odd-length':
      return wire([...head, `Content-Length: +${length}`], body);
  }
}

/** Fails unless there is one answer, and it is what the documentation knows. Each request says that it is the last. */
function requireDocumented({ statuses, received, head }: Ending): number {
  const [status = 0, ...more] = statuses;
  assert.ok(statuses.length >= 1, 'there was no answer');
  assert.deepEqual(more, [], `one request, several answers: ${received}`);
  assert.ok(DOCUMENTED.has(status), `status ${status} is not documented: ${received}`);
  assert.doesNotMatch(head, /^x-injected/im);
  return status;
}

/** Makes the request and judges it; returns its status and how many stanzas it has sent to bob. */
async function judged(request: HostileRequest): Promise<readonly [status: number, sent: number]> {
  const ending = await exchange(running.url, written(request), request.framing === 'cut-short');
  const stanzas = await arrived();
  const status = requireDocumented(ending);
  assert.ok(stanzas.length <= 1, `it sent ${stanzas.length} stanzas`);
  if ((status >= 400 && status < 500) || request.isSilent)
    assert.equal(stanzas.length, 0, `it was ${status} and sent a stanza all the same`);
  if (request.isForBob && (status === 201 || status === 202)) assert.equal(stanzas.length, 1, 'bob did not get it');
  return [status, stanzas.length];
}

/** How often each value is there. */
function counted(values: readonly string[]): Readonly<Record<string, number>> {
  const groups = Object.entries(Object.groupBy(values, value => value));
  return Object.fromEntries(groups.map(([value, { length } = []]) => [value, length ?? 0]));
}

test(`${CASES} hostile requests are answered, and send one stanza or none`, async t => {
  const outcomes: string[] = [];
  const property = fc.asyncProperty(hostileRequest, async request => {
    const [status, sent] = await judged(request);
    outcomes.push(`${status}, ${sent} sent`);
  });
  await fc.assert(property, { numRuns: CASES, endOnFailure: true });
  const counts = counted(outcomes);
  t.diagnostic(JSON.stringify(counts));
  // Requests that are all refused for the same reason would prove nothing.
  for (const expected of ['202, 1 sent', '201, 1 sent', '200, 0 sent', '200, 1 sent', '400, 0 sent', '415, 0 sent']) {
    assert.ok((counts[expected] ?? 0) >= CASES / 200, `too few are ${expected}: ${JSON.stringify(counts)}`);
  }
});

/** A request that says as little as possible. */
function bare(method: string, target: string, fields: readonly string[]): Buffer {
  const body = 'x';
  const head = [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', 'Content-Type: text/plain'];
  return wire([...head, ...fields, `Content-Length: ${body.length}`], body);
}

test('a path that is spelt oddly is not reached without credentials', async () => {
  for (const target of TRICKS) {
    for (const method of ['POST', 'GET']) {
      const without = requireDocumented(await exchange(running.url, bare(method, target, []), false));
      assert.equal((await arrived()).length, 0, `${method} ${target}`);
      const withThem = requireDocumented(await exchange(running.url, bare(method, target, [AUTHORIZATION]), false));
      const sent = (await arrived()).length;
      assert.ok(without >= 400, `${method} ${target} is ${without} without credentials`);
      if (withThem < 300 || sent > 0) assert.equal(without, 401, `${method} ${target}`);
      if (withThem === 404) assert.equal(without, 404, `${method} ${target}`);
      assert.ok(sent <= 1, `${method} ${target} sent ${sent} stanzas`);
    }
  }
});

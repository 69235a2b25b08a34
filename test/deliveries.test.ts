/**
 * `/deliveries` over real connections: who sees what, what a delivery looks like, and making dead ones due again.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Delivery, Outcome } from '../src/journal/journal.ts';
import {
  ACCOUNT,
  AS,
  type Incoming,
  type ReceivingApp,
  receive,
  runReceivingApp,
  USERS,
} from './support/receiving-app.ts';

interface Shown {
  readonly id: string;
  readonly target: string;
  readonly state: string;
  readonly tries: number;
  readonly next?: string;
  readonly received: string;
  readonly stanza: Readonly<Record<string, unknown>>;
  readonly attempts?: readonly unknown[];
}

interface Answer {
  readonly status: number;
  readonly deliveries: readonly Shown[];
  readonly next: string | null;
  readonly retried?: number;
  readonly error?: { readonly reason: string; readonly text: string };
}

/** Makes a request; the answer must be JSON. */
async function ask(
  { url }: ReceivingApp,
  path: string,
  authorization: string = AS.component,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer & Shown> {
  const response = await fetch(`${url}/deliveries${path}`, { method, headers: { authorization, ...headers } });
  assert.equal(response.headers.get('content-type'), 'application/json');
  return { ...JSON.parse(await response.text()), status: response.status };
}

const attempt = { at: Date.UTC(2026, 0, 31, 12), latency: 12.4, status: 500, excerpt: 'no "way"\n' };
const DEAD: Outcome = { name: 'dead', attempt };
const DONE: Outcome = { name: 'done', attempt: { ...attempt, status: 204, excerpt: '' } };

/** Lets stanzas come in that a target is owed, and settles the first ones. */
async function owe(
  app: ReceivingApp,
  what: readonly Incoming[],
  outcomes: readonly Outcome[] = [],
): Promise<readonly Delivery[]> {
  await receive(app, ...what.map((one, n): Incoming => ({ targets: ['bot'], from: `user${n}@x.example`, ...one })));
  const targets = new Set(what.flatMap(({ targets: names = ['bot'] }) => names));
  const claimed = [...targets].flatMap(target => app.journal.claim(target, Date.now() + 1, 100));
  claimed.sort((one, other) => one.entry.seq - other.entry.seq);
  await Promise.all(
    claimed.map((delivery, n) => app.journal.settle(delivery, outcomes[n] ?? { name: 'retry', at: 4e12, attempt })),
  );
  return claimed;
}

async function running(t: TestContext): Promise<ReceivingApp> {
  const app = await runReceivingApp();
  t.after(() => app[Symbol.asyncDispose]());
  return app;
}

test('a list names each delivery and its stanza, without what the stanza says', async t => {
  const app = await running(t);
  const [dead, queued] = await owe(app, [{ body: 'secret' }, {}], [DEAD]);
  const { status, deliveries, next } = await ask(app, '');
  assert.equal(status, 200);
  assert.equal(next, null);
  assert.deepEqual(deliveries, [
    {
      id: dead?.id,
      target: 'bot',
      state: 'dead',
      tries: 1,
      received: new Date(dead?.entry.at ?? 0).toISOString(),
      stanza: { kind: 'message', to: 'rest.example', from: 'user0@x.example', id: 'secret' },
    },
    {
      id: queued?.id,
      target: 'bot',
      state: 'queued',
      tries: 1,
      next: new Date(4e12).toISOString(),
      received: new Date(queued?.entry.at ?? 0).toISOString(),
      stanza: { kind: 'message', to: 'rest.example', from: 'user1@x.example', id: 'hello' },
    },
  ]);
});

test('one delivery shows its whole stanza and every try', async t => {
  const app = await running(t);
  const [dead] = await owe(app, [{ body: 'x' }], [DEAD]);
  const { status, ...shown } = await ask(app, `/${dead?.id}`);
  assert.equal(status, 200);
  assert.deepEqual(shown.stanza, { kind: 'message', to: 'rest.example', from: 'user0@x.example', id: 'x', body: 'x' });
  assert.deepEqual(shown.attempts, [
    { at: '2026-01-31T12:00:00.000Z', latency_ms: 12, status: 500, excerpt: 'no "way"\n' },
  ]);
  assert.deepEqual([shown.state, shown.tries, shown.next], ['dead', 1, undefined]);
});

test('a list is filtered by state, target and time', async t => {
  const app = await running(t);
  const all = await owe(app, [{}, {}, {}, { targets: ['other'] }], [DONE, DEAD]);
  const found = async (query: string) =>
    (await ask(app, query)).deliveries.map(({ id }) => all.findIndex(one => one.id === id));
  assert.deepEqual(await found('?state=done'), [0]);
  assert.deepEqual(await found('?state=dead'), [1]);
  assert.deepEqual(await found('?state=queued'), [2, 3]);
  assert.deepEqual(await found('?target=other'), [3]);
  assert.deepEqual(await found('?state=dead&target=other'), []);
  assert.deepEqual(await found('?since=2020-01-01'), [0, 1, 2, 3]);
  assert.deepEqual(await found('?before=2020-01-01T00:00:00%2B02:00'), []);
  const soon = new Date(Date.now() + 60_000).toISOString();
  assert.deepEqual(await found(`?before=${soon}`), [0, 1, 2, 3]);
  assert.deepEqual(await found(`?since=${soon}`), []);
});

test('a list goes on after the last delivery of the one before', async t => {
  const app = await running(t);
  const all = await owe(
    app,
    Array.from({ length: 7 }, () => ({})),
  );
  const seen: string[] = [];
  let query = '?limit=3';
  for (let lists = 0; lists < 3; lists += 1) {
    const { deliveries, next } = await ask(app, query);
    seen.push(...deliveries.map(({ id }) => id));
    assert.equal(next === null, lists === 2);
    query = `?limit=3&after=${next}`;
  }
  assert.deepEqual(
    seen,
    all.map(({ id }) => id),
  );
});

test('a dead delivery is made due again, once for each request', async t => {
  const app = await running(t);
  const [dead] = await owe(app, [{}], [DEAD]);
  const { status, retried } = await ask(app, `/${dead?.id}/retry`, AS.component, 'POST');
  assert.deepEqual([status, retried], [202, 1]);
  assert.equal((await ask(app, `/${dead?.id}`)).state, 'queued');
  const [again, ...more] = app.journal.claim('bot', Date.now() + 1, 10);
  assert.deepEqual([again?.id, more.length], [dead?.id, 0]);
  assert.equal(app.retries(), 1);
});

test('a repeat with the same Idempotency-Key gets the first answer and queues nothing', async t => {
  const app = await running(t);
  await owe(app, [{}, {}], [DEAD, DEAD]);
  const key = { 'idempotency-key': '"once"' };
  const first = await ask(app, '/retry?state=dead', AS.component, 'POST', key);
  assert.deepEqual([first.status, first.retried], [202, 2]);
  const repeat = await ask(app, '/retry?state=dead', AS.component, 'POST', key);
  assert.deepEqual([repeat.status, repeat.retried], [202, 2]);
  const anew = await ask(app, '/retry?state=dead', AS.component, 'POST');
  assert.deepEqual([anew.status, anew.retried], [202, 0]);
});

test('all dead deliveries are made due again, of one target or of all', async t => {
  const app = await running(t);
  const twoTargets = [{}, { targets: ['other'] }, {}, {}];
  await owe(app, twoTargets, [DEAD, DEAD, DONE]);
  assert.equal((await ask(app, '/retry?state=dead&target=none', AS.component, 'POST')).retried, 0);
  assert.equal(app.retries(), 0, 'nobody need be told of nothing');
  assert.equal((await ask(app, '/retry?state=dead&target=other', AS.component, 'POST')).retried, 1);
  assert.equal((await ask(app, '/retry?state=dead', AS.component, 'POST')).retried, 1);
  assert.deepEqual(
    (await ask(app, '')).deliveries.map(({ state }) => state),
    ['queued', 'queued', 'done', 'queued'],
  );
  assert.equal(app.retries(), 2);
});

test('a delivery that was made is not made once more', async t => {
  const app = await running(t);
  const [done] = await owe(app, [{}], [DONE]);
  const { status, error } = await ask(app, `/${done?.id}/retry`, AS.component, 'POST');
  assert.deepEqual([status, error?.reason], [409, 'delivery-done']);
  assert.equal((await ask(app, `/${done?.id}`)).state, 'done');
});

test("for everyone but the link's owner a delivery is not there", async t => {
  const app = await running(t);
  const what = [{}, { link: USERS, to: 'alice@one.example' }, { link: ACCOUNT }];
  const [component, users, account] = await owe(app, what, [DEAD, DEAD, DEAD]);
  const own: Readonly<Record<keyof typeof AS, Delivery | undefined>> = {
    component,
    alice: undefined,
    bob: undefined,
    carol: account,
  };
  for (const [who, delivery] of Object.entries(own)) {
    const authorization = Object.entries(AS).find(([name]) => name === who)?.[1] ?? '';
    assert.deepEqual(
      (await ask(app, '', authorization)).deliveries.map(({ id }) => id),
      delivery === undefined ? [] : [delivery.id],
    );
    for (const other of [component, users, account].filter(one => one !== delivery)) {
      assert.equal((await ask(app, `/${other?.id}`, authorization)).error?.reason, 'not-found');
      assert.equal((await ask(app, `/${other?.id}/retry`, authorization, 'POST')).error?.reason, 'not-found');
    }
  }
  assert.equal((await ask(app, '/retry?state=dead', AS.alice, 'POST')).retried, 0);
  assert.equal((await ask(app, '/retry?state=dead', AS.carol, 'POST')).retried, 1);
  assert.equal((await ask(app, `/${component?.id}`)).state, 'dead');
});

const REFUSED: readonly (readonly [method: string, path: string, status: number, text: RegExp])[] = [
  ['GET', '?state=lost', 422, /'state' must be one of queued, done, dead/],
  ['GET', '?since=yesterday', 422, /'since' must be a time such as/],
  ['GET', '?since=2026-01-31T12:00:00', 422, /'since' must be a time such as/],
  ['GET', '?before=2026-02-30', 422, /'before' must be a time such as/],
  ['GET', '?before=2026-01-31T12:00:00+02:00', 422, /with \+ written as %2B/],
  ['GET', '?limit=-1', 422, /'limit' must be a whole number from 1 to 500/],
  ['GET', '?after=nonsense', 400, /'after' must be the id of a delivery/],
  ['GET', '?stat=dead', 400, /'stat' is not known here; known: state, target/],
  ['GET', '/x', 404, /no delivery of yours has this id/],
  ['GET', '/x?state=dead', 400, /'state' is not known here; known: none/],
  ['POST', '/x/retry', 404, /no delivery of yours has this id/],
  ['POST', '/retry?state=done', 422, /'state' must be dead/],
  ['POST', '/retry?target=', 422, /'target' must be a text/],
  ['POST', '/retry?tarted=bot', 400, /'tarted' is not known here/],
];

for (const [method, path, status, text] of REFUSED) {
  test(`${method} ${path} is ${status}`, async t => {
    const app = await running(t);
    const refused = await ask(app, path, AS.component, method);
    assert.equal(refused.status, status);
    assert.match(refused.error?.text ?? '', text);
  });
}

test('without credentials there are no deliveries', async t => {
  const app = await running(t);
  for (const method of ['GET', 'POST']) assert.equal((await ask(app, '/retry', 'Basic eA==', method)).status, 403);
  const response = await fetch(`${app.url}/deliveries`);
  assert.equal(response.status, 401);
});

/**
 * `/events` over real connections: streams that go on where they were, lists that wait, and readers who do not read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOON } from './support/arrivals.ts';
import { EventSource } from './support/event-source.ts';
import { ACCOUNT, AS, OPEN, type ReceivingApp, receive, runReceivingApp, USERS } from './support/receiving-app.ts';

const STREAM = 'text/event-stream';

/** Opens a stream. */
function follow(
  { url }: ReceivingApp,
  authorization: string = AS.component,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<EventSource> {
  return EventSource.open(`${url}/events${query}`, { authorization, accept: STREAM, ...headers });
}

/** Asks for a list. */
async function list(
  { url }: ReceivingApp,
  query = '',
  authorization: string = AS.component,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${url}/events${query}`, { headers: { authorization, ...headers } });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), text, response };
}

/** Gives the server its turns, by requests, until something has happened there. */
async function until(app: ReceivingApp, happened: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SOON;
  while (!(await happened())) {
    assert.ok(performance.now() < deadline, 'it did not happen');
    await list(app);
  }
}

interface Listed {
  readonly events: readonly {
    readonly seq: number;
    readonly at: string;
    readonly stanza: { readonly body?: string };
  }[];
  readonly last: number;
  readonly gap?: { readonly after: number; readonly first: number };
}

async function listed(app: ReceivingApp, query = '', authorization: string = AS.component): Promise<Listed> {
  const { status, text } = await list(app, query, authorization);
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

function bodies(events: readonly { readonly data: string }[]): readonly string[] {
  return events.map(({ data }) => JSON.parse(data).body);
}

const numbered = (count: number, start = 1) => Array.from({ length: count }, (_, n) => ({ body: `${start + n}` }));
const names = (count: number, start = 1) => numbered(count, start).map(({ body }) => body);

test('a stream gives what comes from now on, as JSON under the kind of the stanza', async () => {
  await using app = await runReceivingApp();
  await receive(app, { body: 'before' });
  using source = await follow(app);
  assert.equal(source.status, 200);
  assert.equal(source.header('content-type'), STREAM);
  assert.equal(source.header('cache-control'), 'no-store');
  assert.equal(source.header('x-accel-buffering'), 'no');
  await receive(app, { body: 'one' }, { kind: 'presence', body: 'away' });
  const [first, second] = await source.take(2);
  assert.equal(source.retry, '3000');
  assert.deepEqual([first?.id, first?.name], ['2', 'message']);
  assert.deepEqual(JSON.parse(first?.data ?? ''), {
    kind: 'message',
    to: 'rest.example',
    from: 'juliet@capulet.example/balcony',
    id: 'one',
    body: 'one',
  });
  assert.deepEqual([second?.id, second?.name], ['3', 'presence']);
});

test('a stream in XML keeps line feeds', async () => {
  await using app = await runReceivingApp();
  using source = await follow(app, AS.component, '?format=xml');
  await receive(app, { body: 'two\nlines\r\n' });
  const { data } = await source.next();
  assert.equal(
    data,
    "<message to='rest.example' from='juliet@capulet.example/balcony' id='two&#10;lines&#13;&#10;'>" +
      '<body>two\nlines&#13;\n</body></message>',
  );
});

test('after=0 gives all that is kept, however much', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...numbered(500));
  using source = await follow(app, AS.component, '?after=0');
  assert.deepEqual(bodies(await source.take(500)), names(500));
});

test('a client that comes back with Last-Event-ID again and again has no gap and no duplicate', async () => {
  await using app = await runReceivingApp();
  const seen: string[] = [];
  let id = '0';
  for (let round = 0; round < 20; round += 1) {
    const arriving = receive(app, ...numbered(10, round * 10 + 1));
    using source = await follow(app, AS.component, '?after=0', { 'last-event-id': id });
    // More may have arrived than is taken here: the last one that was taken is where to go on.
    const taken = await source.take(round % 2 === 0 ? 3 : 17);
    seen.push(...bodies(taken));
    id = taken.at(-1)?.id ?? id;
    await arriving;
  }
  assert.deepEqual(seen, names(200));
});

test('a heartbeat comes every 15 seconds, and moves the position past what was for others', async () => {
  await using app = await runReceivingApp();
  using source = await follow(app, AS.alice);
  await receive(app, { link: USERS, to: 'bob@one.example' }, { link: USERS, to: 'alice@one.example/x', body: 'mine' });
  assert.equal((await source.next()).id, '2');
  await receive(app, { link: USERS, to: 'bob@one.example' });
  using marker = await follow(app, AS.bob, '?after=2');
  await marker.next();
  app.clock.advance(15_000);
  await source.comments.take(() => true, 'a heartbeat');
  assert.equal(source.lastEventId, '3');
  app.clock.advance(15_000);
  await source.comments.take(() => true, 'another heartbeat');
  assert.equal(source.lastEventId, '3');
  assert.deepEqual(app.clock.waits, [15_000], 'one timer serves all');
});

test('without readers there is no timer', async () => {
  await using app = await runReceivingApp();
  const source = await follow(app);
  assert.deepEqual(app.clock.waits, [15_000]);
  source[Symbol.dispose]();
  await source.ended;
  await until(app, () => app.clock.waits.length === 0);
  assert.deepEqual(app.clock.waits, []);
});

test('who asks for what is not kept any more is told', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...numbered(10));
  app.journal.prune(Date.now() + 60_000, Number.MAX_SAFE_INTEGER);
  await receive(app, { body: 'new' });
  using source = await follow(app, AS.component, '', { 'last-event-id': '4' });
  const gap = await source.next();
  assert.deepEqual([gap.name, JSON.parse(gap.data)], ['gap', { after: 4, first: 11 }]);
  assert.deepEqual(bodies([await source.next()]), ['new']);
  const { gap: told, events, last } = await listed(app, '?after=4');
  assert.deepEqual([told, events.length, last], [{ after: 4, first: 11 }, 1, 11]);
  assert.equal((await listed(app, '?after=10')).gap, undefined);
  assert.equal((await listed(app, '?after=0')).gap, undefined);
});

test('a position of another journal is a gap, and all that is kept follows', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...numbered(2));
  using source = await follow(app, AS.component, '?after=99');
  const [gap, ...events] = await source.take(3);
  assert.deepEqual([gap?.name, gap?.data], ['gap', '{"after":99,"first":1}']);
  assert.deepEqual(bodies(events), ['1', '2']);
  const { gap: told, last } = await listed(app, '?after=99&wait=300');
  assert.deepEqual([told, last], [{ after: 99, first: 1 }, 2]);
});

test('a hundred readers all get everything', async () => {
  await using app = await runReceivingApp({ perPrincipal: 100 });
  await using stack = new AsyncDisposableStack();
  const sources = await Promise.all(Array.from({ length: 100 }, () => follow(app)));
  for (const source of sources) stack.use(source);
  for (let round = 0; round < 10; round += 1) await receive(app, ...numbered(20, round * 20 + 1));
  for (const source of sources) assert.deepEqual(bodies(await source.take(200)), names(200));
});

test('everyone gets only what he may read', async () => {
  await using app = await runReceivingApp();
  await receive(
    app,
    { body: 'component' },
    { link: USERS, to: 'alice@one.example/phone', body: 'alice' },
    { link: USERS, to: 'bob@one.example', body: 'bob' },
    { link: USERS, to: 'one.example', body: 'host' },
    { link: ACCOUNT, to: `${ACCOUNT}/x`, body: 'carol' },
  );
  for (const [who, expected] of Object.entries({
    component: 'component',
    alice: 'alice',
    bob: 'bob',
    carol: 'carol',
  })) {
    const authorization = Object.entries(AS).find(([name]) => name === who)?.[1] ?? '';
    const { events, last } = await listed(app, '?after=0', authorization);
    assert.deepEqual(
      events.map(({ stanza }) => stanza.body),
      [expected],
    );
    assert.equal(last, 5);
    using source = await follow(app, authorization, '?after=0');
    assert.deepEqual(bodies([await source.next()]), [expected]);
  }
});

test('filters choose by kind, type and addresses', async () => {
  await using app = await runReceivingApp();
  await receive(
    app,
    { body: 'm', from: 'a@x.example/1', to: 'bot@rest.example' },
    { kind: 'presence', body: 'p', from: 'a@x.example/1' },
    { body: 'other', from: 'b@y.example' },
  );
  const found = async (query: string) => (await listed(app, `?after=0&${query}`)).events.map(({ seq }) => seq);
  assert.deepEqual(await found('kind=presence'), [2]);
  assert.deepEqual(await found('kind=message&type=normal'), [1, 3]);
  assert.deepEqual(await found('type=available'), [2]);
  assert.deepEqual(await found('from=A@X.example'), [1, 2]);
  assert.deepEqual(await found('from=*@y.example'), [3]);
  assert.deepEqual(await found('to=bot@*'), [1]);
  assert.deepEqual(await found('to=nobody@*'), []);
  using source = await follow(app, AS.component, '?after=0&from=b@y.example');
  assert.equal((await source.next()).id, '3');
});

test('a list is JSON, or XML for who asks for it', async () => {
  await using app = await runReceivingApp();
  const [entry] = await receive(app, { body: 'x' });
  const at = new Date(entry?.at ?? 0).toISOString();
  const json = await list(app, '?after=0');
  assert.equal(json.type, 'application/json');
  assert.equal(json.response.headers.get('cache-control'), 'no-store');
  const stanza = { kind: 'message', to: 'rest.example', from: 'juliet@capulet.example/balcony', id: 'x', body: 'x' };
  assert.deepEqual(JSON.parse(json.text), { events: [{ seq: 1, at, stanza }], last: 1 });
  const message = "<message to='rest.example' from='juliet@capulet.example/balcony' id='x'><body>x</body></message>";
  for (const accept of ['application/xmpp+xml', 'application/xml', 'text/html, text/xml;q=0.9']) {
    const xml = await list(app, '?after=0', AS.component, { accept });
    assert.equal(xml.type, 'application/xmpp+xml');
    assert.equal(xml.text, `<events last='1'><event seq='1' at='${at}'>${message}</event></events>`);
  }
  assert.equal(
    (await list(app, '?after=9&format=xml')).text.slice(0, 50),
    "<events last='1'><gap after='9' first='1'/><event ",
  );
});

test('a list has at most as many events as was asked for, and says where to go on', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...numbered(120));
  const seen: (string | undefined)[] = [];
  let [after, lists] = [0, 0];
  for (; seen.length < 120; lists += 1) {
    const { events, last } = await listed(app, `?after=${after}&limit=50`);
    seen.push(...events.map(({ stanza }) => stanza.body));
    after = last;
  }
  assert.deepEqual(seen, names(120));
  assert.equal(lists, 3);
  assert.deepEqual(await listed(app), { events: [], last: 120 });
  assert.equal((await listed(app, '?after=0')).events.length, 100);
});

test('a list ends before it becomes too large', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...Array.from({ length: 8 }, () => ({ body: 'x'.repeat(250_000) })));
  const first = await listed(app, '?after=0');
  assert.equal(first.events.length, 5);
  assert.equal(first.last, 5);
  assert.equal((await listed(app, `?after=${first.last}`)).events.length, 3);
});

test('a list waits for the first event, and no longer than it was asked to', async () => {
  await using app = await runReceivingApp();
  const waiting = listed(app, '?after=0&wait=30');
  await until(app, () => app.clock.waits.length === 2);
  await receive(app, { link: USERS, to: 'alice@one.example' });
  await receive(app, { body: 'came' });
  assert.deepEqual(
    (await waiting).events.map(({ stanza }) => stanza.body),
    ['came'],
  );
  const vain = listed(app, '?after=2&wait=1000');
  await until(app, () => app.clock.waits.length === 2);
  assert.deepEqual(app.clock.waits, [15_000, 300_000]);
  app.clock.advance(300_000);
  assert.deepEqual(await vain, { events: [], last: 2 });
  assert.deepEqual(app.clock.waits, []);
});

test('who leaves ends his wait', async () => {
  await using app = await runReceivingApp();
  const leaving = new AbortController();
  const waiting = fetch(`${app.url}/events?wait=30`, {
    headers: { authorization: AS.component },
    signal: leaving.signal,
  });
  await until(app, () => app.clock.waits.length === 2);
  leaving.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await until(app, () => app.clock.waits.length === 0);
});

test('a principal has so many readers and no more, and room again when one leaves', async () => {
  await using app = await runReceivingApp({ perPrincipal: 2, total: 3 });
  using first = await follow(app);
  using _second = await follow(app);
  const refused = await list(app, '?wait=1');
  assert.equal(refused.status, 429);
  assert.equal(JSON.parse(refused.text).error.reason, 'too-many-streams');
  assert.equal(refused.response.headers.get('retry-after'), '5');
  assert.equal((await list(app)).status, 200, 'who does not wait needs no room');
  using _other = await follow(app, AS.alice);
  const full = await follow(app, AS.bob);
  assert.equal(full.status, 503);
  assert.equal(full.header('retry-after'), '30');
  first[Symbol.dispose]();
  await first.ended;
  await until(app, async () => {
    using again = await follow(app);
    return again.status === 200;
  });
});

/** Reads what is left of a stream that was cut: it has no last comment. */
async function cutOff(stalled: EventSource): Promise<void> {
  stalled.resume();
  await stalled.ended;
  assert.deepEqual(stalled.comments.takeAll(), []);
}

/** Large enough to fill what the system buffers on both sides of a connection many times over. */
const FLOOD = Array.from({ length: 150 }, () => ({ body: 'x'.repeat(100_000) }));

test('a reader who does not read is cut, the others have everything, and he can go on where he was', async () => {
  await using app = await runReceivingApp();
  using healthy = await follow(app);
  using stalled = await follow(app);
  await receive(app, { body: 'first' });
  const { id } = await stalled.next();
  await healthy.next();
  stalled.pause();
  for (const one of FLOOD) {
    await receive(app, one);
    await healthy.next();
  }
  const [cut, ...more] = app.log.with('an event stream was cut: its client does not read');
  assert.deepEqual(more, []);
  assert.ok(Number(cut?.['owed']) > 1024 * 1024, String(cut?.['owed']));
  await cutOff(stalled);
  const had = 1 + stalled.events.takeAll().length;
  assert.ok(had < FLOOD.length);
  using back = await follow(app, AS.component, '', { 'last-event-id': stalled.lastEventId });
  const rest = await back.take(1 + FLOOD.length - had);
  assert.deepEqual(
    rest.map(event => Number(event.id)),
    Array.from({ length: rest.length }, (_, n) => Number(id) + had + n),
  );
});

test('a reader who takes nothing for 30 seconds is cut although little comes for him', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...FLOOD);
  using stalled = await follow(app, AS.component, '?after=0');
  stalled.pause();
  // Until its connection is full nothing is stalled.
  await until(app, () => {
    app.clock.advance(15_000);
    return app.log.with('an event stream was cut: its client does not read').length > 0;
  });
  await cutOff(stalled);
});

test('when the gateway stops, streams end with a comment and waits with an empty list, at once', async () => {
  await using app = await runReceivingApp();
  using source = await follow(app);
  const waiting = listed(app, '?wait=300');
  await until(app, () => app.clock.waits.length === 2);
  await app.stop();
  await source.comments.take(text => text === 'come back later', 'the last comment');
  await source.ended;
  assert.deepEqual(await waiting, { events: [], last: 0 });
  assert.deepEqual(app.clock.waits, []);
});

test('a stalled stream does not hold the gateway up when it stops', async () => {
  await using app = await runReceivingApp();
  await receive(app, ...FLOOD);
  using stalled = await follow(app, AS.component, '?after=0');
  stalled.pause();
  await list(app);
  await app.stop();
  await cutOff(stalled);
});

test('a journal that ends sends its readers away', async () => {
  await using app = await runReceivingApp();
  using source = await follow(app);
  await app.journal[Symbol.asyncDispose]();
  await source.ended;
  assert.equal(app.log.with('the journal cannot be followed; readers of events are sent away').length, 1);
});

const REFUSED: readonly (readonly [query: string, status: number, text: RegExp])[] = [
  ['?after=x', 422, /'after' must be the id of an event, or 0/],
  ['?after=-1', 422, /'after'/],
  ['?after=99999999999999999', 422, /'after'/],
  ['?after=1&after=2', 400, /'after' stands there twice/],
  ['?wait=1.5', 422, /'wait' must be a whole number from 0 to 300/],
  ['?limit=0', 422, /'limit' must be a whole number from 1 to 1000/],
  ['?kind=x', 422, /'kind' must be one of message, presence, iq/],
  ['?format=csv', 422, /'format' must be one of json, xml/],
  ['?from=', 422, /'from' must be an address/],
  ['?form=a@b', 400, /'form' is not known here; known: after, wait,/],
  ['?after=%ff', 400, /percent-encoding/],
];

for (const [query, status, text] of REFUSED) {
  test(`${query} is ${status}`, async () => {
    await using app = await runReceivingApp();
    const refused = await list(app, query);
    assert.equal(refused.status, status);
    assert.match(JSON.parse(refused.text).error.text, text);
  });
}

test('a Last-Event-ID that is none of ours is refused, an empty one is none', async () => {
  await using app = await runReceivingApp();
  using refused = await follow(app, AS.component, '', { 'last-event-id': 'abc' });
  assert.equal(refused.status, 422);
  using taken = await follow(app, AS.component, '', { 'last-event-id': '' });
  assert.equal(taken.status, 200);
});

test('who is somebody else in each request has no events', async () => {
  await using app = await runReceivingApp();
  using refused = await EventSource.open(`${app.url}/events`, { host: OPEN, accept: STREAM });
  assert.equal(refused.status, 404);
});

test('without credentials there is nothing to read, and HEAD is not offered', async () => {
  await using app = await runReceivingApp();
  using refused = await EventSource.open(`${app.url}/events`, { accept: STREAM });
  assert.equal(refused.status, 401);
  assert.match(refused.header('www-authenticate') ?? '', /^Basic /);
  const head = await fetch(`${app.url}/events`, { method: 'HEAD', headers: { authorization: AS.component } });
  assert.equal(head.status, 404);
});

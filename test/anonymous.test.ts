/**
 * Requests without credentials at an embedded host that allows it: who they come from, and what they cannot reach.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, type Question } from './support/asking.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, type Running, runGateway } from './support/in-process-gateway.ts';
import type { Peer } from './support/peer.ts';
import { basic } from './support/rest-client.ts';

const resources = new AsyncDisposableStack();
/** Serves localhost alone, for everyone. */
let open: Running;
let bob: Peer;
/** Serves localhost for everyone, and b.example for those who have an account. */
let several: Running;

const ANONYMOUS = 'RESTANZA_HOSTS__localhost__EMBEDDED__ANONYMOUS';
const NAME = /^anonymous-[0-9a-f]{32}@localhost$/;

async function run(environment: Readonly<Record<string, string>>): Promise<Running> {
  const folder = resources.use(await Folder.make());
  return resources.use(await runGateway(folder.path, environment));
}

before(async () => {
  open = await run({ [ANONYMOUS]: 'true' });
  bob = resources.use(await open.bob());
  several = await run({
    [ANONYMOUS]: 'true',
    'RESTANZA_HOSTS__b.example__EMBEDDED__C2S': '127.0.0.1:0',
    'RESTANZA_HOSTS__b.example__EMBEDDED__ACCOUNTS__carol': 'x',
  });
});
after(() => resources.disposeAsync());

const posting = (body: object, headers: Readonly<Record<string, string>> = {}): Question => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** A message to bob, and whom he has it from. */
async function senderOf(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await ask(open.url, posting({ to: 'bob@localhost', body: 'hi' }, headers));
  assert.equal(answer.status, 202, answer.text);
  const { attrs } = await bob.next(({ name, children }) => name === 'message' && children.length > 0, 'the message');
  return attrs['from'] ?? '';
}

describe('a request to an anonymous host', () => {
  it('comes from someone new each time', async () => {
    const senders = [await senderOf(), await senderOf(), await senderOf()];
    for (const sender of senders) assert.match(sender, NAME);
    assert.equal(new Set(senders).size, senders.length);
  });

  for (const [what, authorization] of Object.entries({
    'of an account': basic({ user: 'alice', password: PASSWORDS.alice }),
    'with a wrong password': basic({ user: 'alice', password: 'x' }),
    'of another scheme': 'Digest x',
    'of a token': 'Bearer x',
    'that cannot be read': 'Basic ***',
  })) {
    it(`comes from someone new with credentials ${what}`, async () => {
      assert.match(await senderOf({ authorization }), NAME);
    });
  }

  it('gets the answer to its iq, from the host and from others', async () => {
    for (const to of ['localhost', bob.jid]) {
      const answer = await ask(open.url, posting({ kind: 'iq', type: 'get', to, ping: true }));
      assert.equal(answer.status, 200, answer.text);
      const { type, from, to: own } = JSON.parse(answer.text);
      assert.deepEqual({ type, from }, { type: 'result', from: to });
      assert.match(own, NAME);
    }
    const disco = await ask(open.url, {
      method: 'GET',
      path: '/rest/disco/localhost',
      headers: { accept: 'application/json' },
    });
    assert.equal(disco.status, 200);
  });

  it('hears of the bounce of its message', async () => {
    const question = posting({ to: 'nobody@localhost', body: 'hi' }, { prefer: 'wait=5' });
    const answer = await ask(open.url, question);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(JSON.parse(answer.text).error.condition, 'service-unavailable');
  });

  it('cannot speak for anyone else', async () => {
    for (const from of ['alice@localhost', 'localhost', `anonymous-${'0'.repeat(32)}@localhost`]) {
      const answer = await ask(open.url, posting({ from, to: 'bob@localhost', body: 'hi' }));
      assert.equal(answer.status, 403);
      assert.match(answer.text, /"reason":"from-forbidden"/);
    }
  });

  it('gets nothing that is sent to it later', async () => {
    const sender = await senderOf();
    bob.send(`<message to='${sender}' id='later'><body>hello?</body></message>`);
    const bounce = await bob.next(({ attrs }) => attrs['id'] === 'later', 'the bounce');
    assert.equal(bounce.attrs['type'], 'error');
  });

  it('cannot be made repeatable, for nobody could be told the answer', async () => {
    const answer = await ask(open.url, posting({ to: 'bob@localhost', body: 'hi' }, { 'idempotency-key': 'k' }));
    assert.equal(answer.status, 400);
    assert.match(answer.text, /leave Idempotency-Key out/);
  });

  it('is refused when the page of somebody else makes it', async () => {
    const answer = await ask(
      open.url,
      posting({ to: 'bob@localhost', body: 'hi' }, { origin: 'https://evil.example' }),
    );
    assert.equal(answer.status, 403);
    assert.match(answer.text, /"reason":"origin-forbidden"/);
  });
});

describe('an anonymous host beside another one', () => {
  const ping: Question = posting({ kind: 'iq', type: 'get', to: 'localhost', ping: true });
  const at = (host: string, question: Question) => ({ ...question, headers: { ...question.headers, host } });

  it('takes everyone whose URL names it', async () => {
    assert.equal((await ask(several.url, at('localhost:5280', ping))).status, 200);
  });

  for (const host of ['b.example', '127.0.0.1', 'elsewhere.example']) {
    it(`takes nobody whose URL names ${host}`, async () => {
      const { status, headers } = await ask(several.url, at(host, ping));
      assert.equal(status, 401);
      assert.match(headers['www-authenticate'] ?? '', /^Basic /);
    });
  }

  it('leaves the users of the other one alone', async () => {
    const question = posting({ kind: 'iq', type: 'get', to: 'b.example', ping: true });
    const authorization = basic({ user: 'carol', password: 'x' });
    const answer = await ask(
      several.url,
      at('b.example', { ...question, headers: { ...question.headers, authorization } }),
    );
    assert.equal(answer.status, 200, answer.text);
    assert.equal(JSON.parse(answer.text).to, 'carol@b.example');
  });
});

it('a host takes nobody without credentials unless it says so', async () => {
  await using running = await run({});
  assert.equal((await ask(running.url, posting({ to: 'bob@localhost', body: 'hi' }))).status, 401);
});

it('request_rate counts strangers by where they come from', async () => {
  await using running = await run({
    [ANONYMOUS]: 'true',
    RESTANZA_REQUEST_RATE: '1',
    RESTANZA_TRUSTED_PROXIES: '127.0.0.1',
  });
  const from = (address: string) =>
    ask(running.url, posting({ to: 'localhost', body: 'hi', type: 'headline' }, { 'x-forwarded-for': address }));
  const answers = await Promise.all(Array.from({ length: 40 }, () => from('198.51.100.1')));
  assert.ok(answers.some(({ status }) => status === 429));
  assert.ok(answers.filter(({ status }) => status === 202).length >= 10);
  assert.equal((await from('198.51.100.2')).status, 202);
});

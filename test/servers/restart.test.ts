/**
 * The XMPP server of a component goes away and comes back under 200 messages a second.
 *
 * What must hold: every request is answered in time; while the server is away, with 503 and `Retry-After`; soon after it is
 * back, with 202 again; and what was refused was not sent. Component streams have no acknowledgements (XEP-0114), so what
 * was accepted just before the cut may be lost: it is counted and printed, and nothing else may be.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Element } from '../../src/xml/element.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { startGateway } from '../support/gateway.ts';
import { Load, type Outcome, quantile } from '../support/load.ts';
import { connectNative } from '../support/native-peer.ts';
import { having, type Peer } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { JSON_TYPE, post, type Reply, XML } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

/** Answers of each kind that a phase of the test waits for: three seconds of load. */
const PHASE = 600;
/** Milliseconds after which a request counts as hanging. */
const HANGS = 20_000;
/** Milliseconds within which a link is back once its server is: the longest step of the backoff, and time to connect. */
const BACK = 35_000;
/** Milliseconds before the cut in which accepted messages may still wait in the connection or in the server. */
const BUFFERED = 2_000;

/** The namespace of requests that nobody answers. */
const SILENCE = 'urn:example:silence';

const domain = 'xmpp.test';
const component = { domain: 'rest.xmpp.test', secret: newSecret() };
const password = newSecret();
const serving: Serving = { domain, users: { bob: password }, component };

const SERVERS = { Prosody: startProsody, ejabberd: startEjabberd };
const ENDS = { 'is restarted': 'stop', crashes: 'kill' } as const;

const idOf = (number: number) => `load-${number}`;
const status = ({ result }: Outcome<Reply>) => (result instanceof Error ? result.name : result.status);

function loginOf({ ports }: XmppServer): Promise<Peer> {
  return connectNative({ host: '127.0.0.1', port: ports.c2s, user: 'bob', domain, password, resource: 'test' });
}

function postTo(url: string, body: string, type = JSON_TYPE): Promise<Reply> {
  return post(url, { body, type, as: { user: component.domain, password: component.secret }, within: HANGS });
}

/** Posts one message to bob's account, so that his server keeps it for him while he is not there. */
function messageTo(url: string, id: string): Promise<Reply> {
  return postTo(url, JSON.stringify({ kind: 'message', type: 'chat', to: `bob@${domain}`, id, body: 'load' }));
}

/** Answered when the server has handled all that was sent before. */
async function allHandled(url: string): Promise<void> {
  const { status, text } = await postTo(url, JSON.stringify({ kind: 'iq', type: 'get', to: domain, ping: true }));
  assert.equal(status, 200, text);
}

/** Asks what bob does not answer; resolves, once he has been asked, with what becomes of the request. */
async function askInVain(url: string, bob: Peer): Promise<{ readonly reply: Promise<Reply> }> {
  await bob.ignore(SILENCE);
  const reply = postTo(url, `<iq type='get' to='${bob.jid}' id='vain'><query xmlns='${SILENCE}'/></iq>`, XML);
  // Looked at when the server is away; a failure until then is not yet news.
  reply.catch(() => {});
  await bob.next(having({ id: 'vain' }), 'the request');
  return { reply };
}

/** Times of the cut and of the return, in milliseconds of `performance.now()`. */
interface Cut {
  readonly from: number;
  readonly back: number;
}

/** Ends the server and starts it again under load, moving on as soon as each phase has shown enough answers. */
async function cut(server: XmppServer, end: 'stop' | 'kill', load: Load<Reply>): Promise<Cut> {
  const seen =
    (wanted: number, after: number, count = PHASE) =>
    () =>
      load.outcomes.filter(outcome => outcome.started > after && status(outcome) === wanted).length >= count;
  await load.until(seen(202, 0), 'messages are accepted at first', BACK);
  const from = performance.now();
  await server[end]();
  await load.until(seen(503, from), 'messages are refused while the server is away');
  await server.start();
  const back = performance.now();
  await load.until(seen(202, back, 1), 'a message is accepted again', BACK);
  await load.until(seen(202, back), 'messages are accepted again');
  return { from, back };
}

/** What the peer got of what was accepted. */
interface Balance {
  readonly arrived: ReadonlySet<string>;
  readonly lost: readonly Outcome<Reply>[];
}

function report(
  t: TestContext,
  outcomes: readonly Outcome<Reply>[],
  { from, back }: Cut,
  delivered: readonly string[],
): Balance {
  const accepted = outcomes.filter(outcome => status(outcome) === 202);
  const arrived = new Set(delivered);
  const lost = accepted.filter(({ number }) => !arrived.has(idOf(number)));
  const again = Math.min(...accepted.filter(({ started }) => started > back).map(({ started }) => started)) - back;
  const oldest = Math.max(0, ...lost.map(({ started }) => from - started));
  const took = outcomes.map(outcome => outcome.took);
  t.diagnostic(
    `accepted ${accepted.length}, refused ${outcomes.length - accepted.length}, delivered ${arrived.size}, ` +
      `twice ${delivered.length - arrived.size}, lost in the cut ${lost.length}, at most ${Math.round(oldest)} ms before it`,
  );
  t.diagnostic(
    `away ${Math.round(back - from)} ms, accepted again ${Math.round(again)} ms after it was back; answers took ` +
      `p50 ${quantile(took, 0.5).toFixed(1)} ms, p99 ${quantile(took, 0.99).toFixed(1)} ms, max ${Math.max(...took).toFixed(1)} ms`,
  );
  return { arrived, lost };
}

const isMessage = (stanza: Element) => stanza.name === 'message' && stanza.attrs['type'] !== 'error';
const loadIds = (stanzas: readonly Element[]) =>
  stanzas.filter(isMessage).flatMap(({ attrs }) => (attrs['id']?.startsWith('load-') ? [attrs['id']] : []));

/** Fails unless this is the answer for want of a server: 503, with the seconds after which to come back. */
function assertAway(result: Reply | Error, what: string): void {
  assert.ok(!(result instanceof Error), `${what} failed: ${result instanceof Error ? result.message : ''}`);
  assert.equal(result.status, 503, `${what}: ${result.text}`);
  assert.match(result.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}

function assertHonest(outcomes: readonly Outcome<Reply>[], { from, back }: Cut, { arrived, lost }: Balance): void {
  for (const outcome of outcomes.filter(one => status(one) !== 202)) {
    assertAway(outcome.result, `message ${outcome.number}`);
    assert.equal(arrived.has(idOf(outcome.number)), false, `message ${outcome.number} was refused and yet sent`);
  }
  for (const { number, started } of lost) {
    const inCut = started > from - BUFFERED && started < back;
    assert.ok(inCut, `message ${number} was lost ${Math.round(started - from)} ms after the cut`);
  }
}

for (const [name, start] of Object.entries(SERVERS)) {
  for (const [what, end] of Object.entries(ENDS)) {
    describe(`${name} ${what} under load`, { timeout: 180_000 }, () => {
      it('the gateway refuses while it is away, and delivers again soon after it is back', async t => {
        await using server = await start(serving);
        const address = `xmpp://127.0.0.1:${server.ports.component}`;
        await using gateway = await startGateway({
          [component.domain]: { component: { server: address, secret: component.secret } },
        });
        await using before = await loginOf(server);
        await gateway.online(component.domain);
        await using load = new Load(number => messageTo(gateway.url, idOf(number)));
        const { reply: inVain } = await askInVain(gateway.url, before);
        const times = await cut(server, end, load);
        const waited = await inVain;
        // A server that has the time to may answer in the name of the client that it cuts off.
        if (waited.status !== 200) assertAway(waited, 'the request that waited');
        await load.stop();

        // A message that the server stores during a login may stay behind.
        await allHandled(gateway.url);
        await using after = await loginOf(server);
        assert.equal((await messageTo(gateway.url, 'last')).status, 202);
        await after.next(having({ id: 'last' }), 'the last message');
        const delivered = loadIds([...before.takeAll(), ...after.takeAll()]);
        assertHonest(load.outcomes, times, report(t, load.outcomes, times, delivered));
      });
    });
  }
}

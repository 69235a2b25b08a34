/**
 * The sessions of HTTP users when the way to their server breaks, and when nobody uses them.
 *
 * What must hold while connections are cut under 200 messages a second: what was answered with 202 arrives once, and what was
 * answered otherwise was not accepted in silence.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Element } from '../../src/xml/element.ts';
import type { Gateway } from '../support/gateway.ts';
import { DOMAIN, HOMES, type Home, type HomeKind, type User } from '../support/home.ts';
import { Load, type Outcome, quantile } from '../support/load.ts';
import { connectNative } from '../support/native-peer.ts';
import { having, until } from '../support/peer.ts';
import { JSON_TYPE, post, type Reply } from '../support/rest-client.ts';
import type { Cut } from '../support/tcp-proxy.ts';

/** `RESTANZA_CUTS=50` is what is asked of a release; it takes five minutes. */
const CUTS = Number(process.env['RESTANZA_CUTS'] ?? 12);
const WAYS: readonly Cut[] = ['both', 'client'];
/** Answers to requests of after a resumption before the next cut: a connection has to last for a second. */
const BETWEEN = 220;
/** Milliseconds within which a session that was cut is resumed and of use, on a machine that does much else. */
const RESUMED = 60_000;
/** Milliseconds after which a connection that carries nothing is given up, as docs/users.md says: three probes of ten seconds. */
const SILENT = 30_000;
/** Milliseconds by which it may be early, half a probe, so that one less shows, and late: a little for the machine. */
const [EARLY, LATE] = [5_000, 1_000];
/** Milliseconds within which all that was accepted has arrived. */
const ARRIVED = 30_000;

/** Homes whose sessions can be resumed, each server once. */
const KINDS = HOMES.filter(({ name, resumes }) => resumes && !name.includes('without'));

function message(gateway: Gateway, home: Home, user: User, id: string, to: string = `bob@${DOMAIN}/phone`) {
  const body = JSON.stringify({ kind: 'message', type: 'chat', to, id, body: id });
  const as = { user: `${user}@${DOMAIN}`, password: home.passwords[user] };
  return post(gateway.url, { body, type: JSON_TYPE, as, within: 60_000 });
}

const statusOf = ({ result }: Outcome<Reply>) => (result instanceof Error ? result.message : result.status);
const idOf = (number: number) => `load-${number}`;
const isMessage = ({ name, attrs }: Element) => name === 'message' && attrs['type'] === 'chat';
const ofAccount = (user: User, what: string) => [`"account":"${user}@${DOMAIN}"`, `"msg":"${what}"`];

/** Cuts the connection again and again, each time when the session is resumed and was of use for a while. */
async function cutUnder(load: Load<Reply>, gateway: Gateway, home: Home): Promise<void> {
  for (let cuts = 0; cuts < CUTS; cuts += 1) {
    const from = performance.now();
    const answered = () => load.outcomes.filter(({ started }) => started > from).length;
    await load.until(() => answered() >= BETWEEN, 'requests are answered', RESUMED);
    home.proxy.cut(WAYS[cuts % WAYS.length] ?? 'both');
    await gateway.logged(ofAccount('alice', 'client session is resumed'), RESUMED);
  }
}

function register(kind: HomeKind): void {
  it(`loses and repeats nothing that was accepted, over ${CUTS} cuts under load`, async t => {
    await using home = await kind.open(false);
    await using gateway = await home.gateway({}, { level: 'info' });
    await using bob = await connectNative(home.login('bob'));
    assert.equal((await message(gateway, home, 'alice', 'first')).status, 202);
    await using load = new Load(number => message(gateway, home, 'alice', idOf(number)));
    await cutUnder(load, gateway, home);
    await load.stop();
    assert.equal((await message(gateway, home, 'alice', 'last')).status, 202);
    await bob.next(having({ id: 'first' }), 'the first message');
    const last = bob.next(having({ id: 'last' }), 'the last message', ARRIVED);
    const arrived = [await last, ...bob.takeAll()].filter(isMessage).map(({ attrs }) => attrs['id'] ?? '');
    const accepted = load.outcomes.filter(outcome => statusOf(outcome) === 202).map(({ number }) => idOf(number));
    const others = load.outcomes.filter(outcome => statusOf(outcome) !== 202);
    const distinct = new Set(arrived);
    const lost = accepted.filter(id => !distinct.has(id));
    const took = load.outcomes.map(outcome => outcome.took);
    t.diagnostic(
      `accepted ${accepted.length}, refused ${others.length}, lost ${lost.length}, twice ${arrived.length - distinct.size}; ` +
        `answers took p50 ${quantile(took, 0.5).toFixed(1)} ms, p99 ${quantile(took, 0.99).toFixed(0)} ms, ` +
        `max ${Math.max(...took).toFixed(0)} ms`,
    );
    assert.deepEqual(lost, []);
    assert.equal(arrived.length, distinct.size, 'a message has arrived twice');
    assert.deepEqual(
      others.filter(outcome => statusOf(outcome) !== 503),
      [],
    );
  });

  it('closes the session that nobody uses, and that which was used longest ago when there is no room', async () => {
    await using home = await kind.open();
    await using gateway = await home.gateway({ idle: 3, max_sessions: 1 });
    for (const user of ['alice', 'carol'] as const) {
      assert.equal((await message(gateway, home, user, user)).status, 202);
    }
    await gateway.logged(ofAccount('alice', 'client link is closed'));
    await gateway.logged(ofAccount('carol', 'client link is closed'));
    assert.equal((await message(gateway, home, 'alice', 'again')).status, 202);
    assert.equal(home.proxy.accepted, 3);
  });
}

/** Noticing takes half a minute and is our part alone, so one home is enough. */
function registerSilence(kind: HomeKind): void {
  it('notices a connection that carries nothing more, and sends what was sent into it once', async t => {
    await using home = await kind.open();
    await using gateway = await home.gateway();
    await using bob = await connectNative(home.login('bob'));
    assert.equal((await message(gateway, home, 'alice', 'before')).status, 202);
    home.proxy.stall();
    const stalled = performance.now();
    const reply = await message(gateway, home, 'alice', 'into the void');
    assert.equal(reply.status, 503, reply.text);
    assert.match(reply.text, /may still arrive/);
    const given = [...ofAccount('alice', 'client link is suspended'), `did not answer for ${SILENT / 1000} s`];
    await gateway.logged(given, SILENT + LATE);
    const noticed = performance.now() - stalled;
    t.diagnostic(`noticed after ${(noticed / 1000).toFixed(1)} s`);
    assert.ok(noticed > SILENT - EARLY && noticed < SILENT + LATE, `noticed after ${noticed} ms`);
    await gateway.logged(ofAccount('alice', 'client session is resumed'), RESUMED);
    assert.equal((await message(gateway, home, 'alice', 'after')).status, 202);
    const ids = (await until(bob, 'after')).filter(isMessage).map(({ attrs }) => attrs['id']);
    assert.deepEqual(ids, ['before', 'into the void', 'after']);
  });
}

for (const kind of KINDS) describe(`sessions at ${kind.name}`, { timeout: 400_000 }, () => register(kind));
for (const kind of KINDS.slice(0, 1))
  describe(`silence at ${kind.name}`, { timeout: 400_000 }, () => registerSilence(kind));

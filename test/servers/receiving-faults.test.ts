/**
 * Nothing is lost: services that fall down, gateways that are killed and disks that are full, all under load, with one
 * checker for all.
 *
 * Every run prints its table and its seed; `RESTANZA_SEED` repeats the chance of a run, `RESTANZA_CASES` multiplies how long
 * the runs are.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { CROWD, type Place, prosodyAccountPlace, prosodyPlace } from '../black-box/places.ts';
import { type Answer, type Call, CallbackReceiver } from '../support/callback-receiver.ts';
import { Checker, type Counts, table } from '../support/checker.ts';
import { Crowd } from '../support/crowd.ts';
import { Folder } from '../support/folder.ts';
import type { Gateway } from '../support/gateway.ts';
import { basic } from '../support/rest-client.ts';

const RATE = 500;
const CASES = Number(process.env['RESTANZA_CASES'] ?? 1);
const SEED = Number(process.env['RESTANZA_SEED'] ?? randomInt(2 ** 31));
/** Messages of a run in which a service is not well. */
const MESSAGES = 3_000 * CASES;
const KILLS = 20 * CASES;
/** Senders of the runs in which the gateway is killed. Each has at most one call under way, which may have to be repeated. */
const SENDERS = 10;
const WINDOW = KILLS * SENDERS;
/** Milliseconds within which what waits must have been told; generous, for machines that are busy. */
const DRAINED = 180_000;

/** Numbers from 0 up to, but not including, 1, the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a run has in hand. */
interface Stage extends AsyncDisposable {
  readonly place: Place;
  readonly checker: Checker;
  readonly receiver: CallbackReceiver;
  readonly crowd: Crowd;
  readonly gateway: Gateway;
  /** Starts a gateway anew when the one before was killed. */
  again(): Promise<Gateway>;
}

/** A gateway, so many senders who are logged in, and a service that answers 202 and tells the checker. */
async function stage(begin: () => Promise<Place>, senders: number): Promise<Stage> {
  await using undo = new AsyncDisposableStack();
  const place = undo.use(await begin());
  const folder = undo.use(await Folder.make());
  const checker = new Checker(`run${SEED}`, senders);
  const receiver = undo.use(await CallbackReceiver.start());
  receiver.answer = call => accept(checker, call);
  const callback = { url: receiver.url, content_type: 'json', stanzas: ['message'] };
  const owned = new AsyncDisposableStack();
  const again = async () => owned.use(await place.start({ callback }, { data: folder.path, level: 'info' }));
  const gateway = await again();
  undo.use(owned);
  const logins = CROWD.slice(0, senders).map(user => place.login(gateway, user));
  const crowd = undo.use(await Crowd.gather({ checker, logins, to: place.own, rate: RATE }));
  const all = undo.move();
  return { place, checker, receiver, crowd, gateway, again, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Takes a call. */
function accept(checker: Checker, { body, headers }: Call): Answer {
  checker.deliver(JSON.parse(body).id, String(headers['webhook-id']));
  return { status: 202 };
}

/** Waits until nothing more can come, and prints what has become of all; @returns the counts, and how long it took in ms */
async function conclude(t: TestContext, { checker, crowd }: Stage): Promise<Counts & { readonly drained: number }> {
  await crowd.stop();
  const before = performance.now();
  await checker.until(() => checker.isOver, DRAINED);
  crowd.hear();
  const drained = Math.round(performance.now() - before);
  const counts = checker.counts();
  t.diagnostic(`seed ${SEED}`);
  for (const line of table(checker.sent, counts).split('\n')) t.diagnostic(line);
  return { ...counts, drained };
}

/** What every run must keep, whatever breaks. */
function assertSound({ lost, unknown, inverted, resent, phantom }: Counts): void {
  assert.deepEqual(
    { lost, unknown, inverted, resent, phantom },
    { lost: 0, unknown: 0, inverted: 0, resent: 0, phantom: 0 },
  );
}

/** How a service is not well. */
interface Outage {
  readonly senders: number;
  begin(stage: Stage): Promise<void> | void;
  end(stage: Stage): Promise<void> | void;
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  'is away for two seconds': {
    senders: 10,
    begin: ({ receiver }) => receiver.leave(),
    end: ({ receiver }) => receiver.listen(),
  },
  'answers 503 for two seconds': {
    senders: 10,
    begin: ({ receiver }) => {
      receiver.answer = () => ({ status: 503 });
    },
    end: ({ receiver, checker }) => {
      receiver.answer = call => accept(checker, call);
    },
  },
  'takes up to 200 ms for each call': {
    senders: 50,
    begin: ({ receiver, checker }) => {
      const random = chance(SEED);
      receiver.answer = async call => {
        await new Promise(resolve => setTimeout(resolve, random() * 200));
        return accept(checker, call);
      };
    },
    end: () => {},
  },
};

describe(`a service that is not well, under ${RATE} messages a second`, { timeout: 600_000 * Math.ceil(CASES) }, () => {
  for (const [what, { senders, begin, end }] of Object.entries(OUTAGES)) {
    it(`gets all of ${MESSAGES} messages, each sender's in order, when it ${what}`, async t => {
      await using run = await stage(prosodyPlace, senders);
      run.crowd.start();
      await run.crowd.more(MESSAGES / 3);
      await begin(run);
      await run.crowd.more(2 * RATE);
      await end(run);
      const back = performance.now();
      await run.crowd.more(Math.max(1, MESSAGES - run.checker.sent - senders));
      const result = await conclude(t, run);
      t.diagnostic(
        `all told ${Math.round(performance.now() - back)} ms after its end, ${result.drained} ms after the last message`,
      );
      assertSound(result);
      assert.equal(result.ok, run.checker.sent);
    });
  }
});

/** Kills the gateway again and again, each time after it was online for a while; the last one lives. */
async function killOften({ crowd, gateway, again }: Stage): Promise<Gateway> {
  const random = chance(SEED);
  let running = gateway;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await crowd.more(Math.floor(RATE * (0.2 + random())));
    await running.kill();
    const starting = again();
    await crowd.more(RATE / 2);
    // However long the start takes on this machine, no more than that waits for it.
    crowd.pause();
    running = await starting;
    crowd.start();
    crowd.hear();
  }
  return running;
}

/** The ids of all stanzas that the gateway has kept, as it tells those who read its events. */
async function keptBy(url: string, { owner }: Place): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after = 0; ; ) {
    const response = await fetch(`${url}/events?after=${after}&limit=1000`, {
      headers: { authorization: basic(owner) },
    });
    const { events, last } = JSON.parse(await response.text());
    if (events.length === 0) return ids;
    for (const { stanza } of events) if (stanza.kind === 'message') ids.push(stanza.id);
    after = last;
  }
}

describe(`a gateway that is killed ${KILLS} times under ${RATE} messages a second`, {
  timeout: 600_000 * Math.ceil(CASES),
}, () => {
  it('tells of all that it has kept, as a component', async t => {
    await using run = await stage(prosodyPlace, SENDERS);
    const { checker, crowd, place } = run;
    crowd.start();
    const running = await killOften(run);
    const result = await conclude(t, run);
    const kept = await keptBy(running.url, place);
    const { lost, inverted, resent, phantom, repeated } = result;
    t.diagnostic(
      `${kept.length} kept; ${lost} were on their way to the gateway when it was killed, which XEP-0114 cannot tell`,
    );
    assert.deepEqual(
      kept.filter(id => !checker.hasCome(id)),
      [],
    );
    assert.equal(new Set(kept).size, kept.length);
    assert.deepEqual({ inverted, resent, phantom }, { inverted: 0, resent: 0, phantom: 0 });
    assert.ok(repeated <= WINDOW, `${repeated} calls were repeated`);
  });

  it('tells of everything, as an account of a server with XEP-0198 and an archive', async t => {
    await using run = await stage(prosodyAccountPlace, SENDERS);
    run.crowd.start();
    await killOften(run);
    const result = await conclude(t, run);
    assertSound(result);
    assert.equal(result.refused, 0);
    assert.ok(result.repeated <= WINDOW, `${result.repeated} calls were repeated`);
  });
});

/**
 * How many guesses there are, for whom, and who is not disturbed by them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, RestanzaError } from '../errors.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Credentials, Guessable } from './principal.ts';
import { Throttle, throttled } from './throttle.ts';

const LIMITS = { pair: 10, client: 100, account: 100, time: 60_000, keys: 10_000 };

/** A throttle at a time that the test sets. */
function throttleAt(limits: Partial<typeof LIMITS> = {}) {
  const clock = { now: 0 };
  return { clock, throttle: new Throttle({ ...LIMITS, ...limits }, () => clock.now) };
}

/** One failed login; whether it was tried. */
function fail(throttle: Throttle, account: string, address: string): boolean {
  try {
    throttle.begin(account, address).wrong();
    return true;
  } catch (error) {
    assert.ok(error instanceof RestanzaError && error.code === 'too-many-failures');
    return false;
  }
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

test('ten failures are taken in a minute, and the eleventh is told how long to wait', () => {
  const { clock, throttle } = throttleAt();
  for (const index of times(10)) {
    clock.now = index * 1000;
    assert.ok(fail(throttle, 'alice', '192.0.2.1'));
  }
  assert.throws(() => throttle.begin('alice', '192.0.2.1'), { code: 'too-many-failures', retryAfter: 51 });
  clock.now = 59_999;
  assert.throws(() => throttle.begin('alice', '192.0.2.1'), { retryAfter: 1 });
  clock.now = 60_000;
  assert.ok(fail(throttle, 'alice', '192.0.2.1'));
  assert.ok(!fail(throttle, 'alice', '192.0.2.1'));
});

test('what succeeds or is not tried takes no place, and forgives nothing', () => {
  const { throttle } = throttleAt();
  for (const _ of times(9)) assert.ok(fail(throttle, 'alice', '192.0.2.1'));
  for (const _ of times(50)) throttle.begin('alice', '192.0.2.1').right();
  for (const _ of times(50)) throttle.begin('alice', '192.0.2.1').untried();
  assert.ok(fail(throttle, 'alice', '192.0.2.1'));
  assert.ok(!fail(throttle, 'alice', '192.0.2.1'));
});

test('another account, and the same one from elsewhere, are not touched', () => {
  const { throttle } = throttleAt();
  for (const _ of times(1_000)) fail(throttle, 'alice', '192.0.2.1');
  throttle.begin('bob', '192.0.2.1').right();
  throttle.begin('alice', '192.0.2.2').right();
});

test('an IPv6 client has one bound for its whole network', () => {
  const { throttle } = throttleAt();
  const tried = times(1_000).filter(index => fail(throttle, 'alice', `2001:db8::${index.toString(16)}`));
  assert.equal(tried.length, 10);
});

test('a client has a hundred failures over all accounts', () => {
  const { throttle } = throttleAt();
  const tried = times(10_000).filter(index => fail(throttle, `user${index}`, '192.0.2.1'));
  assert.equal(tried.length, 100);
  throttle.begin('alice', '192.0.2.2').right();
});

test('an account has a hundred failures over all clients, and who got in before still gets in', () => {
  const { throttle } = throttleAt();
  throttle.begin('alice', '198.51.100.1').right();
  const tried = times(10_000).filter(index => fail(throttle, 'alice', `10.0.${index % 50}.1`));
  assert.equal(tried.length, 100);
  assert.throws(() => throttle.begin('alice', '198.51.100.2'), { code: 'too-many-failures' });
  throttle.begin('alice', '198.51.100.1').right();
});

test('who got in before is not kept out by others at his address who guess at other accounts', () => {
  const { throttle } = throttleAt();
  throttle.begin('alice', '192.0.2.1').right();
  for (const index of times(1_000)) fail(throttle, `user${index}`, '192.0.2.1');
  throttle.begin('alice', '192.0.2.1').right();
  assert.equal(times(100).filter(() => fail(throttle, 'alice', '192.0.2.1')).length, 10);
});

test('attempts that are under way take their places, and the wait for them is short', () => {
  const { throttle } = throttleAt();
  const [first, ...others] = times(10).map(() => throttle.begin('alice', '192.0.2.1'));
  assert.throws(() => throttle.begin('alice', '192.0.2.1'), { code: 'too-many-failures', retryAfter: 1 });
  for (const trial of others) trial.wrong();
  assert.throws(() => throttle.begin('alice', '192.0.2.1'), { retryAfter: 1 });
  first?.right();
  assert.ok(fail(throttle, 'alice', '192.0.2.1'));
  assert.throws(() => throttle.begin('alice', '192.0.2.1'), { retryAfter: 60 });
});

test('in no minute do more fail than the bounds allow, whatever comes in which order', () => {
  const step = fc.record({
    pause: fc.integer({ min: 0, max: 30 }),
    account: fc.constantFrom('alice', 'bob', 'carol'),
    client: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
    outcome: fc.constantFrom('wrong', 'wrong', 'wrong', 'untried'),
  });
  const limits = { pair: 3, client: 5, account: 6, time: 100, keys: 100 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), steps => {
      const { clock, throttle } = throttleAt(limits);
      const failed: { at: number; account: string; client: string; pair: string }[] = [];
      for (const { pause, account, client, outcome } of steps) {
        clock.now += pause;
        const allowed = (['pair', 'client', 'account'] as const).every(by => {
          const own = { account, client, pair: account + client }[by];
          const recent = failed.filter(other => other[by] === own && other.at > clock.now - limits.time);
          return recent.length < limits[by];
        });
        if (!allowed) assert.throws(() => throttle.begin(account, client), { code: 'too-many-failures' });
        else throttle.begin(account, client)[outcome]();
        if (allowed && outcome === 'wrong') failed.push({ at: clock.now, account, client, pair: account + client });
      }
    }),
  );
});

test('memory is bounded whatever names and addresses come', () => {
  const { throttle } = throttleAt({ keys: 1_000 });
  for (let index = 0; index < 100_000; index += 1) {
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
    const trial = throttle.begin(`user${index}`, address);
    if (index % 2 === 0) trial.wrong();
    else trial.right();
  }
  assert.ok(throttle.size <= 4_000, String(throttle.size));
});

/** An authenticator that takes the authorization `right`, and answers when the test says so. */
function slow() {
  const asked: string[] = [];
  const gate = Promise.withResolvers<void>();
  const authenticator: Guessable = {
    challenge: 'Basic',
    claimOf: ({ authorization = '' }) => ({
      account: 'alice',
      async check() {
        asked.push(authorization);
        await gate.promise;
        if (authorization === 'right') return { address: parseJid('alice@one.example') };
        throw new RestanzaError(authorization === 'busy' ? 'too-many-waiting' : 'credentials-rejected');
      },
    }),
  };
  return { asked, answer: gate.resolve, door: throttled(authenticator, throttleAt().throttle) };
}

const credentials = (authorization: string, address = '192.0.2.1'): Credentials => {
  return { authorization, address, hostname: undefined };
};

/** The codes of the errors that attempts ended with, counted; `in` for those that got in. */
async function outcomes(attempts: readonly Promise<unknown>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(attempts)) {
    const outcome: ErrorCode | 'in' = result.status === 'fulfilled' ? 'in' : result.reason.code;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

test('of many guesses at the same time ten are tried', async () => {
  const { asked, answer, door } = slow();
  const attempts = times(500).map(index => door.authenticate(credentials(`guess ${index}`)));
  answer();
  assert.deepEqual(await outcomes(attempts), { 'credentials-rejected': 10, 'too-many-failures': 490 });
  assert.equal(asked.length, 10);
});

test('of one guess made many times at the same time ten are tried', async () => {
  const { asked, answer, door } = slow();
  const attempts = times(500).map(() => door.authenticate(credentials('guess')));
  answer();
  assert.deepEqual(await outcomes(attempts), { 'credentials-rejected': 10, 'too-many-failures': 490 });
  assert.equal(asked.length, 10);
});

test('right credentials that come many times at once all get in', async () => {
  const { asked, answer, door } = slow();
  const attempts = times(500).map(() => door.authenticate(credentials('right')));
  answer();
  assert.deepEqual(await outcomes(attempts), { in: 500 });
  assert.equal(asked.length, 1);
});

test('credentials that could not be checked are no failures', async () => {
  const { answer, door } = slow();
  answer();
  for (const _ of times(100)) {
    await assert.rejects(door.authenticate(credentials('busy')), { code: 'too-many-waiting' });
  }
  await door.authenticate(credentials('right'));
});

test('right credentials are refused over the bound, and taken elsewhere', async () => {
  const { asked, answer, door } = slow();
  answer();
  for (const index of times(10)) {
    await assert.rejects(door.authenticate(credentials(`guess ${index}`)), { code: 'credentials-rejected' });
  }
  await assert.rejects(door.authenticate(credentials('right')), { code: 'too-many-failures' });
  assert.equal(asked.length, 10);
  await door.authenticate(credentials('right', '192.0.2.2'));
});

/**
 * When a call is made again (Standard Webhooks 1.0), and when all calls of a target wait.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FaultName } from './call-fault.ts';
import type { CallResult } from './exchange.ts';
import { allowance, HEALTHY, type Health, healthAfter } from './health.ts';
import { judge, LIFETIME, SCHEDULE, type Trial } from './policy.ts';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

const answer = (status: number, retryAfter?: string): CallResult => ({
  name: 'answer',
  status,
  ...(retryAfter !== undefined && { retryAfter }),
  body: new Uint8Array(),
});
const fault = (name: FaultName): CallResult => ({ name: 'fault', fault: name, text: '' });
const trial = (values: Partial<Trial> = {}): Trial => ({ tries: 0, since: 0, now: 0, random: 0, ...values });

describe('the verdict', () => {
  const DONE = [200, 201, 202, 204, 299, 400, 401, 403, 404, 405, 409, 410, 415, 422, 451, 499, 501, 505];
  for (const status of DONE) {
    test(`on ${status} is final at once`, () =>
      assert.equal(judge(answer(status), 'retry', trial(), HEALTHY).name, 'done'));
  }

  for (const status of [301, 302, 307, 408, 425, 500, 507, 511, 599, 100, 999]) {
    test(`on ${status} is another try in 5 s`, () =>
      assert.deepEqual(judge(answer(status), 'retry', trial(), HEALTHY), { name: 'retry', at: 5 * SECOND }));
  }

  for (const result of [answer(500), answer(503), answer(302), fault('refused'), fault('timeout')]) {
    test(`of bounce gives up at once: ${JSON.stringify(result)}`, () =>
      assert.equal(judge(result, 'bounce', trial(), HEALTHY).name, 'dead'));
  }

  test('of a call that we ended ourselves is another try, also where there is only one', () => {
    for (const delivery of ['retry', 'bounce'] as const) {
      const verdict = judge(fault('stopped'), delivery, trial({ now: 7 }), HEALTHY);
      assert.deepEqual(verdict, { name: 'retry', at: 7 });
    }
    assert.equal(healthAfter(HEALTHY, fault('stopped'), { began: 0, now: 1, random: 0 }), HEALTHY);
  });

  test('follows the schedule, ten tries in all', () => {
    const waits: number[] = [];
    for (let now = 0, tries = 0; ; tries += 1) {
      const verdict = judge(answer(500), 'retry', trial({ tries, now }), HEALTHY);
      if (verdict.name !== 'retry') {
        assert.equal(verdict.name, 'dead');
        break;
      }
      waits.push(verdict.at - now);
      now = verdict.at;
    }
    const schedule = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...[2, 5, 10, 14, 20, 24].map(hours => hours * HOUR)];
    assert.deepEqual(waits, schedule);
    assert.equal(LIFETIME, 75 * HOUR + 35 * MINUTE + 5 * SECOND);
  });

  test('waits longer by chance, at most a fifth', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (tries, random) => {
        const now = LIFETIME;
        const verdict = judge(answer(500), 'retry', trial({ tries, now, random }), HEALTHY);
        const step = SCHEDULE[tries + 1] ?? 0;
        assert.ok(verdict.name === 'retry');
        assert.ok(verdict.at >= now + step && verdict.at <= now + step * 1.2 + 1);
      }),
    );
    assert.deepEqual(judge(answer(500), 'retry', trial({ random: 0.5 }), HEALTHY), { name: 'retry', at: 5_500 });
  });

  test('lets the receiver ask for more time, not for less', () => {
    const at = (retryAfter: string) => judge(answer(500, retryAfter), 'retry', trial(), HEALTHY);
    assert.deepEqual(at('60'), { name: 'retry', at: MINUTE });
    assert.deepEqual(at('1'), { name: 'retry', at: 5 * SECOND });
    assert.deepEqual(at('9999999'), { name: 'retry', at: 24 * HOUR });
  });

  test('starts the schedule anew for what was never tried in a long outage', () => {
    const late = trial({ since: 0, now: 100 * HOUR });
    assert.deepEqual(judge(answer(500), 'retry', late, HEALTHY), { name: 'retry', at: late.now + 5 * SECOND });
  });

  test('does not count the probes of an outage as steps', () => {
    const probed = trial({ tries: 50, since: 0, now: 10 * MINUTE });
    assert.deepEqual(judge(answer(500), 'retry', probed, HEALTHY), { name: 'retry', at: 40 * MINUTE });
  });

  test('waits with the target while the receiver is not well, and gives up after three days', () => {
    const health: Health = { name: 'paused', failures: 1, since: 0, until: 700 };
    for (const result of [fault('refused'), fault('unresolved'), answer(503), answer(429)]) {
      assert.deepEqual(judge(result, 'retry', trial({ tries: 40 }), health), { name: 'retry', at: 700 });
      assert.equal(judge(result, 'retry', trial({ now: LIFETIME }), health).name, 'dead');
    }
  });

  test('sends a stanza that may itself end its receiver back to the schedule', () => {
    const health: Health = { name: 'paused', failures: 1, since: 0, until: 700 };
    for (const result of [fault('reset'), fault('timeout'), answer(502), answer(504)]) {
      assert.deepEqual(judge(result, 'retry', trial({ tries: 2, now: 10 }), health), { name: 'retry', at: 700 });
      const again = judge(result, 'retry', trial({ tries: 3, now: MINUTE }), health);
      assert.deepEqual(again, { name: 'retry', at: MINUTE + 5 * MINUTE });
      const long = judge(result, 'retry', trial({ tries: 3, now: MINUTE }), { ...health, until: HOUR });
      assert.deepEqual(long, { name: 'retry', at: HOUR });
    }
  });
});

describe('a target', () => {
  const after = (health: Health, result: CallResult, began: number, now: number) =>
    healthAfter(health, result, { began, now, random: 0.5 });

  test('that is well takes as many calls as it may', () => {
    assert.equal(allowance(HEALTHY, 0, 10, 32), 22);
    assert.equal(allowance(HEALTHY, 0, 40, 32), 0);
  });

  test('that is not well pauses, then takes one call', () => {
    const paused = after(HEALTHY, fault('refused'), 0, 100);
    assert.deepEqual(paused, { name: 'paused', failures: 1, since: 100, until: 850 });
    assert.equal(allowance(paused, 849, 0, 32), 0);
    assert.equal(allowance(paused, 850, 0, 32), 1);
    assert.equal(allowance(paused, 850, 1, 32), 0);
  });

  test('pauses twice as long after each probe, at most a minute', () => {
    const pauses: number[] = [];
    let health = HEALTHY;
    for (let now = 0; pauses.length < 9; ) {
      health = after(health, fault('refused'), now, now);
      assert.ok(health.name === 'paused');
      pauses.push(health.until - now);
      now = health.until;
    }
    assert.deepEqual(pauses, [750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]);
  });

  test('does not pause longer because many calls ended by one outage', () => {
    const paused = after(HEALTHY, fault('reset'), 0, 100);
    assert.deepEqual(after(paused, fault('reset'), 50, 110), paused);
    assert.deepEqual(after(paused, fault('refused'), 100, 100), paused);
    assert.deepEqual(after(paused, answer(503, '30'), 50, 110), { ...paused, until: 110 + 30 * SECOND });
  });

  test('is well with its first good answer, or its first own mistake', () => {
    const paused = after(HEALTHY, answer(503), 0, 100);
    for (const status of [202, 404, 500]) assert.equal(after(paused, answer(status), 900, 950), HEALTHY);
  });

  test('may say when to come back, in time or date, a day at most', () => {
    const until = (result: CallResult) => {
      const health = after(HEALTHY, result, 0, 0);
      return health.name === 'paused' && health.until;
    };
    assert.equal(until(answer(429, '30')), 30 * SECOND);
    assert.equal(until(answer(503, 'Thu, 01 Jan 1970 00:01:00 GMT')), MINUTE);
    assert.equal(until(answer(503, '9999999')), 24 * HOUR);
    assert.equal(until(answer(503, '0')), 750);
  });

  test('that is gone takes no calls, whatever late answers say', () => {
    const gone = after(HEALTHY, answer(410), 0, 100);
    assert.deepEqual(gone, { name: 'disabled' });
    assert.equal(after(gone, answer(200), 50, 110), gone);
    assert.equal(allowance(gone, 24 * HOUR, 0, 32), 0);
  });
});

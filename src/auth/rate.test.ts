/**
 * How many requests a key gets, and how much is kept of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJid } from '../xmpp/jid.ts';
import type { Principal } from './principal.ts';
import { limitedByToken, RateLimit } from './rate.ts';

/** A limit of four in a second, eight at once, at a time that the test sets. */
function limited(keys = 10) {
  const clock = { now: 0 };
  return { clock, limit: new RateLimit({ perSecond: 4, burst: 8, keys }, () => clock.now) };
}

test('after a rest there is a burst, then the rate, and the wait is told', () => {
  const { clock, limit } = limited();
  for (let request = 0; request < 8; request += 1) assert.equal(limit.take('alice'), 0);
  assert.equal(limit.take('alice'), 0.25);
  clock.now = 249;
  assert.equal(limit.take('alice'), 0.001);
  clock.now = 250;
  assert.equal(limit.take('alice'), 0);
  assert.equal(limit.take('alice'), 0.25);
  clock.now = 1_000_000;
  for (let request = 0; request < 8; request += 1) assert.equal(limit.take('alice'), 0);
  assert.notEqual(limit.take('alice'), 0);
});

test('what is refused uses nothing up', () => {
  const { clock, limit } = limited();
  for (let request = 0; request < 1_000; request += 1) limit.take('alice');
  clock.now = 250;
  assert.equal(limit.take('alice'), 0);
});

test('one who asks too much takes nothing from another', () => {
  const { limit } = limited();
  for (let request = 0; request < 1_000; request += 1) limit.take('alice');
  assert.equal(limit.take('bob'), 0);
});

test('in no stretch of time are there more than the burst and the rate', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(pauses, waits => {
      const { clock, limit } = limited();
      const granted: number[] = [];
      for (const pause of waits) {
        clock.now += pause;
        if (limit.take('alice') === 0) granted.push(clock.now);
      }
      for (const [first, start] of granted.entries()) {
        for (const [last, end] of granted.entries()) {
          if (last >= first) assert.ok(last - first + 1 <= 8 + ((end - start) / 1000) * 4);
        }
      }
    }),
  );
});

test('no more keys are kept than the bound', () => {
  const { limit } = limited(100);
  for (let name = 0; name < 100_000; name += 1) limit.take(`user${name}`);
  assert.equal(limit.size, 100);
});

test('a token with a rate is held to it, whoever else has the same address', async () => {
  const time = { now: 0 };
  const address = parseJid('alice@one.example');
  const come: Principal[] = [];
  const authenticator = limitedByToken(
    { challenge: '', authenticate: async () => come.shift() ?? { address } },
    () => time.now,
  );
  const request = (id: string | undefined, rate?: number) => {
    const token = id === undefined ? undefined : { kind: 'api' as const, id, ...(rate !== undefined && { rate }) };
    come.push({ address, ...(token !== undefined && { token }) });
    return authenticator.authenticate({ authorization: undefined, hostname: undefined, address: '192.0.2.1' });
  };
  for (let count = 0; count < 10; count += 1) await request('slow', 2);
  await assert.rejects(request('slow', 2), { code: 'too-many-requests', retryAfter: 0.5 });
  for (let count = 0; count < 50; count += 1)
    await Promise.all([request('other', 100), request('free'), request(undefined)]);
  time.now += 500;
  await request('slow', 2);
  await assert.rejects(request('slow', 2), { code: 'too-many-requests' });
});

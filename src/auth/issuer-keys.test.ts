/**
 * When the keys of an issuer are had, and what happens when they cannot be.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { type IssuerKey, keySet, makeKey, openKeyPlace } from '../../test/support/token-issuer.ts';
import { IssuerKeys, KeysUnavailable, keysAt, keysIn } from './issuer-keys.ts';
import { explainKeysFault } from './issuer-keys-fault.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const [FIRST, SECOND] = await Promise.all([makeKey('ES256', 'first'), makeKey('ES256', 'second')]);
const headerOf = ({ alg, kid }: IssuerKey) => ({ alg, kid });
const WARNING = 'the keys of an issuer of tokens cannot be had';
const warned = (log: MemoryLog) => log.with(WARNING).length;

/** Keys at a place, on a clock of their own. */
async function placed(t: TestContext, keys: readonly IssuerKey[]) {
  const place = await openKeyPlace(keys);
  t.after(() => place[Symbol.asyncDispose]());
  const [log, time] = [new MemoryLog(), { now: 0 }];
  return { place, log, time, keys: new IssuerKeys(keysAt(place.url), log, () => time.now) };
}

test('keys are had once in an hour, and not before anyone needs them', async t => {
  const { place, keys, time } = await placed(t, [FIRST]);
  assert.equal(place.asked, 0);
  for (let count = 0; count < 5; count += 1) await keys.find(headerOf(FIRST));
  assert.equal(place.asked, 1);
  time.now += HOUR + 1;
  await keys.find(headerOf(FIRST));
  assert.equal(place.asked, 2);
});

test('who needs them at the same time waits for one answer', async t => {
  const { place, keys } = await placed(t, [FIRST]);
  await Promise.all(Array.from({ length: 20 }, () => keys.find(headerOf(FIRST))));
  assert.equal(place.asked, 1);
});

test('for a key that is not among them they are had anew, but at most once a minute', async t => {
  const { place, keys, time } = await placed(t, [FIRST]);
  await keys.find(headerOf(FIRST));
  place.answer(keySet([FIRST, SECOND]));
  await assert.rejects(keys.find(headerOf(SECOND)), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.equal(place.asked, 1);
  time.now += MINUTE;
  await keys.find(headerOf(SECOND));
  assert.equal(place.asked, 2);
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(keys.find({ alg: 'ES256', kid: `made up ${count}` }), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  }
  assert.equal(place.asked, 2);
});

test('a key that the issuer takes out is refused when the keys are had again', async t => {
  const { place, keys, time } = await placed(t, [FIRST, SECOND]);
  await keys.find(headerOf(FIRST));
  place.answer(keySet([SECOND]));
  time.now += HOUR + 1;
  await assert.rejects(keys.find(headerOf(FIRST)), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('while they cannot be had, those that are known do for a day', async t => {
  const { place, keys, time, log } = await placed(t, [FIRST]);
  await keys.find(headerOf(FIRST));
  place.answer('', 500);
  time.now += 23 * HOUR;
  await keys.find(headerOf(FIRST));
  assert.equal(warned(log), 1);
  time.now += HOUR + 1;
  await assert.rejects(keys.find(headerOf(FIRST)), KeysUnavailable);
});

test('where there were none ever, it is tried again after five seconds', async t => {
  const { place, keys, time } = await placed(t, [FIRST]);
  place.answer('', 503);
  for (let count = 0; count < 5; count += 1) await assert.rejects(keys.find(headerOf(FIRST)), KeysUnavailable);
  assert.equal(place.asked, 1);
  place.answer(keySet([FIRST]));
  time.now += 5_000;
  await keys.find(headerOf(FIRST));
  assert.equal(place.asked, 2);
});

interface Hostile {
  readonly answer: readonly [body: string, status?: number, headers?: Record<string, string>];
  readonly reason: string;
}

const NO_SET = 'what is there is no key set: it has no array «keys»';
const HOSTILE: Readonly<Record<string, Hostile>> = {
  'no JSON': { answer: ['<html>'], reason: 'what is there is no JSON' },
  'no key set': { answer: ['{"keys":{}}'], reason: NO_SET },
  'a list': { answer: ['[]'], reason: NO_SET },
  null: { answer: ['null'], reason: NO_SET },
  'more than is read': {
    answer: [`{"keys":[],"x":"${'x'.repeat(300_000)}"}`],
    reason: 'the key set has more than 262144 bytes',
  },
  'a redirect': {
    answer: ['', 302, { location: 'http://127.0.0.1:9/' }],
    reason: 'it redirects; set the address that it leads to',
  },
  'not found': { answer: ['{"keys":[]}', 404], reason: 'it answers 404' },
};

for (const [what, { answer, reason }] of Object.entries(HOSTILE)) {
  test(`${what} gives no keys, and the log says why in a few words`, async t => {
    const { place, keys, log } = await placed(t, [FIRST]);
    place.answer(...answer);
    await assert.rejects(keys.find(headerOf(FIRST)), KeysUnavailable);
    assert.deepEqual(log.lines, [{ level: 'warn', message: WARNING, reason }]);
  });
}

test('where nothing listens, the log says so', async t => {
  const { place, keys, log } = await placed(t, [FIRST]);
  await place[Symbol.asyncDispose]();
  await assert.rejects(keys.find(headerOf(FIRST)), KeysUnavailable);
  assert.deepEqual(log.with(WARNING)[0]?.['reason'], 'the connection is refused; nothing listens there');
});

test('a name without address is told from one that cannot be resolved at the moment', () => {
  const wrapped = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
  assert.equal(explainKeysFault(wrapped('ENOTFOUND')), 'its name has no address');
  assert.equal(explainKeysFault(wrapped('EAI_AGAIN')), 'its name cannot be resolved at the moment');
});

test('a secret among the keys is none of them', async t => {
  const { place, keys } = await placed(t, [FIRST]);
  place.answer(JSON.stringify({ keys: [{ kty: 'oct', kid: 'shared', k: 'c2VjcmV0' }, null, 'x', FIRST.jwk] }));
  await keys.find(headerOf(FIRST));
  await assert.rejects(keys.find({ alg: 'HS256', kid: 'shared' }));
});

test('keys are had from a file too', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const file = await folder.write('keys.json', keySet([FIRST]));
  const time = { now: 0 };
  const keys = new IssuerKeys(keysIn(file), new MemoryLog(), () => time.now);
  await keys.find(headerOf(FIRST));
  await folder.write('keys.json', keySet([SECOND]));
  time.now += MINUTE;
  await keys.find(headerOf(SECOND));
  const log = new MemoryLog();
  const nowhere = new IssuerKeys(keysIn(join(folder.path, 'none.json')), log);
  await assert.rejects(nowhere.find(headerOf(FIRST)), KeysUnavailable);
  assert.equal(log.with(WARNING)[0]?.['reason'], 'there is no such file');
});

/**
 * What is remembered of credentials, and for how long.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../xmpp/jid.ts';
import { remembering } from './remember.ts';

const ALICE = { address: parseJid('alice@example.org') };

/** A verifier that takes one password, counts how often it is asked, and can be told to take another. */
function verifier() {
  const state = { asked: 0, password: 'right' };
  const verify = async (_name: string, password: string) => {
    state.asked += 1;
    return password === state.password ? ALICE : undefined;
  };
  return { state, verify };
}

test('right credentials are checked once, even by requests that come together', async () => {
  const { state, verify } = verifier();
  const remembered = remembering(verify);
  const together = await Promise.all(Array.from({ length: 50 }, () => remembered('alice', 'right')));
  assert.deepEqual(new Set(together), new Set([ALICE]));
  await remembered('alice', 'right');
  assert.equal(state.asked, 1);
});

test('wrong credentials are checked each time', async () => {
  const { state, verify } = verifier();
  const remembered = remembering(verify);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    assert.equal(await remembered('alice', 'wrong'), undefined);
    assert.equal(state.asked, attempt);
  }
});

test('a check that failed is not remembered', async () => {
  const answers = [() => Promise.reject(new Error('busy')), async () => ALICE];
  const remembered = remembering(() => answers.shift()?.() ?? Promise.resolve(undefined));
  await assert.rejects(remembered('alice', 'x'), { message: 'busy' });
  assert.equal(await remembered('alice', 'x'), ALICE);
});

test('a changed password is noticed when the time is over', async () => {
  const { state, verify } = verifier();
  let now = 0;
  const remembered = remembering(verify, { size: 10, time: 100 }, () => now);
  await remembered('alice', 'right');
  state.password = 'new';
  now = 99;
  assert.equal(await remembered('alice', 'right'), ALICE);
  now = 100;
  assert.equal(await remembered('alice', 'right'), undefined);
});

test('name and password are not mixed up', async () => {
  const remembered = remembering(async (name, password) => (name === 'a' && password === 'bc' ? ALICE : undefined));
  assert.equal(await remembered('a', 'bc'), ALICE);
  assert.equal(await remembered('ab', 'c'), undefined);
});

test('no more are kept than the size allows', async () => {
  let asked = 0;
  const remembered = remembering(
    async () => {
      asked += 1;
      return ALICE;
    },
    { size: 2, time: 1_000 },
    () => 0,
  );
  for (const name of ['a', 'b', 'c', 'b', 'c', 'a']) await remembered(name, 'x');
  assert.equal(asked, 4);
});

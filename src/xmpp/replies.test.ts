/**
 * Matching answers to requests, and answers that somebody forged.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from './jid.ts';
import { Replies } from './replies.ts';
import { type Iq, newId, type Stanza } from './stanza.ts';

const own = parseJid('alice@example.org/rest');
const peer = parseJid('bob@example.org/phone');
const answer = (values: Partial<Iq> = {}): Stanza => ({
  kind: 'iq',
  type: 'result',
  id: 'i1',
  to: own,
  from: peer,
  payload: [],
  ...values,
});

test('a result from the peer with the id is the answer', async () => {
  const replies = new Replies(1);
  const { answer: waiting } = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  assert.equal(replies.settle(answer()), true);
  assert.deepEqual(await waiting, answer());
  assert.equal(replies.size, 0);
});

test('an error is an answer too', async () => {
  const replies = new Replies(1);
  const { answer: waiting } = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  replies.settle(answer({ type: 'error' }));
  assert.equal((await waiting).type, 'error');
});

const FORGED: readonly (readonly [string, Stanza])[] = [
  ['another sender', answer({ from: parseJid('mallory@example.org/phone') })],
  ['the bare address of the peer', answer({ from: parseJid('bob@example.org') })],
  ['another resource of the peer', answer({ from: parseJid('bob@example.org/desk') })],
  ['another receiver', answer({ to: parseJid('alice@example.org') })],
  ['another id', answer({ id: 'i2' })],
  ['a request with the same id', answer({ type: 'get' })],
  ['a set with the same id', answer({ type: 'set' })],
  ['a message with the same id', { kind: 'message', id: 'i1', to: own, from: peer, payload: [] }],
  ['a message error with the same id', { kind: 'message', type: 'error', id: 'i1', to: own, from: peer, payload: [] }],
  ['no sender', { kind: 'iq', type: 'result', id: 'i1', to: own, payload: [] }],
];

for (const [what, stanza] of FORGED) {
  test(`${what} is no answer`, () => {
    const replies = new Replies(1);
    replies.expect({ kind: 'iq', own, peer, id: 'i1' });
    assert.equal(replies.settle(stanza), false);
    assert.equal(replies.size, 1);
  });
}

test('the bounce of a message is its answer, and that of another kind is not', async () => {
  const replies = new Replies(1);
  const { answer: waiting } = replies.expect({ kind: 'message', own, peer, id: 'i1' });
  assert.equal(replies.settle(answer({ type: 'error' })), false);
  assert.equal(replies.settle({ kind: 'message', type: 'chat', id: 'i1', to: own, from: peer, payload: [] }), false);
  assert.equal(replies.settle({ kind: 'message', type: 'error', id: 'i1', to: own, from: peer, payload: [] }), true);
  assert.equal((await waiting).kind, 'message');
});

test('the second answer is nobody’s', async () => {
  const replies = new Replies(1);
  const { answer: waiting } = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  replies.settle(answer());
  await waiting;
  assert.equal(replies.settle(answer()), false);
});

test('the same request cannot wait twice', () => {
  const replies = new Replies(2);
  replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  assert.throws(() => replies.expect({ kind: 'iq', own, peer, id: 'i1' }), { reason: 'id-in-use' });
});

test('no more wait than the limit', () => {
  const replies = new Replies(1);
  replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  assert.throws(() => replies.expect({ kind: 'iq', own, peer, id: 'i2' }), { reason: 'too-many' });
});

test('giving up frees the entry', async () => {
  const replies = new Replies(1);
  const { answer: waiting, giveUp } = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  giveUp(new Error('enough'));
  await assert.rejects(waiting, { message: 'enough' });
  assert.equal(replies.size, 0);
});

test('giving up after the answer leaves alone who waits under the same id by then', async () => {
  const replies = new Replies(1);
  const first = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  replies.settle(answer());
  const second = replies.expect({ kind: 'iq', own, peer, id: 'i1' });
  first.giveUp(new Error('enough'));
  assert.deepEqual(await first.answer, answer());
  assert.equal(replies.settle(answer({ type: 'error' })), true);
  assert.equal((await second.answer).type, 'error');
});

test('all give up when the link falls', async () => {
  const replies = new Replies(3);
  const waiting = ['a', 'b', 'c'].map(id => replies.expect({ kind: 'iq', own, peer, id }).answer);
  replies.rejectAll(new Error('gone'));
  const results = await Promise.allSettled(waiting);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.equal(replies.size, 0);
});

test('ids have 128 random bits: no bit of 10,000 ids is biased, and none repeats', () => {
  const ids = Array.from({ length: 10_000 }, newId);
  assert.equal(new Set(ids).size, ids.length);
  const ones = ids.map(id =>
    Buffer.from(id, 'base64url').reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0),
  );
  const total = ones.reduce((sum, count) => sum + count, 0);
  // The monobit test of NIST SP 800-22: the sum of 1,280,000 fair bits stays within 5 deviations of its mean.
  assert.ok(Math.abs(total - 640_000) < 5 * Math.sqrt(320_000), `${total} of 1,280,000 bits are set`);
});

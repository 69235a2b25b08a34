/**
 * Who is let in with an API token.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RestanzaError } from '../errors.ts';
import { type Jid, parseJid } from '../xmpp/jid.ts';
import { apiTokens } from './api-tokens.ts';
import { TokenEnded } from './bearer.ts';
import { mayActAs, type Principal } from './principal.ts';
import { TokenStore } from './token-store.ts';
import { readTerms, type WrittenTerms } from './token-terms.ts';
import { API_TOKEN, makeTokenText } from './token-text.ts';

const HERE = { authorization: undefined, hostname: undefined, address: '192.0.2.1' };

/** Verifies tokens; nobody can act as `nobody@one.example`, and `bot@one.example` acts through a session. */
async function verifying(t: TestContext) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = stack.use(await Folder.make());
  const time = { now: Date.now() };
  const store = stack.use(TokenStore.open(join(folder.path, 'tokens.sqlite'), new MemoryLog(), () => time.now));
  const actingAs = (address: Jid) => {
    if (address === 'nobody@one.example') return undefined;
    if (address !== 'bot@one.example') return { address };
    return { address: parseJid('bot@one.example/home'), session: 'bot@one.example' };
  };
  const verifier = apiTokens(store, actingAs, () => time.now);
  const make = (written: Partial<WrittenTerms> = {}) =>
    store.create(readTerms({ jid: 'alice@one.example', scopes: ['send'], ...written }, time.now));
  return { store, time, verifier, make };
}

test('the bearer acts as the address of the token, with its scopes', async t => {
  const { verifier, make } = await verifying(t);
  const { token, record } = make({ rate: 3 });
  assert.ok(verifier.accepts(token, HERE));
  assert.deepEqual(await verifier.verify(token, HERE), {
    address: 'alice@one.example',
    scopes: new Set(['send']),
    token: { kind: 'api', id: record.id, rate: 3 },
  });
});

test('where an account has a session, the bearer has its address and no other', async t => {
  const { verifier, make } = await verifying(t);
  const principal = await verifier.verify(make({ jid: 'bot@one.example' }).token, HERE);
  assert.deepEqual([principal?.address, principal?.session], ['bot@one.example/home', 'bot@one.example']);
});

test('a token for a domain is for every address of it', async t => {
  const { verifier, make } = await verifying(t);
  const principal = await verifier.verify(make({ jid: '*@one.example' }).token, HERE);
  assert.ok(principal !== undefined);
  const may = (address: string) => mayActAs(principal, parseJid(address));
  assert.ok(['one.example', 'a@one.example', 'a@one.example/r', 'one.example/r'].every(may));
  assert.ok(!['a@two.example', 'two.example', 'a@x.one.example', 'example'].some(may));
});

test('who manages the whole gateway is at none of its hosts', async t => {
  const { verifier, make } = await verifying(t);
  const principal = await verifier.verify(make({ jid: '*', scopes: ['admin'] }).token, HERE);
  assert.deepEqual([principal?.address, principal?.pattern], ['gateway.invalid', '*']);
});

test('texts that are no tokens of ours are not even looked up', async t => {
  const { verifier, make } = await verifying(t);
  const { token } = make();
  for (const text of ['', 'rstz_', token.slice(0, -1), token.toLowerCase(), 'eyJhbGciOiJub25lIn0.e30.']) {
    assert.ok(!verifier.accepts(text, HERE), text);
  }
});

test('a token that was never made, one that was revoked and one that has ended are refused', async t => {
  const { verifier, make, store, time } = await verifying(t);
  const [revoked, ending] = [make(), make({ expires: '1m' })];
  store.revoke(revoked.record.id);
  time.now += 60_000;
  const isEnded = (error: unknown) => error instanceof TokenEnded;
  for (const { token } of [revoked, ending]) await assert.rejects(verifier.verify(token, HERE), isEnded);
  await assert.rejects(verifier.verify(makeTokenText(API_TOKEN), HERE), (error: unknown) => {
    return error instanceof RestanzaError && error.code === 'credentials-rejected' && !isEnded(error);
  });
});

test('a token is good from its networks alone', async t => {
  const { verifier, make, store } = await verifying(t);
  const { token, record } = make({ networks: ['10.0.0.0/8'] });
  await assert.rejects(verifier.verify(token, HERE), { code: 'address-forbidden' });
  assert.equal(store.find(record.id)?.used, undefined);
  const from = await verifier.verify(token, { ...HERE, address: '10.1.2.3' });
  assert.equal(from?.address, 'alice@one.example');
});

test('a token for whom nobody can act any more says so', async t => {
  const { verifier, make } = await verifying(t);
  const { token } = make({ jid: 'nobody@one.example' });
  await assert.rejects(verifier.verify(token, HERE), { code: 'from-forbidden' });
});

test('a token holds until it ends; of other principals nothing is said', async t => {
  const { verifier, make, store, time } = await verifying(t);
  const tokens = [make(), make({ expires: '1m' })];
  const principals = await Promise.all(tokens.map(({ token }) => verifier.verify(token, HERE)));
  const holds = () => principals.map(principal => principal && verifier.holds?.(principal));
  assert.deepEqual(holds(), [true, true]);
  store.revoke(tokens[0]?.record.id ?? '');
  assert.deepEqual(holds(), [false, true]);
  time.now += 60_000;
  assert.deepEqual(holds(), [false, false]);
  const other: Principal = { address: parseJid('a@b.example'), token: { kind: 'jwt', id: tokens[0]?.record.id ?? '' } };
  assert.equal(verifier.holds?.(other), true);
});

test('that a token was used is noted', async t => {
  const { verifier, make, store, time } = await verifying(t);
  const { token, record } = make();
  time.now += 5000;
  await verifier.verify(token, HERE);
  assert.equal(store.find(record.id)?.used, time.now);
});

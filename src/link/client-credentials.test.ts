/** What a link keeps of its logins, and for how long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { ClientCredential } from '../xmpp/sasl/client-exchange.ts';
import { Kdf } from '../xmpp/sasl/kdf.ts';
import { deriveKeys } from '../xmpp/sasl/scram-keys.ts';
import { ClientCredentials } from './client-credentials.ts';

const PASSWORD: ClientCredential = { kind: 'password', authcid: 'alice', password: 'wonderland' };
const MECHANISM = 'HT-SHA-256-EXPR';
const MINUTE = 60_000;

const token = (text: string, expiry?: number) => ({ token: text, mechanism: MECHANISM, expiry });

function keeping(credential = PASSWORD) {
  const clock = new ManualClock();
  const credentials = new ClientCredentials(credential, true, clock);
  return { clock, credentials, kept: () => credentials.secrets.token?.token };
}

test('the token that came last counts, until a login by other means brings none', () => {
  const { credentials, kept } = keeping();
  const left = { keys: undefined, token: undefined, byToken: true };
  assert.equal(kept(), undefined);
  credentials.learn({ ...left, token: token('one'), byToken: false });
  credentials.learn(left);
  assert.equal(kept(), 'one');
  credentials.learn({ ...left, token: token('two') });
  assert.equal(kept(), 'two');
  credentials.learn({ ...left, byToken: false });
  assert.equal(kept(), undefined);
});

test('a token is not used after its time, whatever the clock of the machine says by then', () => {
  const { clock, credentials, kept } = keeping();
  credentials.learn({ keys: undefined, token: token('one', Date.now() + MINUTE), byToken: false });
  clock.advance(MINUTE / 2);
  assert.equal(kept(), 'one');
  clock.advance(MINUTE / 2);
  assert.equal(kept(), undefined);
});

test('a token without a readable time is good until the server refuses it', () => {
  const { clock, credentials, kept } = keeping();
  credentials.learn({ keys: undefined, token: token('one'), byToken: false });
  clock.advance(1_000 * MINUTE);
  assert.equal(kept(), 'one');
  credentials.forget();
  assert.equal(kept(), undefined);
});

test('the credential stays beside the token, with the keys that it has left', async () => {
  const { credentials } = keeping();
  const keys = await deriveKeys(new Kdf(), 'wonderland', { hash: 'SHA-1', salt: Buffer.from('s'), iterations: 4096 });
  credentials.learn({ keys, token: token('one'), byToken: false });
  const fast = { kind: 'fast', mechanism: MECHANISM, token: 'one', authcid: 'alice' };
  assert.deepEqual(credentials.secrets, { credential: { ...PASSWORD, keys }, token: fast, asks: true });
  assert.equal(credentials.keys, keys);
});

test('no token is kept in the place of a bearer token', () => {
  const { credentials, kept } = keeping({ kind: 'token', token: 'bearer' });
  credentials.learn({ keys: undefined, token: token('one'), byToken: false });
  assert.equal(kept(), undefined);
});

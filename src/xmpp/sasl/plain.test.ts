/** RFC 4616: who is let in by PLAIN, and what it costs to be refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../jid.ts';
import type { Credentials } from './credentials.ts';
import type { Step } from './exchange.ts';
import { Kdf } from './kdf.ts';
import { mechanismNamed } from './mechanism.ts';
import { newAccountKeys } from './scram-keys.ts';

const DOMAIN = parseJid('example.net');

async function accounts(kdf = new Kdf()): Promise<Credentials> {
  const keys = await newAccountKeys(kdf, 'pencil');
  return { kdf, decoySecret: Buffer.alloc(32, 1), lookup: async name => (name === 'rené' ? keys : undefined) };
}

async function login(credentials: Credentials, message: string): Promise<Step> {
  const mechanism = mechanismNamed('PLAIN');
  assert.ok(mechanism?.clear);
  return mechanism.start({ domain: DOMAIN, credentials }).respond(Buffer.from(message));
}

test('the owner gets in, in any spelling of the name, and as himself', async () => {
  const credentials = await accounts();
  const messages = [
    '\0rené\0pencil',
    '\0RENE\u0301\0pencil',
    'rené@example.net\0René\0pencil',
    'RENÉ@EXAMPLE.net.\0rené\0pencil',
  ];
  for (const message of messages) {
    assert.deepEqual(await login(credentials, message), { kind: 'success', account: 'rené@example.net' });
  }
});

test('a wrong password, an unknown name and an impossible name look the same and cost the same', async () => {
  const kdf = new Kdf();
  const credentials = await accounts(kdf);
  const answers: Step[] = [];
  for (const name of ['rené', 'nobody', 'no body', 'a@b', '\u2163']) {
    const before = kdf.started;
    answers.push(await login(credentials, `\0${name}\0wrong`));
    assert.equal(kdf.started - before, 1, name);
  }
  assert.equal(new Set(answers.map(answer => JSON.stringify(answer))).size, 1);
  assert.equal(answers[0]?.kind === 'failure' && answers[0].condition, 'not-authorized');
});

test('a full line of passwords is a temporary failure, not a wrong password', async () => {
  const kdf = new Kdf(1, 0);
  const { lookup, decoySecret } = await accounts();
  const both = await Promise.all([1, 2].map(() => login({ kdf, lookup, decoySecret }, '\0rené\0pencil')));
  assert.equal(both[0]?.kind, 'success');
  assert.equal(both[1]?.kind === 'failure' && both[1].condition, 'temporary-auth-failure');
});

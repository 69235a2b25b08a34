/** RFC 5802 §5, RFC 7677 §3: the published exchanges byte for byte, and what holds of every exchange. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../jid.ts';
import type { Credentials } from './credentials.ts';
import type { Exchange, Step } from './exchange.ts';
import { Kdf } from './kdf.ts';
import { MECHANISMS, mechanismNamed } from './mechanism.ts';
import { type AccountKeys, clientProof, deriveKeys, newAccountKeys, type ScramHash } from './scram-keys.ts';

const DOMAIN = parseJid('example.net');

/** The example of an RFC: its user is `user`, with the password `pencil`. */
const PUBLISHED = [
  {
    hash: 'SHA-1',
    salt: 'QSXCR+Q6sek8bf92',
    nonce: '3rfcNHYJY1ZVvWVs7j',
    messages: [
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    ],
  },
  {
    hash: 'SHA-256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    messages: [
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    ],
  },
] as const;

/** Credentials of accounts whose keys are at hand. */
function credentials(accounts: ReadonlyMap<string, AccountKeys>, kdf = new Kdf()): Credentials {
  return { kdf, decoySecret: Buffer.alloc(32, 1), lookup: async localpart => accounts.get(localpart) };
}

function start(hash: ScramHash, accounts: Credentials, nonce?: () => string): Exchange {
  const mechanism = mechanismNamed(`SCRAM-${hash}`);
  assert.ok(mechanism);
  return mechanism.start({ domain: DOMAIN, credentials: accounts, ...(nonce && { nonce }) });
}

function textOf(step: Step): string {
  assert.notEqual(step.kind, 'failure');
  return 'data' in step && step.data !== undefined ? Buffer.from(step.data).toString() : '';
}

for (const { hash, salt, nonce, messages } of PUBLISHED) {
  test(`the exchange that the RFC publishes for ${hash} comes out byte for byte`, async () => {
    const kdf = new Kdf();
    const parameters = { salt: Buffer.from(salt, 'base64'), iterations: 4096 };
    const [sha1, sha256] = await Promise.all([
      deriveKeys(kdf, 'pencil', { hash: 'SHA-1', ...parameters }),
      deriveKeys(kdf, 'pencil', { hash: 'SHA-256', ...parameters }),
    ]);
    const accounts = credentials(new Map([['user', { 'SHA-1': sha1, 'SHA-256': sha256 }]]));
    const exchange = start(hash, accounts, () => nonce);
    const challenge = await exchange.respond(Buffer.from(messages[0]));
    assert.equal(challenge.kind, 'challenge');
    assert.equal(textOf(challenge), messages[1]);
    const success = await exchange.respond(Buffer.from(messages[2]));
    assert.equal(success.kind, 'success');
    assert.equal(textOf(success), messages[3]);
    assert.equal(success.kind === 'success' && success.account, 'user@example.net');
    const keys = { 'SHA-1': sha1, 'SHA-256': sha256 }[hash];
    const signed = `${messages[0].slice(3)},${messages[1]},${messages[2].replace(/,p=.*/, '')}`;
    assert.equal(Buffer.from(clientProof(keys, signed)).toString('base64'), messages[2].replace(/.*,p=/, ''));
  });
}

test('the first message may come late, after an empty challenge', async () => {
  for (const { name, start } of MECHANISMS) {
    const exchange = start({ domain: DOMAIN, credentials: credentials(new Map()) });
    assert.deepEqual(await exchange.respond(undefined), { kind: 'challenge', data: new Uint8Array() }, name);
    const first = name === 'PLAIN' ? '\0user\0pencil' : 'n,,n=user,r=abc';
    const step = await exchange.respond(Buffer.from(first));
    assert.equal(step.kind, name === 'PLAIN' ? 'failure' : 'challenge');
  }
});

test('nonces do not repeat, and hold no comma', async () => {
  const seen = new Set<string>();
  for (let count = 0; count < 1_000; count += 1) {
    const step = await start('SHA-256', credentials(new Map())).respond(Buffer.from('n,,n=user,r=abc'));
    const [nonce = ''] = textOf(step).split(',');
    assert.match(nonce, /^r=abc[A-Za-z0-9+/]{24}$/);
    seen.add(nonce);
  }
  assert.equal(seen.size, 1_000);
});

test('an unknown name gets the same challenge each time, in the form of a known one, and fails as a wrong password', async () => {
  const kdf = new Kdf();
  const known = credentials(new Map([['user', await newAccountKeys(kdf, 'pencil')]]), kdf);
  const spent = kdf.started;
  const challenges = new Map<string, Set<string>>();
  const failures: Step[] = [];
  for (const name of ['user', 'nobody', 'No body', 'nobody', 'user']) {
    const exchange = start('SHA-256', known, () => 'xyz');
    const text = textOf(await exchange.respond(Buffer.from(`n,,n=${name},r=abc`)));
    assert.match(text, /^r=abcxyz,s=[A-Za-z0-9+/]{22}==,i=10000$/);
    challenges.set(name, (challenges.get(name) ?? new Set()).add(text));
    failures.push(await exchange.respond(Buffer.from(`c=biws,r=abcxyz,p=${Buffer.alloc(32).toString('base64')}`)));
  }
  for (const [name, texts] of challenges) assert.equal(texts.size, 1, name);
  assert.equal(
    new Set([...challenges.values()].map(texts => [...texts][0])).size,
    3,
    'each name has a salt of its own',
  );
  assert.equal(new Set(failures.map(step => JSON.stringify(step))).size, 1);
  assert.equal(failures[0]?.kind === 'failure' && failures[0].condition, 'not-authorized');
  assert.equal(kdf.started, spent, 'SCRAM costs the server no derivation');
});

test('an exchange that is over takes nothing more', async () => {
  const { hash, salt, nonce, messages } = PUBLISHED[1];
  const keys = await deriveKeys(new Kdf(), 'pencil', { hash, salt: Buffer.from(salt, 'base64'), iterations: 4096 });
  const accounts = credentials(new Map([['user', { 'SHA-1': { ...keys, hash: 'SHA-1' }, 'SHA-256': keys }]]));
  const last = Buffer.from(messages[2]);
  const exchange = start(hash, accounts, () => nonce);
  await exchange.respond(Buffer.from(messages[0]));
  const steps = await Promise.all([exchange.respond(last), exchange.respond(last)]);
  assert.deepEqual(
    steps.map(step => step.kind),
    ['success', 'failure'],
    'also while a message is being judged',
  );
  for (const again of [last, Buffer.from(messages[0]), undefined]) {
    const step = await exchange.respond(again);
    assert.equal(step.kind === 'failure' && step.condition, 'malformed-request');
  }
});

test('accounts that cannot be read make the exchange reject, and it is over', async () => {
  const broken = { ...credentials(new Map()), lookup: () => Promise.reject(new Error('the disk is gone')) };
  const exchange = start('SHA-256', broken);
  await assert.rejects(exchange.respond(Buffer.from('n,,n=user,r=abc')), /the disk is gone/);
  assert.equal((await exchange.respond(Buffer.from('n,,n=user,r=abc'))).kind, 'failure');
});

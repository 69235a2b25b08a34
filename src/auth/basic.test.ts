/**
 * HTTP Basic: how names find their host, and that nothing but the right password gets in.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { makeJid, parseJid } from '../xmpp/jid.ts';
import { basic, parseBasic } from './basic.ts';
import { mayActAs } from './principal.ts';
import type { Realm } from './realm.ts';
import { sameSecret } from './secret.ts';

const CLIENT = '192.0.2.1';

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** A host with one user, `alice`, whose password is the domain; it counts how often it was asked. */
function users(domain: string) {
  const asked: string[] = [];
  const realm: Realm = {
    domain: parseJid(domain),
    names: 'users',
    async verify(local, password) {
      asked.push(local);
      return local === 'alice' && password === domain ? { address: makeJid({ local, domain }) } : undefined;
    },
  };
  return { realm, asked };
}

function component(domain: string, secret: string): Realm {
  const address = parseJid(domain);
  return {
    domain: address,
    names: 'component',
    verify: async (name, password) => (name === address && sameSecret(secret, password) ? { address } : undefined),
  };
}

const one = users('one.example').realm;
const two = users('two.example').realm;
const gate = component('rest.example', 's3cret');

type Case = readonly [
  credentials: string,
  hostname: string | undefined,
  realms: readonly Realm[],
  address: string | undefined,
];
const CASES: readonly Case[] = [
  ['alice:one.example', undefined, [one, gate], 'alice@one.example'],
  ['alice@one.example:one.example', undefined, [one, two], 'alice@one.example'],
  ['alice@ONE.example:one.example', undefined, [one, two], 'alice@one.example'],
  ['alice@two.example:two.example', 'one.example', [one, two], 'alice@two.example'],
  ['alice:two.example', 'two.example', [one, two], 'alice@two.example'],
  ['alice:two.example', 'one.example', [one, two], undefined],
  ['alice:one.example', '127.0.0.1', [one, two], undefined],
  ['rest.example:s3cret', undefined, [one, gate], 'rest.example'],
  ['REST.example:s3cret', undefined, [gate], 'rest.example'],
  ['rest.example:wrong', undefined, [one, gate], undefined],
  ['alice@rest.example:s3cret', undefined, [one, gate], undefined],
  ['alice:s3cret', undefined, [gate], undefined],
  ['one.example:one.example', undefined, [one], undefined],
  ['alice@elsewhere.example:one.example', undefined, [one], undefined],
  ['alice@:one.example', undefined, [one], undefined],
  ['mallory:one.example', undefined, [one], undefined],
  ['alice:', undefined, [one], undefined],
];

for (const [credentials, hostname, realms, address] of CASES) {
  test(`${credentials} at ${hostname ?? 'no host'} of ${realms.map(r => r.domain)} is ${address ?? 'nobody'}`, async () => {
    const attempt = basic(realms)
      .claimOf({ authorization: header(credentials), hostname, address: CLIENT })
      .check();
    if (address === undefined)
      await assert.rejects(attempt, { code: 'credentials-rejected', message: /: check the name .+ and the password$/ });
    else assert.equal((await attempt).address, address);
  });
}

test('a name that leads nowhere is checked like any other, so that it takes as long', async () => {
  for (const name of ['alice@elsewhere.example', 'rest.example@x', 'nobody']) {
    const { realm, asked } = users('one.example');
    await assert.rejects(
      basic([realm, gate])
        .claimOf({ authorization: header(`${name}:x`), hostname: undefined, address: CLIENT })
        .check(),
    );
    assert.equal(asked.length, 1, name);
  }
});

const ACCOUNTS: readonly (readonly [names: readonly string[], hostname: string | undefined, account: string])[] = [
  [['alice', 'ALICE', '\uff41lice', 'alice@one.example', 'Alice@ONE.example'], 'one.example', 'alice@one.example'],
  [['alice', 'alice@two.example'], 'two.example', 'alice@two.example'],
  [['rest.example', 'REST.example'], 'one.example', 'rest.example'],
  [['a b', 'x'.repeat(10_000), 'alice@elsewhere.example', 'alice@rest.example'], 'one.example', '@one.example'],
];

for (const [names, hostname, account] of ACCOUNTS) {
  test(`all names of ${account} at ${hostname} are one account`, () => {
    for (const name of names) {
      const credentials = { authorization: header(`${name}:x`), hostname, address: CLIENT };
      assert.equal(basic([one, two, gate]).claimOf(credentials).account, account, name);
    }
  });
}

const FIELDS: readonly (readonly [field: string | undefined, code: ErrorCode])[] = [
  [undefined, 'no-credentials'],
  ['Bearer abc', 'scheme-unsupported'],
  ['Digest x', 'scheme-unsupported'],
  ['Basicx YTpi', 'scheme-unsupported'],
  ['', 'scheme-unsupported'],
  ['Basic', 'credentials-malformed'],
  ['Basic ', 'credentials-malformed'],
  ['Basic ***', 'credentials-malformed'],
  ['Basic YTpi YTpi', 'credentials-malformed'],
  [header('alice'), 'credentials-malformed'],
  [header(':x'), 'credentials-malformed'],
  [`Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`, 'credentials-malformed'],
];

for (const [field, code] of FIELDS) {
  test(`Authorization ${JSON.stringify(field)} is ${code}`, () => assert.throws(() => parseBasic(field), { code }));
}

test('of another scheme is said which there are', () => {
  assert.throws(() => parseBasic('Token x'), { message: /write 'Basic' and the base64 .+, or 'Bearer' and a token$/ });
});

test('the scheme is read in any case and the password may hold colons', () => {
  assert.deepEqual(parseBasic(`BASIC ${Buffer.from('a:b:c').toString('base64')}`), { name: 'a', password: 'b:c' });
});

test('an address covers what it leaves open, and nothing else', () => {
  const table: readonly (readonly [own: string, other: string, may: boolean])[] = [
    ['alice@a.example', 'alice@a.example', true],
    ['alice@a.example', 'alice@a.example/x', true],
    ['alice@a.example', 'bob@a.example', false],
    ['alice@a.example', 'a.example', false],
    ['alice@a.example', 'alice@a.example.evil.example', false],
    ['alice@a.example/x', 'alice@a.example/x', true],
    ['alice@a.example/x', 'alice@a.example', false],
    ['alice@a.example/x', 'alice@a.example/y', false],
    ['c.example', 'c.example', true],
    ['c.example', 'any@c.example/thing', true],
    ['c.example', 'any@sub.c.example', false],
    ['c.example', 'evilc.example', false],
  ];
  for (const [own, other, may] of table) {
    assert.equal(mayActAs({ address: parseJid(own) }, parseJid(other)), may, `${own} as ${other}`);
  }
});

test('secrets are equal only when they are equal', () => {
  assert.equal(sameSecret('a', 'a'), true);
  for (const other of ['', 'b', 'a ', 'aa', 'A']) assert.equal(sameSecret('a', other), false);
});

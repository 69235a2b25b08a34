/**
 * Who somebody says that he is, at a host with users and at a component.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoginRefused } from '../oauth/authority.ts';
import { makeJid, parseJid } from '../xmpp/jid.ts';
import { readAddress, usersOf } from './oauth-users.ts';
import { whileSame } from './while-same.ts';

const DOMAIN = parseJid('xmpp.test');
const ALICE = parseJid('alice@xmpp.test');

/** A host with one account, whose password may change. */
function houseOfAlice() {
  const house = { password: 'wonderland', asked: [] as string[] };
  const verify = async (local: string, password: string) => {
    house.asked.push(local);
    return local === 'alice' && password === house.password
      ? { address: makeJid({ local, domain: DOMAIN }) }
      : undefined;
  };
  const later = whileSame(async address => (address === ALICE ? house.password : undefined));
  return { house, users: usersOf({ domain: DOMAIN, realm: { domain: DOMAIN, names: 'users', verify }, later }) };
}

describe('a user', () => {
  test('is known by his localpart or his address, in any spelling', async () => {
    const { users } = houseOfAlice();
    for (const name of ['alice', 'ALICE', 'alice@xmpp.test', 'Alice@XMPP.test']) {
      assert.equal(users.accountOf(name), ALICE, name);
      assert.equal((await users.logIn(name, 'wonderland'))?.address, ALICE, name);
    }
  });

  test('is nobody by another name, and each attempt costs a look at a password', async () => {
    const { users, house } = houseOfAlice();
    const names = ['', '@', 'bob', 'alice@other.test', 'alice@xmpp.test/x', 'al ice', '@xmpp.test', 'alice@', '\0'];
    for (const name of names) assert.equal(await users.logIn(name, 'wonderland'), undefined, name);
    assert.equal(house.asked.length, names.length);
    assert.ok(!house.asked.includes('alice'));
  });

  test('is acted for until his password changes or he is gone', async () => {
    const { users, house } = houseOfAlice();
    const login = await users.logIn('alice', 'wonderland');
    assert.ok(login !== undefined);
    assert.ok(!login.keepsake.includes('wonderland'));
    assert.deepEqual(await users.principal(login), { address: ALICE });
    house.password = 'looking-glass';
    assert.equal(await users.principal(login), undefined);
    assert.equal(await users.vouch(parseJid('bob@xmpp.test')), undefined);
  });

  test('is told when nothing can be kept of his login', async () => {
    const verify = async () => ({ address: ALICE });
    const never = async () => undefined;
    const later = { keep: never, vouch: never, act: never };
    const users = usersOf({ domain: DOMAIN, realm: { domain: DOMAIN, names: 'users', verify }, later });
    await assert.rejects(users.logIn('alice', 'x'), LoginRefused);
  });

  test('logs in anew when what an earlier login has left is out of date', async () => {
    const kept = [undefined, 'keys'];
    const later = { keep: async () => kept.shift(), vouch: async () => undefined, act: async () => undefined };
    const verify = async () => ({ address: ALICE });
    const users = usersOf({ domain: DOMAIN, realm: { domain: DOMAIN, names: 'users', verify }, later });
    assert.deepEqual(await users.logIn('alice', 'x'), { address: ALICE, keepsake: 'keys' });
  });
});

test('behind a component is whoever has its secret, as any of its addresses', async () => {
  const verify = async (name: string, secret: string) =>
    name === DOMAIN && secret === 'sesame' ? { address: DOMAIN } : undefined;
  const realm = { domain: DOMAIN, names: 'component', verify } as const;
  const users = usersOf({ domain: DOMAIN, realm, later: whileSame(async () => 'sesame') });
  for (const name of ['news@xmpp.test', 'xmpp.test', 'news@xmpp.test/a']) {
    assert.equal((await users.logIn(name, 'sesame'))?.address, readAddress(name));
    assert.equal(users.accountOf(name), DOMAIN);
  }
  for (const name of ['news', 'news@other.test', '', '@'])
    assert.equal(await users.logIn(name, 'sesame'), undefined, name);
  assert.equal(await users.logIn('news@xmpp.test', 'guess'), undefined);
});

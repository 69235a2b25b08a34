/**
 * Whose a token is, and what is said to who shows another one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestanzaError } from '../errors.ts';
import { makeJid, parseJid } from '../xmpp/jid.ts';
import { bearer, hostTokens, parseBearer, type TokenVerifier } from './bearer.ts';
import type { Credentials, Guessable, Principal } from './principal.ts';
import type { Realm } from './realm.ts';
import { schemes } from './schemes.ts';

/** A component whose token is its domain, upper case. */
function component(domain: string): Realm {
  const address = parseJid(domain);
  return {
    domain: address,
    names: 'component',
    verify: async () => undefined,
    verifyToken: async token => (token === domain.toUpperCase() ? { address } : undefined),
  };
}

/** A host with the user alice, whose password and whose token are `wonder`; it notes the tokens that it was asked about. */
function users(domain: string, asked: string[] = []): Realm {
  const own = parseJid(domain);
  const alice = { address: makeJid({ local: 'alice', domain: own }), session: 's' };
  return {
    domain: own,
    names: 'users',
    verify: async (name, password) => (name === 'alice' && password === 'wonder' ? alice : undefined),
    async verifyToken(token) {
      asked.push(token);
      return token === 'wonder' ? alice : undefined;
    },
  };
}

/** What hosts know themselves, the secrets of components first. */
function ofHosts(...realms: Realm[]): readonly TokenVerifier[] {
  return [hostTokens(realms, 'component'), hostTokens(realms, 'users')];
}

const from = (authorization: string | undefined, hostname?: string): Credentials => {
  return { authorization, hostname, address: '192.0.2.1' };
};

/** Reads credentials and looks whether they are right. */
const check = async (guessable: Guessable, credentials: Credentials) => guessable.claimOf(credentials).check();

const codeOf = (code: string) => (error: unknown) => error instanceof RestanzaError && error.code === code;

test('a token is the one after the scheme, whatever its case', () => {
  assert.equal(parseBearer('Bearer a.b-c_d~e+f/g=='), 'a.b-c_d~e+f/g==');
  assert.equal(parseBearer('bEARER x'), 'x');
  assert.equal(parseBearer('Bearer secret-token:MjsxcU+0/M==;a%3D'), 'secret-token:MjsxcU+0/M==;a%3D');
});

for (const text of [
  'Bearer',
  'Bearer ',
  'Bearer a b',
  'Bearer a:b',
  'Bearer secret-token:',
  'Bearer secret-token:a b',
  'Bearer ü',
  'Bearer =',
  'Bearer a,b',
  `Bearer a\u0000`,
]) {
  test(`${JSON.stringify(text)} is no token`, () => {
    assert.throws(() => parseBearer(text), codeOf('credentials-malformed'));
  });
}

test('the secret of a component is the token for its domain, found without a host', async () => {
  const tokens = bearer('one.example', ofHosts(component('one.example'), component('two.example')));
  const { address } = await check(tokens, from('Bearer TWO.EXAMPLE'));
  assert.equal(address, 'two.example');
});

test('a token is looked for at the host of the request alone, where that is one of ours', async () => {
  const tokens = bearer('one.example', ofHosts(component('one.example'), component('two.example')));
  await assert.rejects(check(tokens, from('Bearer TWO.EXAMPLE', 'one.example')), codeOf('credentials-rejected'));
  const found = await check(tokens, from('Bearer TWO.EXAMPLE', '127.0.0.1'));
  assert.equal(found.address, 'two.example');
});

test('who tries a token is counted, not the token', () => {
  const tokens = bearer('one.example', ofHosts(component('one.example')));
  assert.equal(tokens.claimOf(from('Bearer a')).account, tokens.claimOf(from('Bearer b')).account);
});

test('each scheme goes its own way, and both are offered', async () => {
  const asked: string[] = [];
  const realm = users('one.example', asked);
  const tokens = schemes([realm], ofHosts(realm));
  const basic = `Basic ${Buffer.from('alice:wonder').toString('base64')}`;
  assert.equal((await check(tokens, from(basic))).address, 'alice@one.example');
  assert.deepEqual(asked, []);
  assert.equal((await check(tokens, from('Bearer wonder'))).session, 's');
  await assert.rejects(check(tokens, from('Bearer other')), codeOf('credentials-rejected'));
  await assert.rejects(check(tokens, from('Digest x')), codeOf('scheme-unsupported'));
  await assert.rejects(check(tokens, from(undefined)), codeOf('no-credentials'));
  assert.match(tokens.challenge, /^Basic realm="one.example\/rest".*, Bearer realm="one.example\/rest"$/);
});

test('where nobody knows tokens, none are offered', async () => {
  const tokens = schemes([users('one.example')], []);
  assert.doesNotMatch(tokens.challenge, /Bearer/);
  await assert.rejects(check(tokens, from('Bearer wonder')), codeOf('scheme-unsupported'));
});

/** A verifier that knows the tokens that begin with some letter, and notes what it was asked about. */
function knowing(letter: string, asked: string[], answer: () => Promise<Principal | undefined>): TokenVerifier {
  return {
    accepts: token => token.startsWith(letter),
    verify: async token => {
      asked.push(`${letter} about ${token}`);
      return answer();
    },
  };
}

test('verifiers are asked in order, and only about tokens that can be theirs', async () => {
  const asked: string[] = [];
  const [one, two] = [{ address: parseJid('one@a.example') }, { address: parseJid('two@a.example') }];
  const verifiers = [
    knowing('a', asked, async () => undefined),
    knowing('ab', asked, async () => one),
    knowing('', asked, async () => two),
  ];
  const tokens = bearer('a.example', verifiers);
  assert.equal(await check(tokens, from('Bearer abc')), one);
  assert.equal(await check(tokens, from('Bearer acc')), two);
  assert.deepEqual(asked, ['a about abc', 'ab about abc', 'a about acc', ' about acc']);
});

test('when a verifier refuses a token, no other one sees it', async () => {
  const asked: string[] = [];
  const refuse = async () => {
    throw new RestanzaError('credentials-rejected');
  };
  const tokens = bearer('a.example', [knowing('a', asked, refuse), knowing('', asked, async () => undefined)]);
  await assert.rejects(check(tokens, from('Bearer abc')), codeOf('credentials-rejected'));
  assert.deepEqual(asked, ['a about abc']);
});

test('secrets of components come before what a server is asked', async () => {
  const asked: string[] = [];
  const realms = [users('one.example', asked), component('two.example')];
  const tokens = bearer('one.example', ofHosts(...realms));
  assert.equal((await check(tokens, from('Bearer TWO.EXAMPLE'))).address, 'two.example');
  assert.deepEqual(asked, []);
});

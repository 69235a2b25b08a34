/**
 * Tokens of others: which let somebody in, and the many that do not. All keys are made here.
 */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, KeyObject, sign as signBytes } from 'node:crypto';
import { test } from 'node:test';
import { exportSPKI, importJWK } from 'jose';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { type IssuerKey, keySet, makeKey, sign } from '../../test/support/token-issuer.ts';
import { parseJid } from '../xmpp/jid.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { externalTokens, type Issuer } from './jwt.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z') / 1000;
const HERE = { authorization: undefined, hostname: undefined, address: '192.0.2.1' };
const [EC, RSA, ED, OTHER, WEAK] = await Promise.all([
  makeKey('ES256', 'ec'),
  makeKey('RS256', 'rsa'),
  makeKey('Ed25519', 'ed'),
  makeKey('ES256', 'other'),
  makeKey('ES384', 'not-allowed'),
]);

const ISSUER: Issuer = {
  domain: parseJid('one.example'),
  issuer: 'https://id.example',
  audience: ['https://api.example', 'restanza'],
  claim: 'sub',
  algorithms: ['ES256', 'RS256', 'Ed25519'],
  scopes: new Set(['xmpp']),
};

const CLAIMS = { iss: ISSUER.issuer, aud: 'restanza', sub: 'alice', exp: NOW + 300 };

function verifying(issuer: Partial<Issuer> = {}, keys: readonly IssuerKey[] = [EC, RSA, ED, WEAK]) {
  const log = new MemoryLog();
  const verifier = externalTokens(
    { ...ISSUER, ...issuer },
    {
      keys: new IssuerKeys(async () => keySet(keys), log),
      actingAs: address => (address === 'nobody@one.example' ? undefined : { address }),
      isAddressed: hostname => hostname !== 'two.example',
      log,
      now: () => NOW * 1000,
    },
  );
  return {
    log,
    verifier,
    async principalOf(token: string) {
      return verifier.accepts(token, HERE) ? verifier.verify(token, HERE) : undefined;
    },
  };
}

for (const key of [EC, RSA, ED]) {
  test(`a token that is signed by ${key.alg} lets its account in`, async () => {
    const principal = await verifying().principalOf(await sign(key, CLAIMS));
    assert.deepEqual([principal?.address, principal?.scopes], ['alice@one.example', new Set(['xmpp'])]);
    assert.deepEqual([principal?.token?.kind, principal?.token?.expires], ['jwt', (NOW + 360) * 1000]);
  });
}

/** What the claim says, and who that is. */
const NAMED: readonly (readonly [unknown, string | undefined])[] = [
  ['alice', 'alice@one.example'],
  ['Alice', 'alice@one.example'],
  ['alice@one.example', 'alice@one.example'],
  ['Alice@ONE.example', 'alice@one.example'],
  ['xmpp:alice@one.example', 'alice@one.example'],
  ['alice@two.example', undefined],
  ['alice@one.example@two.example', undefined],
  ['alice@one.example/phone', undefined],
  ['alice@one.example.', 'alice@one.example'],
  ['', undefined],
  ['a b', undefined],
  ['alice/phone', undefined],
  ['a\u0000b', undefined],
  ['nobody', undefined],
  [undefined, undefined],
  [7, undefined],
  [['alice'], undefined],
  [{ toString: 'alice' }, undefined],
];

for (const [value, address] of NAMED) {
  test(`the claim ${JSON.stringify(value)} is ${address ?? 'nobody'}`, async () => {
    const { principalOf } = verifying({ claim: 'xmpp_account' });
    assert.equal((await principalOf(await sign(EC, { ...CLAIMS, xmpp_account: value })))?.address, address);
  });
}

const SCOPED: readonly (readonly [object, readonly string[]])[] = [
  [{}, ['send', 'query']],
  [{ scope: 'openid profile' }, ['send', 'query']],
  [{ scope: 'openid send' }, ['send']],
  [{ scope: ['query', 'send'] }, ['query', 'send']],
  [{ scp: 'xmpp:account:read' }, ['xmpp:account:read']],
  [{ scope: 'admin' }, []],
  [{ scope: 'send xmpp' }, ['send']],
  [{ scope: 7 }, ['send', 'query']],
];

for (const [claims, scopes] of SCOPED) {
  test(`${JSON.stringify(claims)} gives ${scopes.join(' ') || 'nothing'} of send and query`, async () => {
    const { principalOf } = verifying({ scopes: new Set(['send', 'query']) });
    const principal = await principalOf(await sign(EC, { ...CLAIMS, ...claims }));
    assert.deepEqual(principal?.scopes, new Set(scopes));
  });
}

/** A token of three parts, none of which anyone has checked. */
function forge(header: object, payload: object, signature: string | ((input: string) => string) = ''): string {
  const encoded = [header, payload].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${encoded}.${typeof signature === 'string' ? signature : signature(encoded)}`;
}

/** A right signature of whatever it is, by the EC key. */
function signed(input: string): string {
  const key = KeyObject.from(EC.privateKey);
  return signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** A token of HS256 with a public key for its secret. */
function confused(secret: string | Uint8Array, kid: string): string {
  const hmac = (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
  return forge({ alg: 'HS256', kid }, CLAIMS, hmac);
}

async function spkiOf({ jwk, alg }: IssuerKey): Promise<string> {
  const key = await importJWK(jwk, alg);
  assert.ok(!(key instanceof Uint8Array));
  return exportSPKI(key);
}

const cut = (token: string) => token.slice(0, -4);
const payloadOf = (token: string) => token.split('.')[1] ?? '';

const REFUSED: Readonly<Record<string, () => string | Promise<string>>> = {
  'no signature (alg none)': () => forge({ alg: 'none' }, CLAIMS),
  'no signature (alg None)': () => forge({ alg: 'None', kid: 'ec' }, CLAIMS),
  'no signature (alg ES256)': () => forge({ alg: 'ES256', kid: 'ec' }, CLAIMS),
  'no algorithm': () => forge({ kid: 'ec' }, CLAIMS, 'AAAA'),
  'a signature of zeros': () => forge({ alg: 'ES256', kid: 'ec' }, CLAIMS, Buffer.alloc(64).toString('base64url')),
  'HS256 with the public RSA key as PEM': async () => confused(await spkiOf(RSA), 'rsa'),
  'HS256 with the public EC key as PEM': async () => confused(await spkiOf(EC), 'ec'),
  'HS256 with the public RSA key as DER': async () =>
    confused(createPublicKey(await spkiOf(RSA)).export({ type: 'spki', format: 'der' }), 'rsa'),
  'HS256 with the key set': () => confused(keySet([EC]), 'ec'),
  'HS256 with an empty secret': () => confused('', 'ec'),
  'an algorithm that is not allowed': () => sign(WEAK, CLAIMS),
  'the key of somebody else': () => sign({ ...OTHER, kid: 'ec' }, CLAIMS),
  'a key that is not known': () => sign(OTHER, CLAIMS),
  'the name of another key': () => sign(EC, CLAIMS, { kid: 'rsa' }),
  'an algorithm of another key': () => sign(EC, CLAIMS, { kid: 'ed' }),
  'a key in the header': () => sign(OTHER, CLAIMS, { jwk: OTHER.jwk }),
  'a place of keys in the header': () => sign(OTHER, CLAIMS, { jku: 'http://127.0.0.1:9/keys' }),
  'an extension that must be understood': () =>
    forge({ alg: 'ES256', kid: 'ec', crit: ['x-new'], 'x-new': 1 }, CLAIMS, signed),
  'an empty list of extensions': () => forge({ alg: 'ES256', kid: 'ec', crit: [] }, CLAIMS, signed),
  'another payload': async () => {
    const [head, , tail] = (await sign(EC, CLAIMS)).split('.');
    return `${head}.${payloadOf(forge({}, { ...CLAIMS, sub: 'bob' }))}.${tail}`;
  },
  'a cut signature': async () => cut(await sign(EC, CLAIMS)),
  'another issuer': () => sign(EC, { ...CLAIMS, iss: 'https://other.example' }),
  'the issuer with a slash': () => sign(EC, { ...CLAIMS, iss: `${ISSUER.issuer}/` }),
  'no issuer': () => sign(EC, { ...CLAIMS, iss: undefined }),
  'a list of issuers': () => sign(EC, { ...CLAIMS, iss: [ISSUER.issuer] }),
  'another audience': () => sign(EC, { ...CLAIMS, aud: 'https://other.example' }),
  'no audience': () => sign(EC, { ...CLAIMS, aud: undefined }),
  'an empty list of audiences': () => sign(EC, { ...CLAIMS, aud: [] }),
  'its end 61 seconds ago': () => sign(EC, { ...CLAIMS, exp: NOW - 61 }),
  'no end': () => sign(EC, { ...CLAIMS, exp: undefined }),
  'an end that is no number': () => sign(EC, { ...CLAIMS, exp: 'never' }),
  'its begin in 61 seconds': () => sign(EC, { ...CLAIMS, nbf: NOW + 61 }),
  'a begin that is no number': () => sign(EC, { ...CLAIMS, nbf: 'now' }),
  'more than 8192 characters': () => sign(EC, { ...CLAIMS, x: 'x'.repeat(8192) }),
  'five parts': async () => `${await sign(EC, CLAIMS)}.a.b`,
  'two parts': async () => (await sign(EC, CLAIMS)).split('.').slice(0, 2).join('.'),
  'a payload that is no JSON': () => `${forge({ alg: 'ES256' }, {}).split('.')[0]}.eHg.AAAA`,
};

for (const [what, make] of Object.entries(REFUSED)) {
  test(`a token with ${what} is nobody's`, async () => {
    assert.equal(await verifying().principalOf(await make()), undefined);
  });
}

test('what is forged here is refused for what is wrong with it, not for its signature', async () => {
  const { principalOf } = verifying();
  assert.ok((await principalOf(forge({ alg: 'ES256', kid: 'ec' }, CLAIMS, signed))) !== undefined);
});

test('clocks may differ by a minute', async () => {
  const { principalOf } = verifying();
  assert.ok((await principalOf(await sign(EC, { ...CLAIMS, exp: NOW - 59 }))) !== undefined);
  assert.ok((await principalOf(await sign(EC, { ...CLAIMS, nbf: NOW + 59 }))) !== undefined);
});

test('one of several audiences is enough', async () => {
  const { principalOf } = verifying();
  const aud = ['https://other.example', 'https://api.example'];
  assert.ok((await principalOf(await sign(EC, { ...CLAIMS, aud }))) !== undefined);
});

test('a token without the name of its key is taken where one key alone can be meant', async () => {
  const token = await sign(EC, CLAIMS, {});
  assert.ok((await verifying({}, [EC, RSA]).principalOf(token)) !== undefined);
  assert.equal(await verifying({}, [EC, OTHER]).principalOf(token), undefined);
});

test('tokens of other issuers, and requests to other hosts, are left to others', async () => {
  const { verifier } = verifying();
  const token = await sign(EC, CLAIMS);
  assert.ok(verifier.accepts(token, { ...HERE, hostname: 'one.example' }));
  assert.ok(!verifier.accepts(token, { ...HERE, hostname: 'two.example' }));
  assert.ok(!verifier.accepts(await sign(EC, { ...CLAIMS, iss: 'https://other.example' }), HERE));
});

test('while the keys cannot be had, nothing is said of a token', async () => {
  const log = new MemoryLog();
  const broken = new IssuerKeys(() => Promise.reject(new Error('down')), log);
  const verifier = externalTokens(ISSUER, {
    keys: broken,
    actingAs: address => ({ address }),
    isAddressed: () => true,
    log,
    now: () => NOW * 1000,
  });
  await assert.rejects(verifier.verify(await sign(EC, CLAIMS), HERE), { code: 'issuer-unavailable' });
});

test('why a token is refused stands in the log, and nothing of the token', async () => {
  const { log, principalOf } = verifying();
  const token = await sign(EC, { ...CLAIMS, aud: 'https://other.example' });
  await principalOf(token);
  const [line] = log.with('a token of an issuer is refused');
  assert.equal(line?.['claim'], 'aud');
  for (const part of token.split('.')) assert.ok(!JSON.stringify(log.lines).includes(part));
});

/** What is wrong with the claims, and what the log says of it. */
const EXPLAINED: readonly (readonly [claims: object, claim: string, reason: RegExp])[] = [
  [{ aud: 'https://other.example' }, 'aud', /none of the audiences/],
  [{ aud: undefined }, 'aud', /missing/],
  [{ nbf: NOW + 61 }, 'nbf', /does not hold yet/],
  [{ nbf: 'now' }, 'nbf', /wrong type/],
  [{ exp: NOW - 61 }, 'exp', /expired/],
  [{ exp: undefined }, 'exp', /missing/],
  [{ sub: 'alice@two.example' }, 'sub', /no account at this domain/],
  [{ sub: undefined }, 'sub', /no account at this domain/],
  [{ sub: 'nobody' }, 'sub', /without its password/],
];

for (const [claims, claim, reason] of EXPLAINED) {
  test(`of ${JSON.stringify(claims)} the log names the claim ${claim}`, async () => {
    const { log, principalOf } = verifying();
    await principalOf(await sign(EC, { ...CLAIMS, ...claims }));
    const [line] = log.with('a token of an issuer is refused');
    assert.equal(line?.['claim'], claim);
    assert.match(String(line?.['reason']), reason);
  });
}

/** RFC 5802 §5, RFC 7677 §3: the published exchanges byte for byte from the client's side; kept keys; XEP-0474. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJid } from '../jid.ts';
import { chooseMechanism } from './client.ts';
import type { ClientChannel, ClientCredential, ClientExchange, ClientKeys, ClientOffer } from './client-exchange.ts';
import { offerHash } from './downgrade.ts';
import type { Exchange, Step } from './exchange.ts';
import { Kdf } from './kdf.ts';
import { MECHANISMS, mechanismNamed } from './mechanism.ts';
import { newAccountKeys } from './scram-keys.ts';

const DOMAIN = parseJid('example.net');
const OPEN: ClientChannel = { secure: false, allowPlain: true };
/** The binding data of the example of XEP-0388 §2.5. */
const EXPORTER = Buffer.from('xyhC850EN493g6zCWYBZXd2DVrVaHW1g9MHBWJ3XRVQ=', 'base64');

/**
 * The example of a document: its user is `user`, with the password `pencil`. The last two messages of the third and the
 * fourth were computed with Python's hashlib and hmac: the proofs that XEP-0388 §2.5 prints do not go with that password.
 */
const PUBLISHED = [
  {
    mechanism: 'SCRAM-SHA-1',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    messages: [
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    ],
  },
  {
    mechanism: 'SCRAM-SHA-256',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    messages: [
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    ],
  },
  {
    mechanism: 'SCRAM-SHA-1-PLUS',
    nonce: '12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6',
    messages: [
      'p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6',
      'r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096',
      'c=cD10bHMtZXhwb3J0ZXIsLMcoQvOdBDePd4OswlmAWV3dg1a1Wh1tYPTBwVid10VU,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,p=+8UyrQAeVIqsH2YovGeGTRx6zBM=',
      'v=GRqYg0SPMGrqPRk5HfMz9nGHq94=',
    ],
  },
  {
    mechanism: 'SCRAM-SHA-512',
    nonce: 'abc',
    messages: [
      'n,,n=user,r=abc',
      'r=abcdef,s=QSXCR+Q6sek8bf92,i=4096',
      'c=biws,r=abcdef,p=0f+lKDiX32Ve21nKVcMKxpi0+uwTE8rRYhHRqa9D15NJ31nAa7vfOdRI0xRbjUTJuj5URw7/cfO0FqXbXz74+g==',
      'v=AGdz+jl8c2oDZU9Mr50F2OW7rZGGyUhtYh5SlCUHQcEQZxhc3buVqyDqf83UKzyFDcrw8Okp3JfpxJ9twxXPJQ==',
    ],
  },
] as const;

function offering(mechanisms: readonly string[], bindings?: readonly string[]): ClientOffer {
  return { profile: 'sasl', mechanisms, bindings };
}

function password(given: Partial<Extract<ClientCredential, { kind: 'password' }>> = {}): ClientCredential {
  return { kind: 'password', authcid: 'user', password: 'pencil', ...given };
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}

function keptBy({ keys }: ClientExchange): ClientKeys | undefined {
  return keys;
}

for (const { mechanism, nonce, messages } of PUBLISHED) {
  const [first, challenge, final, verifier] = messages;
  const begin = (): ClientExchange => {
    const channel = mechanism.endsWith('-PLUS') ? { ...OPEN, exporter: EXPORTER } : OPEN;
    const context = { kdf: new Kdf(), nonce: () => nonce };
    return chooseMechanism(offering([mechanism], ['tls-exporter']), password(), channel, context);
  };

  test(`the published exchange of ${mechanism} comes out byte for byte`, async () => {
    const exchange = begin();
    assert.equal(exchange.mechanism, mechanism);
    assert.equal(textOf(exchange.initial()), first);
    assert.equal(textOf(await exchange.challenge(Buffer.from(challenge))), final);
    assert.equal(keptBy(exchange), undefined, 'nothing is kept before the server has proven itself');
    exchange.success(Buffer.from(verifier));
    assert.equal(keptBy(exchange)?.iterations, 4096);
  });

  test(`the last word of ${mechanism} may come in a challenge, before a success without data`, async () => {
    const exchange = begin();
    await exchange.challenge(Buffer.from(challenge));
    assert.equal(textOf(await exchange.challenge(Buffer.from(verifier))), '');
    exchange.success(undefined);
    assert.ok(exchange.keys);
  });
}

/** Lets a client and our own server talk, and returns the last step of the server. */
async function converse(client: ClientExchange, server: Exchange): Promise<Step> {
  let step = await server.respond(client.initial());
  for (let count = 0; step.kind === 'challenge' && count < 3; count += 1) {
    step = await server.respond(await client.challenge(step.data));
  }
  if (step.kind === 'success') client.success(step.data);
  return step;
}

test('whatever the name and the password, our own server and our client come together by each mechanism', async () => {
  const kdf = new Kdf();
  const name = fc.constantFrom('user', 'rené', 'comma,name', 'equals=2c', '=,=', 'a;b', 'ß');
  const secret = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(text => !/\p{C}/u.test(text));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MECHANISMS), name, secret, fc.boolean(), async (row, authcid, text, own) => {
      const found = await newAccountKeys(kdf, text).catch(() => undefined);
      fc.pre(found !== undefined);
      const lookup = async (asked: string) => (asked === authcid ? found : undefined);
      const credentials = { kdf, decoySecret: Buffer.alloc(32, 1), lookup };
      const authzid = own ? parseJid(`${authcid}@example.net`) : undefined;
      const login = { kind: 'password', authcid, password: text, authzid } as const;
      const client = chooseMechanism(offering([row.name]), login, OPEN, { kdf });
      const step = await converse(client, row.start({ domain: DOMAIN, credentials }));
      assert.equal(step.kind === 'success' && step.account, `${authcid}@example.net`);
    }),
    { numRuns: 60 },
  );
});

test('a wrong password and an unknown name fail at the server, and nothing is kept', async () => {
  const kdf = new Kdf();
  const keys = await newAccountKeys(kdf, 'pencil');
  const lookup = async (name: string) => (name === 'user' ? keys : undefined);
  for (const { name, start } of MECHANISMS) {
    for (const wrong of [{ password: 'pen' }, { authcid: 'nobody' }]) {
      const client = chooseMechanism(offering([name]), password(wrong), OPEN, { kdf });
      const credentials = { kdf, decoySecret: Buffer.alloc(32, 1), lookup };
      const step = await converse(client, start({ domain: DOMAIN, credentials }));
      assert.equal(step.kind === 'failure' && step.condition, 'not-authorized');
      assert.equal(client.keys, undefined);
    }
  }
});

test('with the kept keys a login costs no derivation, with or without the password', async () => {
  const server = new Kdf();
  const found = await newAccountKeys(server, 'pencil');
  const credentials = { kdf: server, decoySecret: Buffer.alloc(32, 1), lookup: async () => found };
  const kdf = new Kdf();
  const login = async (credential: ClientCredential) => {
    const client = chooseMechanism(offering(['SCRAM-SHA-256']), credential, OPEN, { kdf });
    const own = mechanismNamed('SCRAM-SHA-256');
    assert.ok(own);
    assert.equal((await converse(client, own.start({ domain: DOMAIN, credentials }))).kind, 'success');
    assert.ok(client.keys);
    return client.keys;
  };
  const keys = await login(password());
  assert.equal(kdf.started, 1);
  await login(password({ keys }));
  await login({ kind: 'keys', authcid: 'user', keys: await login({ kind: 'keys', authcid: 'user', keys }) });
  assert.equal(kdf.started, 1);
});

test('when the salt or the iterations have changed, the password gives new keys, and the keys alone are outdated', async () => {
  const kdf = new Kdf();
  const server = 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4096';
  const begin = (credential: ClientCredential) =>
    chooseMechanism(offering(['SCRAM-SHA-256']), credential, OPEN, { kdf, nonce: () => 'abc' });
  const salt = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
  const bytes = Buffer.alloc(32);
  const kept = {
    hash: 'SHA-256',
    salt,
    iterations: 4096,
    clientKey: bytes,
    storedKey: bytes,
    serverKey: bytes,
  } as const;
  for (const changed of [{ salt: Buffer.from('other') }, { iterations: 4097 }]) {
    const keys = { ...kept, ...changed };
    await assert.rejects(begin({ kind: 'keys', authcid: 'user', keys }).challenge(Buffer.from(server)), {
      reason: 'keys-outdated',
      blame: 'credentials',
    });
    const before = kdf.started;
    await begin(password({ keys })).challenge(Buffer.from(server));
    assert.equal(kdf.started, before + 1);
  }
  const before = kdf.started;
  await begin({ kind: 'keys', authcid: 'user', keys: kept }).challenge(Buffer.from(server));
  assert.equal(kdf.started, before);
});

test('the hash of an offer is that of the example of XEP-0474, in whatever order the offer came', () => {
  const bindings = ['tls-server-end-point', 'tls-exporter'];
  for (const mechanisms of [
    ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'],
    ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
  ]) {
    assert.equal(offerHash('SHA-1', { mechanisms, bindings }), 'G6k/rBLDqgOhRRaCuuatSDFkJ08=');
  }
});

test('a feature that names no type of binding is not the same as no such feature', () => {
  const mechanisms = ['SCRAM-SHA-1'];
  assert.notEqual(offerHash('SHA-1', { mechanisms }), offerHash('SHA-1', { mechanisms, bindings: [] }));
});

test('names are sorted by octets, not by UTF-16', () => {
  // UTF-8 of U+FB01 begins with EF, that of U+1F600 with F0; in UTF-16 the second comes first.
  const sorted = createHash('sha256').update('\uFB01\x1E\u{1F600}').digest('base64');
  assert.equal(offerHash('SHA-256', { mechanisms: ['\u{1F600}', '\uFB01'] }), sorted);
});

for (const [what, offered, arrived] of [
  ['a mechanism was taken away', ['SCRAM-SHA-256', 'SCRAM-SHA-512'], ['SCRAM-SHA-256']],
  ['a mechanism was added', ['SCRAM-SHA-256'], ['SCRAM-SHA-256', 'PLAIN']],
  ['a mechanism was renamed', ['SCRAM-SHA-256', 'SCRAM-SHA-512'], ['SCRAM-SHA-256', 'SCRAM-SHA-51']],
] as const) {
  test(`XEP-0474: a login is refused before it costs anything when ${what}`, async () => {
    const kdf = new Kdf();
    const context = { kdf, nonce: () => 'abc' };
    const challenge = (hash: string) => Buffer.from(`r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,h=${hash}`);
    const begin = (mechanisms: readonly string[]) => chooseMechanism(offering(mechanisms), password(), OPEN, context);
    const hash = offerHash('SHA-256', { mechanisms: offered });
    await assert.rejects(begin(arrived).challenge(challenge(hash)), { reason: 'downgraded', blame: 'server' });
    assert.equal(kdf.started, 0);
    await begin(arrived).challenge(challenge(offerHash('SHA-256', { mechanisms: arrived })));
    assert.equal(kdf.started, 1);
  });
}

test('XEP-0474: types of binding that we do not have are believed only with the hash', async () => {
  const offer = offering(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], ['tls-unique']);
  const context = { kdf: new Kdf(), nonce: () => 'abc' };
  const begin = () => chooseMechanism(offer, password(), { ...OPEN, exporter: EXPORTER }, context);
  const challenge = 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4096';
  assert.equal(textOf(begin().initial()), 'n,,n=user,r=abc');
  await assert.rejects(begin().challenge(Buffer.from(challenge)), { reason: 'downgraded' });
  await begin().challenge(Buffer.from(`${challenge},h=${offerHash('SHA-256', offer)}`));
});

test('a full line of derivations ends the login with the error of the line', async () => {
  const kdf = new Kdf(1, 0);
  const begin = () => chooseMechanism(offering(['SCRAM-SHA-256']), password(), OPEN, { kdf, nonce: () => 'abc' });
  const challenge = Buffer.from('r=abcdef,s=QSXCR+Q6sek8bf92,i=4096');
  const [one, other] = [begin(), begin()];
  const first = one.challenge(challenge);
  await assert.rejects(other.challenge(challenge), { code: 'too-many-waiting' });
  assert.throws(() => other.success(undefined), { reason: 'unexpected-answer' });
  await first;
});

test('a thousand nonces differ', () => {
  const context = { kdf: new Kdf() };
  const firsts = Array.from({ length: 1_000 }, () =>
    textOf(chooseMechanism(offering(['SCRAM-SHA-1']), password(), OPEN, context).initial()),
  );
  assert.equal(new Set(firsts).size, 1_000);
  for (const first of firsts) assert.match(first ?? '', /^n,,n=user,r=[A-Za-z0-9+/]{24}$/);
});

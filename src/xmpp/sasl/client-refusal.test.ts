/** RFC 5802 §6, RFC 6120 §6.3.3, XEP-0440 §3: when no mechanism is taken, and that the refusal keeps the secret. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../jid.ts';
import { chooseMechanism } from './client.ts';
import type { ClientChannel, ClientCredential, ClientExchange, ClientOffer } from './client-exchange.ts';
import type { SaslReason } from './client-fault.ts';
import { Kdf } from './kdf.ts';
import { deriveKeys } from './scram-keys.ts';

const ALICE = parseJid('alice@example.net');
const PASSWORD: ClientCredential = { kind: 'password', authcid: 'alice', password: 'pencil' };
const TOKEN: ClientCredential = { kind: 'token', token: 'abc.DEF-1==', address: ALICE };
const CERTIFICATE: ClientCredential = { kind: 'external', authzid: ALICE };
const FAST: ClientCredential = { kind: 'fast', mechanism: 'HT-SHA-256-EXPR', token: 'secret', authcid: 'alice' };

const OPEN: ClientChannel = { secure: false, allowPlain: false };
const LOOPBACK: ClientChannel = { secure: false, allowPlain: true };
const TLS12: ClientChannel = { secure: true, allowPlain: false };
const TLS: ClientChannel = { ...TLS12, exporter: Buffer.alloc(32, 7) };

const ALL = [
  'PLAIN',
  'SCRAM-SHA-1',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-256-PLUS',
  'X-UNKNOWN',
  'EXTERNAL',
];
const BARE = ALL.filter(name => !name.endsWith('-PLUS'));

function choose(offer: Partial<ClientOffer>, credential: ClientCredential, channel: ClientChannel): ClientExchange {
  const context = { kdf: new Kdf() };
  return chooseMechanism({ profile: 'sasl', mechanisms: [], ...offer }, credential, channel, context);
}

const exporter = ['tls-exporter'];

const REFUSED: readonly (readonly [
  what: string,
  offer: Partial<ClientOffer>,
  credential: ClientCredential,
  channel: ClientChannel,
  reason: SaslReason,
])[] = [
  ['nothing is on offer', {}, PASSWORD, TLS, 'no-mechanism'],
  ['nothing known is on offer', { mechanisms: ['X-UNKNOWN', 'DIGEST-MD5', 'plain'] }, PASSWORD, TLS, 'no-mechanism'],
  [
    'only binding is on offer and the channel has nothing to bind',
    { mechanisms: ['SCRAM-SHA-1-PLUS'], bindings: exporter },
    PASSWORD,
    TLS12,
    'no-mechanism',
  ],
  ['PLAIN would be read', { mechanisms: ['PLAIN'] }, PASSWORD, OPEN, 'unencrypted'],
  ['a token would be read', { mechanisms: ['OAUTHBEARER'] }, TOKEN, OPEN, 'unencrypted'],
  ['a token would be read by X-OAUTH2', { mechanisms: ['X-OAUTH2'] }, TOKEN, OPEN, 'unencrypted'],
  ['a token does not go by PLAIN', { mechanisms: ['PLAIN'] }, TOKEN, TLS, 'no-mechanism'],
  ['X-OAUTH2 needs a name', { mechanisms: ['X-OAUTH2'] }, { kind: 'token', token: 'abc' }, TLS, 'no-mechanism'],
  [
    'a token has a separator in it',
    { mechanisms: ['OAUTHBEARER'] },
    { kind: 'token', token: 'abc\x01host=evil' },
    TLS,
    'credentials-unusable',
  ],
  ['a token is empty', { mechanisms: ['OAUTHBEARER'] }, { kind: 'token', token: '' }, TLS, 'credentials-unusable'],
  [
    'a password has NUL in it',
    { mechanisms: ['PLAIN'] },
    { ...PASSWORD, password: 'a\0b' },
    TLS,
    'credentials-unusable',
  ],
  ['a password is empty', { mechanisms: ALL }, { ...PASSWORD, password: '' }, TLS, 'credentials-unusable'],
  [
    'a name has NUL in it',
    { mechanisms: ['PLAIN'] },
    { ...PASSWORD, authcid: 'bob\0alice' },
    TLS,
    'credentials-unusable',
  ],
  [
    'a name is an address',
    { mechanisms: ALL },
    { ...PASSWORD, authcid: 'alice@example.net' },
    TLS,
    'credentials-unusable',
  ],
  ['a certificate is not asked for', { mechanisms: ['PLAIN'] }, CERTIFICATE, TLS, 'no-mechanism'],
  ['types of binding stand alone', { mechanisms: BARE, bindings: exporter }, PASSWORD, TLS, 'downgraded'],
  [
    'types of binding stand alone in SASL2',
    { profile: 'sasl2', mechanisms: BARE, bindings: exporter },
    PASSWORD,
    TLS,
    'downgraded',
  ],
  ['-PLUS stands alone in SASL2', { profile: 'sasl2', mechanisms: ALL }, PASSWORD, TLS, 'downgraded'],
  ['FAST is not on offer', { profile: 'sasl2', mechanisms: ['HT-SHA-256-EXPR'] }, FAST, TLS, 'no-mechanism'],
  ['FAST has another mechanism', { profile: 'sasl2', fast: ['HT-SHA-256-NONE'] }, FAST, TLS, 'no-mechanism'],
  [
    'FAST is bound and the channel cannot be',
    { profile: 'sasl2', fast: ['HT-SHA-256-EXPR'] },
    FAST,
    TLS12,
    'no-mechanism',
  ],
  [
    'FAST is for TLS only',
    { profile: 'sasl2', fast: ['HT-SHA-256-NONE'] },
    { ...FAST, mechanism: 'HT-SHA-256-NONE' },
    LOOPBACK,
    'unencrypted',
  ],
  [
    'FAST has a mechanism that we do not know',
    { profile: 'sasl2', fast: ['HT-SHA-256-UNIQ'] },
    { ...FAST, mechanism: 'HT-SHA-256-UNIQ' },
    TLS,
    'no-mechanism',
  ],
  [
    'FAST has an empty token',
    { profile: 'sasl2', fast: ['HT-SHA-256-EXPR'] },
    { ...FAST, token: '' },
    TLS,
    'credentials-unusable',
  ],
];

for (const [what, offer, credential, channel, reason] of REFUSED) {
  test(`no login when ${what}: ${reason}`, () => {
    assert.throws(() => choose(offer, credential, channel), { name: 'SaslFault', reason });
  });
}

test('no refusal quotes the secret', () => {
  for (const secret of ['hunter2\0', 'hunter2\x01', 'hunter2\n']) {
    const offer = { mechanisms: ['PLAIN', 'OAUTHBEARER', 'SCRAM-SHA-1'] };
    for (const credential of [{ ...PASSWORD, password: secret }, { kind: 'token', token: secret } as const]) {
      assert.throws(
        () => choose(offer, credential, TLS),
        (error: Error) => !`${error.message}${error.stack}`.includes('hunter2'),
      );
    }
  }
});

test('whoever once logged in by SCRAM does not show his password to a server that no longer has it', async () => {
  const keys = await deriveKeys(new Kdf(), 'pencil', { hash: 'SHA-256', salt: Buffer.from('salt'), iterations: 4096 });
  const offer = { mechanisms: ['PLAIN'] };
  assert.throws(() => choose(offer, { ...PASSWORD, keys }, TLS), { reason: 'downgraded', blame: 'server' });
  const alone: ClientCredential = { kind: 'keys', authcid: 'alice', keys };
  assert.throws(() => choose(offer, alone, TLS), { reason: 'keys-outdated' });
  assert.throws(() => choose({ mechanisms: ['SCRAM-SHA-1'] }, alone, TLS), { reason: 'keys-outdated' });
  assert.equal(choose({ mechanisms: ['SCRAM-SHA-512', 'SCRAM-SHA-256'] }, alone, TLS).mechanism, 'SCRAM-SHA-256');
});

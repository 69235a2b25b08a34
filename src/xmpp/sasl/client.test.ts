/** RFC 5802 §6, RFC 6120 §6.3.3, XEP-0440 §3: which mechanism is taken, and what it says first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../jid.ts';
import { chooseMechanism } from './client.ts';
import type { ClientChannel, ClientCredential, ClientExchange, ClientOffer } from './client-exchange.ts';
import { Kdf } from './kdf.ts';

const ALICE = parseJid('alice@example.net');
const PASSWORD: ClientCredential = { kind: 'password', authcid: 'alice', password: 'pencil' };
const TOKEN: ClientCredential = { kind: 'token', token: 'abc.DEF-1==', address: ALICE };
const CERTIFICATE: ClientCredential = { kind: 'external', authzid: ALICE };

const OPEN: ClientChannel = { secure: false, allowPlain: false };
const LOOPBACK: ClientChannel = { secure: false, allowPlain: true };
const TLS12: ClientChannel = { secure: true, allowPlain: false };
const TLS: ClientChannel = { ...TLS12, exporter: Buffer.alloc(32, 7) };
const END_POINT: ClientChannel = { ...TLS12, endPoint: Buffer.alloc(32, 8) };

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
  const context = { kdf: new Kdf(), nonce: () => 'abc' };
  return chooseMechanism({ profile: 'sasl', mechanisms: [], ...offer }, credential, channel, context);
}

function said(exchange: ClientExchange): string {
  return Buffer.from(exchange.initial() ?? []).toString();
}

const exporter = ['tls-exporter'];
const CHOSEN: readonly (readonly [
  what: string,
  offer: Partial<ClientOffer>,
  credential: ClientCredential,
  channel: ClientChannel,
  mechanism: string,
  initial: string,
])[] = [
  [
    'the channel is bound where both sides can',
    { mechanisms: ALL, bindings: exporter },
    PASSWORD,
    TLS,
    'SCRAM-SHA-256-PLUS',
    'p=tls-exporter,,n=alice,r=abc',
  ],
  [
    'SASL2 binds too',
    { profile: 'sasl2', mechanisms: ALL, bindings: exporter },
    PASSWORD,
    TLS,
    'SCRAM-SHA-256-PLUS',
    'p=tls-exporter,,n=alice,r=abc',
  ],
  [
    'the exporter goes before the certificate',
    { mechanisms: ALL, bindings: ['tls-server-end-point', 'tls-exporter'] },
    PASSWORD,
    { ...TLS, ...END_POINT },
    'SCRAM-SHA-256-PLUS',
    'p=tls-exporter,,n=alice,r=abc',
  ],
  [
    'the certificate binds where there is no exporter',
    { mechanisms: ALL, bindings: ['tls-server-end-point', 'tls-exporter'] },
    PASSWORD,
    END_POINT,
    'SCRAM-SHA-256-PLUS',
    'p=tls-server-end-point,,n=alice,r=abc',
  ],
  [
    'a weaker hash that binds goes before a stronger one that does not',
    { mechanisms: ['SCRAM-SHA-512', 'SCRAM-SHA-1-PLUS'], bindings: exporter },
    PASSWORD,
    TLS,
    'SCRAM-SHA-1-PLUS',
    'p=tls-exporter,,n=alice,r=abc',
  ],
  [
    'without -PLUS on offer the client says that it could have',
    { mechanisms: BARE },
    PASSWORD,
    TLS,
    'SCRAM-SHA-256',
    'y,,n=alice,r=abc',
  ],
  [
    'a channel that cannot be bound is not',
    { mechanisms: ALL, bindings: exporter },
    PASSWORD,
    TLS12,
    'SCRAM-SHA-256',
    'n,,n=alice,r=abc',
  ],
  [
    '-PLUS without a type means tls-unique in the old profile',
    { mechanisms: ALL },
    PASSWORD,
    TLS,
    'SCRAM-SHA-256',
    'n,,n=alice,r=abc',
  ],
  [
    'a binding hash that we do not know is not denied',
    { mechanisms: ['SCRAM-SHA3-512-PLUS', 'SCRAM-SHA-1'], bindings: exporter },
    PASSWORD,
    TLS,
    'SCRAM-SHA-1',
    'n,,n=alice,r=abc',
  ],
  [
    'the server may have only the certificate to bind',
    { mechanisms: ALL, bindings: ['tls-server-end-point'] },
    PASSWORD,
    TLS,
    'SCRAM-SHA-256',
    'n,,n=alice,r=abc',
  ],
  [
    'the longest hash goes first',
    { mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] },
    PASSWORD,
    OPEN,
    'SCRAM-SHA-512',
    'n,,n=alice,r=abc',
  ],
  [
    'SCRAM goes before PLAIN, also in the open',
    { mechanisms: ['PLAIN', 'SCRAM-SHA-1'] },
    PASSWORD,
    OPEN,
    'SCRAM-SHA-1',
    'n,,n=alice,r=abc',
  ],
  [
    'an authorization identity is escaped',
    { mechanisms: ['SCRAM-SHA-1'] },
    { ...PASSWORD, authzid: parseJid('a,b@example.net') },
    OPEN,
    'SCRAM-SHA-1',
    'n,a=a=2Cb@example.net,n=alice,r=abc',
  ],
  ['PLAIN is taken over TLS', { mechanisms: ['PLAIN'] }, PASSWORD, TLS, 'PLAIN', '\0alice\0pencil'],
  ['PLAIN is taken where it is allowed', { mechanisms: ['PLAIN'] }, PASSWORD, LOOPBACK, 'PLAIN', '\0alice\0pencil'],
  [
    'PLAIN carries an authorization identity',
    { mechanisms: ['PLAIN'] },
    { ...PASSWORD, authzid: ALICE },
    TLS,
    'PLAIN',
    'alice@example.net\0alice\0pencil',
  ],
  [
    'names and passwords are prepared',
    { mechanisms: ['PLAIN'] },
    { kind: 'password', authcid: 'ALICE', password: 'a\u00A0b' },
    TLS,
    'PLAIN',
    '\0alice\0a b',
  ],
  [
    'a token goes by OAUTHBEARER',
    { mechanisms: ['X-OAUTH2', 'OAUTHBEARER', 'PLAIN'] },
    TOKEN,
    TLS,
    'OAUTHBEARER',
    'n,a=alice@example.net,\x01auth=Bearer abc.DEF-1==\x01\x01',
  ],
  [
    'a token of nobody in particular goes by OAUTHBEARER',
    { mechanisms: ['X-OAUTH2', 'OAUTHBEARER'] },
    { kind: 'token', token: 'abc' },
    LOOPBACK,
    'OAUTHBEARER',
    'n,,\x01auth=Bearer abc\x01\x01',
  ],
  [
    "a token goes by ejabberd's X-OAUTH2",
    { mechanisms: ['X-OAUTH2', 'PLAIN'] },
    TOKEN,
    TLS,
    'X-OAUTH2',
    '\0alice\0abc.DEF-1==',
  ],
  ['a certificate goes by EXTERNAL', { mechanisms: ALL }, CERTIFICATE, TLS, 'EXTERNAL', 'alice@example.net'],
  ['a certificate may speak for itself', { mechanisms: ALL }, { kind: 'external' }, TLS, 'EXTERNAL', ''],
];

for (const [what, offer, credential, channel, mechanism, initial] of CHOSEN) {
  test(`${what}: ${mechanism}`, () => {
    const exchange = choose(offer, credential, channel);
    assert.deepEqual([exchange.mechanism, said(exchange)], [mechanism, initial]);
    assert.equal(said(exchange), initial, 'asked again, it says the same');
  });
}

/**
 * Hostile logins (RFC 6120 §6.5, RFC 4616, RFC 5802): whoever knows one password must never become somebody else, nor be
 * let in by a message that is not as it should be. The attacker is `mallory`, and the one to become is `alice`.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { parseJid } from '../jid.ts';
import type { SaslCondition } from './conditions.ts';
import type { Credentials } from './credentials.ts';
import type { Step } from './exchange.ts';
import { Kdf } from './kdf.ts';
import { mechanismNamed } from './mechanism.ts';
import { type AccountKeys, clientProof, type DerivedKeys, deriveKeys, newAccountKeys } from './scram-keys.ts';

const DOMAIN = parseJid('example.net');
const KDF = new Kdf();
const accounts = new Map<string, AccountKeys>();
const CREDENTIALS: Credentials = {
  kdf: KDF,
  decoySecret: Buffer.alloc(32, 1),
  lookup: async name => accounts.get(name),
};

before(async () => {
  accounts.set('mallory', await newAccountKeys(KDF, 'known'));
  accounts.set('alice', await newAccountKeys(KDF, 'not known'));
});

function start(mechanism: string) {
  const exchange = mechanismNamed(mechanism)?.start({ domain: DOMAIN, credentials: CREDENTIALS });
  assert.ok(exchange);
  return exchange;
}

function conditionOf(step: Step): string {
  return step.kind === 'failure'
    ? step.condition
    : `${step.kind}${step.kind === 'success' ? ` as ${step.account}` : ''}`;
}

const BAD = 'malformed-request';
const WRONG = 'not-authorized';
const OTHER = 'invalid-authzid';

const PLAIN: readonly (readonly [what: string, message: string | Uint8Array, condition: SaslCondition])[] = [
  ['nothing', '', BAD],
  ['one NUL', '\0', BAD],
  ['two NULs', '\0\0', BAD],
  ['no name', '\0\0known', BAD],
  ['no password', '\0mallory\0', BAD],
  ['no authorization identity and no NUL for it', 'mallory\0known', BAD],
  ['a third NUL', '\0mallory\0known\0', BAD],
  ['NUL in front', '\0\0mallory\0known', BAD],
  ['a second login behind the first', '\0mallory\0known\0alice\0', BAD],
  ['a name with NUL in it', '\0alice\0mallory\0known', BAD],
  ['the address of another', 'alice@example.net\0mallory\0known', OTHER],
  ['the name of another', 'alice\0mallory\0known', OTHER],
  ['the own name without a domain', 'mallory\0mallory\0known', OTHER],
  ['the own name at another domain', 'mallory@example.com\0mallory\0known', OTHER],
  ['the own full address', 'mallory@example.net/desk\0mallory\0known', OTHER],
  ['the domain', 'example.net\0mallory\0known', OTHER],
  ['the address of another in disguise', 'ａｌｉｃｅ@example.net\0mallory\0known', OTHER],
  ['a space as authorization identity', ' \0mallory\0known', OTHER],
  ['a mark as authorization identity', '\uFEFF\0mallory\0known', OTHER],
  ['the right address of the wrong name', 'alice@example.net\0alice\0known', WRONG],
  ['the password of another account', '\0alice\0known', WRONG],
  ['the name in disguise', '\0ａlice\0known', WRONG],
  ['an address as name', '\0alice@example.net\0known', WRONG],
  ['an address as name, with a slash', '\0alice/mallory\0known', WRONG],
  ['a name that only looks the same', '\0аlice\0known', WRONG],
  ['a name with an invisible character', '\0alice\u200B\0known', WRONG],
  ['a name after a byte order mark', '\uFEFF\0\uFEFFalice\0known', OTHER],
  ['a name with a line end', '\0alice\n\0known', WRONG],
  ['a name with a space', '\0alice \0known', WRONG],
  ['a prototype', '\0__proto__\0known', WRONG],
  ['SQL as a name', "\0alice' OR 1=1 --\0known", WRONG],
  ['a password with a control character', '\0mallory\0known\u0007', WRONG],
  ['a password with a space more', '\0mallory\0known ', WRONG],
  ['a password in other case', '\0mallory\0Known', WRONG],
  ['a very long password', `\0mallory\0${'x'.repeat(2_000)}`, WRONG],
  ['a very long name', `\0${'m'.repeat(4_000)}\0known`, WRONG],
  ['a very long message', `\0mallory\0${'x'.repeat(9_000)}`, BAD],
  ['no UTF-8', Buffer.from('\0mallory\0known\xFF', 'latin1'), BAD],
  ['an overlong NUL', Buffer.from('\0mallory\xC0\x80\0known', 'latin1'), BAD],
  ['an encoded surrogate', Buffer.from('\0mallory\xED\xA0\x80\0known', 'latin1'), BAD],
  ['UTF-16', Buffer.from('\0mallory\0known', 'utf16le'), BAD],
];

for (const [what, message, condition] of PLAIN) {
  test(`PLAIN: ${what} is ${condition}`, async () => {
    assert.equal(conditionOf(await start('PLAIN').respond(Buffer.from(message))), condition);
  });
}

const FIRST: readonly (readonly [what: string, message: string | Uint8Array, condition: SaslCondition])[] = [
  ['nothing', '', BAD],
  ['no header', 'n=alice,r=abc', BAD],
  ['a header without its second comma', 'n,n=mallory,r=abc', BAD],
  ['an unknown flag', 'x,,n=mallory,r=abc', BAD],
  ['a flag in upper case', 'N,,n=mallory,r=abc', BAD],
  ['channel binding', 'p=tls-exporter,,n=mallory,r=abc', BAD],
  ['channel binding without a name', 'p=,,n=mallory,r=abc', BAD],
  ['an empty authorization identity', 'n,a=,n=mallory,r=abc', BAD],
  ['an authorization identity without its letter', 'n,mallory,n=mallory,r=abc', BAD],
  ['another as authorization identity', 'n,a=alice@example.net,n=mallory,r=abc', OTHER],
  ['another, escaped', 'n,a=alice=2C@example.net,n=mallory,r=abc', OTHER],
  ['the name of another', 'n,a=alice,n=mallory,r=abc', OTHER],
  ['an extension that must be understood', 'n,,m=ext,n=mallory,r=abc', BAD],
  ['such an extension at the end', 'n,,n=mallory,r=abc,m=ext', BAD],
  ['no name', 'n,,r=abc', BAD],
  ['an empty name', 'n,,n=,r=abc', BAD],
  ['no nonce', 'n,,n=mallory', BAD],
  ['an empty nonce', 'n,,n=mallory,r=', BAD],
  ['a nonce with a control character', 'n,,n=mallory,r=a\u0001c', BAD],
  ['a nonce with a space', 'n,,n=mallory,r=a c', BAD],
  ['a nonce beyond ASCII', 'n,,n=mallory,r=äbc', BAD],
  ['the nonce before the name', 'n,,r=abc,n=mallory', BAD],
  ['two names', 'n,,n=mallory,n=alice,r=abc', BAD],
  ['two names, the second behind', 'n,,n=mallory,r=abc,n=alice', BAD],
  ['two nonces', 'n,,n=mallory,r=abc,r=def', BAD],
  ['an extension twice', 'n,,n=mallory,r=abc,x=1,x=2', BAD],
  ['an extension without a value', 'n,,n=mallory,r=abc,x=', BAD],
  ['an extension without a letter', 'n,,n=mallory,r=abc,=1', BAD],
  ['a comma at the end', 'n,,n=mallory,r=abc,', BAD],
  ['an escape that is none', 'n,,n=mal=20lory,r=abc', BAD],
  ['an escape in lower case', 'n,,n=mal=2clory,r=abc', BAD],
  ['an escape that is cut off', 'n,,n=mallory=2,r=abc', BAD],
  ['a lone equals sign', 'n,,n=mallory=,r=abc', BAD],
  ['NUL in the name', 'n,,n=mallory\0,r=abc', BAD],
  ['NUL in the header', 'n,a=mallory@example.net\0,n=mallory,r=abc', BAD],
  ['a byte order mark', '\uFEFFn,,n=mallory,r=abc', BAD],
  ['no UTF-8', Buffer.from('n,,n=mallory\xFF,r=abc', 'latin1'), BAD],
  ['an overlong comma', Buffer.from('n,,n=mallory\xC0\xAC,r=abc', 'latin1'), BAD],
  ['a very long message', `n,,n=mallory,r=${'a'.repeat(9_000)}`, BAD],
];

for (const [what, message, condition] of FIRST) {
  test(`SCRAM, first message: ${what} is ${condition}`, async () => {
    assert.equal(conditionOf(await start('SCRAM-SHA-256').respond(Buffer.from(message))), condition);
  });
}

/** What an honest client has at hand for its final message. */
interface Client {
  readonly keys: DerivedKeys;
  readonly bare: string;
  readonly serverFirst: string;
  readonly nonce: string;
  /** The proof over this message and the ones before, as base64. */
  prove(withoutProof: string): string;
}

function honest({ nonce, prove }: Client): string {
  return `c=biws,r=${nonce},p=${prove(`c=biws,r=${nonce}`)}`;
}

/** Answers the challenge to a first message with what the password `known` gives. */
async function login(first: string, final: (client: Client) => string): Promise<Step> {
  const exchange = start('SCRAM-SHA-256');
  const challenge = await exchange.respond(Buffer.from(first));
  assert.ok(challenge.kind === 'challenge', conditionOf(challenge));
  const serverFirst = Buffer.from(challenge.data).toString();
  const [, nonce = '', salt = '', rounds] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
  const parameters = { hash: 'SHA-256', salt: Buffer.from(salt, 'base64'), iterations: Number(rounds) } as const;
  const keys = await deriveKeys(KDF, 'known', parameters);
  const bare = first.replace(/^[^,]*,[^,]*,/, '');
  const prove = (withoutProof: string) =>
    Buffer.from(clientProof(keys, `${bare},${serverFirst},${withoutProof}`)).toString('base64');
  return exchange.respond(Buffer.from(final({ keys, bare, serverFirst, nonce, prove })));
}

function proven(withoutProof: (nonce: string) => string): (client: Client) => string {
  return ({ nonce, prove }) => `${withoutProof(nonce)},p=${prove(withoutProof(nonce))}`;
}

const FINAL: readonly (readonly [what: string, final: (client: Client) => string, condition: SaslCondition])[] = [
  ['nothing', () => '', BAD],
  ['only a proof', ({ prove }) => `p=${prove('')}`, BAD],
  ['no proof', ({ nonce }) => `c=biws,r=${nonce}`, BAD],
  ['an empty proof', ({ nonce }) => `c=biws,r=${nonce},p=`, BAD],
  ['a proof that is not base64', ({ nonce }) => `c=biws,r=${nonce},p=?`, BAD],
  ['a proof without padding', client => honest(client).replace(/=$/, ''), BAD],
  ['a proof with stray bits', client => honest(client).replace(/.=$/, 'b='), BAD],
  ['a proof that is too short', ({ nonce }) => `c=biws,r=${nonce},p=AAAA`, WRONG],
  ['a proof that is too long', ({ nonce }) => `c=biws,r=${nonce},p=${'AAAA'.repeat(16)}`, WRONG],
  ['a proof of zeros', ({ nonce }) => `c=biws,r=${nonce},p=${Buffer.alloc(32).toString('base64')}`, WRONG],
  [
    'the stored key as proof',
    ({ nonce, keys }) => `c=biws,r=${nonce},p=${Buffer.from(keys.storedKey).toString('base64')}`,
    WRONG,
  ],
  [
    'the client key as proof',
    ({ nonce, keys }) => `c=biws,r=${nonce},p=${Buffer.from(keys.clientKey).toString('base64')}`,
    WRONG,
  ],
  ['a proof over other messages', ({ nonce, prove }) => `c=biws,r=${nonce},p=${prove('c=biws')}`, WRONG],
  ['the nonce of the client alone', proven(nonce => `c=biws,r=${nonce.slice(0, 3)}`), WRONG],
  ['another nonce', proven(nonce => `c=biws,r=${nonce}x`), WRONG],
  ['the nonce in other case', proven(nonce => `c=biws,r=${nonce.toUpperCase()}`), WRONG],
  ['no nonce', proven(() => 'c=biws'), BAD],
  ['two nonces', proven(nonce => `c=biws,r=${nonce},r=${nonce}`), BAD],
  ['another header', proven(nonce => `c=${Buffer.from('y,,').toString('base64')},r=${nonce}`), WRONG],
  [
    'a header with an identity',
    proven(nonce => `c=${Buffer.from('n,a=alice@example.net,').toString('base64')},r=${nonce}`),
    WRONG,
  ],
  [
    'a header with data of a channel',
    proven(nonce => `c=${Buffer.from('n,,data').toString('base64')},r=${nonce}`),
    WRONG,
  ],
  ['an empty header', proven(nonce => `c=,r=${nonce}`), BAD],
  ['no header', proven(nonce => `r=${nonce}`), BAD],
  ['the header behind the nonce', proven(nonce => `r=${nonce},c=biws`), BAD],
  ['a header that is not base64', proven(nonce => `c=biw,r=${nonce}`), BAD],
  ['an extension that must be understood', proven(nonce => `c=biws,r=${nonce},m=ext`), BAD],
  ['such an extension in front', proven(nonce => `m=ext,c=biws,r=${nonce}`), BAD],
  ['something behind the proof', client => `${honest(client)},x=1`, BAD],
  ['two proofs', client => `${honest(client)},p=AAAA`, BAD],
  ['a name', proven(nonce => `c=biws,r=${nonce},n=alice`), BAD],
  ['the first message again', ({ bare }) => `n,,${bare}`, BAD],
  ['our own message', ({ serverFirst }) => serverFirst, BAD],
  ['a NUL at the end', client => `${honest(client)}\0`, BAD],
];

for (const [what, final, condition] of FINAL) {
  test(`SCRAM, final message: ${what} is ${condition}`, async () => {
    assert.equal(conditionOf(await login('n,,n=mallory,r=abc', final)), condition);
  });
}

test('the honest message that the hostile ones were made from does log in, and as oneself', async () => {
  assert.equal(conditionOf(await login('n,,n=mallory,r=abc', honest)), 'success as mallory@example.net');
  const extended = proven(nonce => `c=biws,r=${nonce},x=1`);
  assert.equal(conditionOf(await login('n,,n=Mallory,r=abc,y=2', extended)), 'success as mallory@example.net');
  for (const header of ['y,,', 'n,a=mallory@example.net,', 'y,a=Mallory@EXAMPLE.net,']) {
    const repeated = proven(nonce => `c=${Buffer.from(header).toString('base64')},r=${nonce}`);
    assert.equal(conditionOf(await login(`${header}n=mallory,r=abc`, repeated)), 'success as mallory@example.net');
  }
});

test('another name with the known password is not authorized, whether or not there is such an account', async () => {
  for (const name of [
    'alice',
    'nobody',
    'ａlice',
    'alice=2C',
    'alice=3D',
    'alice=3D2C',
    'alice@example.net',
    'alice\u200B',
  ]) {
    assert.equal(conditionOf(await login(`n,,n=${name},r=abc`, honest)), WRONG, name);
  }
});

test('a proof that was seen once is worth nothing in the next exchange', async () => {
  let seen = '';
  await login('n,,n=mallory,r=abc', client => {
    seen = honest(client);
    return seen;
  });
  assert.equal(conditionOf(await login('n,,n=mallory,r=abc', () => seen)), WRONG);
});

/**
 * Hostile servers (RFC 6120 §6.5, RFC 5802 §5, §9): nobody may seem to be logged in unless the server has proven that it knows
 * the account. The server knows the user's salt at most, and may say whatever it likes, whenever it likes.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { chooseMechanism } from './client.ts';
import type { ClientCredential, ClientExchange } from './client-exchange.ts';
import { SaslFault, type SaslReason } from './client-fault.ts';
import { Kdf } from './kdf.ts';
import { type DerivedKeys, deriveKeys, serverSignature } from './scram-keys.ts';

const KDF = new Kdf();
const FIRST = 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4096';
const AUTH_MESSAGE = `n=user,r=abc,${FIRST},c=biws,r=abcdef`;
const BAD = 'malformed-answer';
const TURN = 'unexpected-answer';
const FAKE = 'server-unproven';

/** The keys that the true server has, to make what an attacker could only dream of. */
let keys: DerivedKeys;
before(async () => {
  const salt = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
  keys = await deriveKeys(KDF, 'pencil', { hash: 'SHA-256', salt, iterations: 4096 });
});

function begin(mechanism = 'SCRAM-SHA-256', kind: 'password' | 'token' | 'external' = 'password'): ClientExchange {
  const credentials: Record<string, ClientCredential> = {
    password: { kind: 'password', authcid: 'user', password: 'pencil' },
    token: { kind: 'token', token: 'abc' },
    external: { kind: 'external' },
  };
  const offer = { profile: 'sasl', mechanisms: [mechanism] } as const;
  const credential = credentials[kind];
  assert.ok(credential);
  return chooseMechanism(offer, credential, { secure: true, allowPlain: false }, { kdf: KDF, nonce: () => 'abc' });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function proof(text = AUTH_MESSAGE): string {
  return `v=${base64(serverSignature(keys, text))}`;
}

/** How a fault looks from outside; anything else is none. */
function reasonOf(error: unknown): string {
  return error instanceof SaslFault ? error.reason : `no fault: ${error}`;
}

const CHALLENGES: readonly (readonly [what: string, message: string | Uint8Array, reason: SaslReason])[] = [
  ['nothing', '', BAD],
  ['the nonce of the client alone', 'r=abc,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['a nonce that only ends in the client one', 'r=defabc,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['a nonce in other case', 'r=ABCdef,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['another nonce', 'r=xyzdef,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['an empty nonce', 'r=,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['a nonce with a space', 'r=abc def,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['a nonce beyond ASCII', 'r=abcdéf,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['a nonce with NUL', 'r=abc\0def,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['no nonce', 's=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['no salt', 'r=abcdef,i=4096', BAD],
  ['an empty salt', 'r=abcdef,s=,i=4096', BAD],
  ['a salt that is not base64', 'r=abcdef,s=%%%%,i=4096', BAD],
  ['a salt without padding', 'r=abcdef,s=QSXCR+Q6sek8bf9,i=4096', BAD],
  ['a salt with stray bits', 'r=abcdef,s=QSXCR+Q6sek8bf9=,i=4096', BAD],
  ['no iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92', BAD],
  ['empty iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=', BAD],
  ['no number of iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=many', BAD],
  ['0 iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=0', BAD],
  ['negative iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=-4096', BAD],
  ['iterations with a fraction', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4096.5', BAD],
  ['iterations with an exponent', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4e3', BAD],
  ['iterations with a zero in front', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=04096', BAD],
  ['hexadecimal iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=0x1000', BAD],
  ['iterations of 40 digits', `r=abcdef,s=QSXCR+Q6sek8bf92,i=1${'0'.repeat(39)}`, BAD],
  ['1 iteration', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=1', 'iterations-out-of-bounds'],
  ['4095 iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4095', 'iterations-out-of-bounds'],
  ['2000001 iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=2000001', 'iterations-out-of-bounds'],
  ['4294967296 iterations', 'r=abcdef,s=QSXCR+Q6sek8bf92,i=4294967296', 'iterations-out-of-bounds'],
  ['two nonces', 'r=abcdef,r=abcxyz,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['two salts', 'r=abcdef,s=QSXCR+Q6sek8bf92,s=QSXCR+Q6sek8bf92,i=4096', BAD],
  ['iterations twice', `${FIRST},i=1`, BAD],
  ['a second nonce at the end', `${FIRST},r=abc`, BAD],
  ['the salt before the nonce', 's=QSXCR+Q6sek8bf92,r=abcdef,i=4096', BAD],
  ['the iterations before the salt', 'r=abcdef,i=4096,s=QSXCR+Q6sek8bf92', BAD],
  ['an extension that must be understood', `m=ext,${FIRST}`, BAD],
  ['such an extension at the end', `${FIRST},m=ext`, BAD],
  ['an extension twice', `${FIRST},x=1,x=2`, BAD],
  ['an extension without a value', `${FIRST},x=`, BAD],
  ['a comma at the end', `${FIRST},`, BAD],
  ['a comma in front', `,${FIRST}`, BAD],
  ['attributes in upper case', FIRST.toUpperCase(), BAD],
  ['NUL at the end', `${FIRST}\0`, BAD],
  ['a line end', `${FIRST}\r\n`, BAD],
  ['a byte order mark', `\uFEFF${FIRST}`, BAD],
  ['no UTF-8', Buffer.from(`${FIRST},x=\xFF`, 'latin1'), BAD],
  ['an overlong comma', Buffer.from('r=abcdef\xC0\xACs=QSXCR+Q6sek8bf92,i=4096', 'latin1'), BAD],
  ['an encoded surrogate', Buffer.from(`${FIRST},x=\xED\xA0\x80`, 'latin1'), BAD],
  ['UTF-16', Buffer.from(FIRST, 'utf16le'), BAD],
  ['a very long message', `${FIRST},x=${'a'.repeat(9_000)}`, BAD],
  ['our own message', 'n,,n=user,r=abc', BAD],
  ['a hash of another offer', `${FIRST},h=AAAA`, 'downgraded'],
  ['the final message', 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=', BAD],
  ['an error', 'e=unknown-user', BAD],
];

for (const [what, message, reason] of CHALLENGES) {
  test(`SCRAM, first challenge: ${what} is ${reason}, and costs no derivation`, async () => {
    const exchange = begin();
    const spent = KDF.started;
    assert.equal(await exchange.challenge(Buffer.from(message)).catch(reasonOf), reason);
    assert.equal(KDF.started, spent);
    assert.throws(() => exchange.success(Buffer.from(proof())), { reason: TURN }, 'nothing helps after that');
    assert.equal(await exchange.challenge(Buffer.from(FIRST)).catch(reasonOf), TURN);
  });
}

/** The last word; a function where it takes what only the true server has. */
type LastWord = string | Uint8Array | undefined | (() => string);

const LAST_WORDS: readonly (readonly [what: string, word: LastWord, reason: SaslReason])[] = [
  ['nothing', undefined, FAKE],
  ['no bytes', '', BAD],
  ['a signature of zeros', `v=${base64(Buffer.alloc(32))}`, FAKE],
  ['an empty signature', 'v=', BAD],
  ['a signature that is not base64', 'v=????', BAD],
  ['a signature that is too short', () => `v=${base64(serverSignature(keys, AUTH_MESSAGE).subarray(0, 31))}`, FAKE],
  [
    'a signature that is too long',
    () => `v=${base64(Buffer.concat([serverSignature(keys, AUTH_MESSAGE), Buffer.of(0)]))}`,
    FAKE,
  ],
  ['a signature over other messages', () => proof(`n=user,r=abc,${FIRST},c=biws,r=abc`), FAKE],
  [
    'a signature with one bit changed',
    () => proof().replace(/=(.)/, (_, one: string) => (one === 'A' ? '=B' : '=A')),
    FAKE,
  ],
  ['a signature without padding', () => proof().replace(/=$/, ''), BAD],
  [
    'a signature by the stored key',
    () => `v=${base64(serverSignature({ ...keys, serverKey: keys.storedKey }, AUTH_MESSAGE))}`,
    FAKE,
  ],
  ['the stored key', () => `v=${base64(keys.storedKey)}`, FAKE],
  ['a signature under another name', () => proof().replace('v=', 'w='), BAD],
  ['a signature in upper case', () => proof().replace('v=', 'V='), BAD],
  ['two signatures', () => `${proof()},${proof()}`, BAD],
  ['a signature behind an extension', () => `x=1,${proof()}`, BAD],
  ['a signature with an extension that must be understood', () => `${proof()},m=1`, BAD],
  ['a signature and NUL', () => `${proof()}\0`, BAD],
  ['a signature and a comma', () => `${proof()},`, BAD],
  ['a signature behind a byte order mark', () => `\uFEFF${proof()}`, BAD],
  ['no UTF-8', Buffer.from('v=\xFF\xFE', 'latin1'), BAD],
  ['a very long message', `v=${'AAAA'.repeat(3_000)}`, BAD],
  ['the first message again', FIRST, BAD],
  ['our own message', 'c=biws,r=abcdef,p=AAAA', BAD],
  ['an error of the proof', 'e=invalid-proof', 'not-authorized'],
  ['an unknown user', 'e=unknown-user', 'not-authorized'],
  ['an error of the server', 'e=no-resources', 'temporary-auth-failure'],
  ['an error of the binding', 'e=channel-bindings-dont-match', 'downgraded'],
  ['an error that nobody knows', 'e=whatever', 'malformed-request'],
  ['an error with a signature', () => `e=other-error,${proof()}`, 'malformed-request'],
];

function bytesOf(word: LastWord): Uint8Array | undefined {
  const said = typeof word === 'function' ? word() : word;
  return said === undefined ? undefined : Buffer.from(said);
}

for (const [what, word, reason] of LAST_WORDS) {
  test(`SCRAM, last word: ${what} is ${reason}`, async () => {
    const ways: readonly ((exchange: ClientExchange) => unknown)[] = [
      exchange => exchange.success(bytesOf(word)),
      exchange => exchange.challenge(bytesOf(word) ?? new Uint8Array()),
    ];
    for (const [index, say] of ways.entries()) {
      const exchange = begin();
      await exchange.challenge(Buffer.from(FIRST));
      const expected = word === undefined && index === 1 ? BAD : reason;
      assert.equal(await (async () => say(exchange))().catch(reasonOf), expected);
      assert.throws(() => exchange.success(Buffer.from(proof())), { reason: TURN }, 'nothing helps after that');
      assert.equal(exchange.keys, undefined);
    }
  });
}

test('the honest words that the hostile ones were made from do log in', async () => {
  const exchange = begin();
  await exchange.challenge(Buffer.from(FIRST));
  exchange.success(Buffer.from(proof()));
  assert.deepEqual(exchange.keys, keys);
});

test('optional extensions are passed over, and are part of what is signed', async () => {
  const exchange = begin();
  const first = `${FIRST},x=1,Y=2`;
  await exchange.challenge(Buffer.from(first));
  assert.throws(() => exchange.success(Buffer.from(proof())), { reason: FAKE });
  const other = begin();
  await other.challenge(Buffer.from(first));
  other.success(Buffer.from(`${proof(AUTH_MESSAGE.replace(FIRST, first))},z=3`));
});

type Script = readonly ((exchange: ClientExchange) => unknown)[];
const challenge = (text: () => string) => (exchange: ClientExchange) => exchange.challenge(Buffer.from(text()));
const success = (text?: () => string) => (exchange: ClientExchange) => exchange.success(text && Buffer.from(text()));
const first = challenge(() => FIRST);

const TURNS: readonly (readonly [what: string, script: Script, exchange: () => ClientExchange])[] = [
  ['success before everything', [success()], begin],
  ['success before everything, with a signature', [success(proof)], begin],
  ['the first message twice', [first, first], begin],
  ['a challenge after the success', [first, success(proof), first], begin],
  ['a second success', [first, success(proof), success(proof)], begin],
  ['a second last word', [first, challenge(proof), challenge(proof)], begin],
  [
    'success while a challenge is being answered',
    [exchange => void first(exchange).catch(() => {}), success(proof)],
    begin,
  ],
  ['a challenge of PLAIN', [challenge(() => '')], () => begin('PLAIN')],
  ['a challenge after PLAIN', [success(), challenge(() => '')], () => begin('PLAIN')],
  ['success of PLAIN twice', [success(), success()], () => begin('PLAIN')],
  ['a challenge of EXTERNAL', [challenge(() => '')], () => begin('EXTERNAL', 'external')],
  [
    'success after the error of OAUTHBEARER',
    [challenge(() => '{"status":"invalid_token"}'), success()],
    () => begin('OAUTHBEARER', 'token'),
  ],
  [
    'a second error of OAUTHBEARER',
    [challenge(() => '{}'), challenge(() => '{}')],
    () => begin('OAUTHBEARER', 'token'),
  ],
];

for (const [what, script, make] of TURNS) {
  test(`out of turn: ${what} ends the login`, async () => {
    const exchange = make();
    for (const say of script.slice(0, -1)) await say(exchange);
    const last = script.at(-1);
    const ended = await (async () => last?.(exchange))().catch(reasonOf);
    assert.ok(ended === TURN || ended === BAD, String(ended));
    assert.throws(() => exchange.success(undefined), { reason: TURN });
  });
}

test('a login that was ended while a challenge was being answered does not come back', async () => {
  const exchange = begin();
  const answering = first(exchange);
  assert.throws(() => exchange.success(Buffer.from(proof())), { reason: TURN });
  await assert.rejects(answering, { reason: TURN });
  assert.throws(() => exchange.success(Buffer.from(proof())), { reason: TURN });
});

test('whatever bytes a server sends, in whatever order, nobody is logged in and nothing but a fault is thrown', async () => {
  const nearly = fc.constantFrom(FIRST, 'r=abcdef', 'v=AAAA', 'i=4096', 's=QSXC', ',', '=', '\0', 'm=1', 'h=', 'e=');
  const said = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.array(nearly).map(parts => Buffer.from(parts.join(','))),
  );
  const turn = fc.record({ success: fc.boolean(), data: said });
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 4 }), async turns => {
      const exchange = begin();
      for (const { success: isSuccess, data } of turns) {
        const say = async () => (isSuccess ? exchange.success(data) : exchange.challenge(data));
        const outcome = await say().catch(reasonOf);
        if (isSuccess) assert.ok(typeof outcome === 'string' && !outcome.startsWith('no fault'), String(outcome));
        else assert.ok(typeof outcome !== 'string' || !outcome.startsWith('no fault'), String(outcome));
        assert.equal(exchange.keys, undefined);
      }
    }),
    { numRuns: 500 },
  );
});

/**
 * Signatures, as the verifier of Standard Webhooks sees them.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { readSecret, sign } from './sign.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const OLD_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

function keysOf(...secrets: readonly string[]): readonly Uint8Array[] {
  return secrets.map(secret => readSecret(secret) ?? assert.fail());
}

const [KEY = assert.fail(), OLD_KEY = assert.fail()] = keysOf(SECRET, OLD_SECRET);

interface Sent {
  readonly id: string;
  readonly timestamp: number;
  readonly signature: string;
  readonly body: string;
}

function send(body: string, keys: readonly Uint8Array[] = [KEY], shift = 0): Sent {
  const [id, timestamp] = [randomUUID(), Math.floor(Date.now() / 1000) + shift];
  return { id, timestamp, signature: sign({ id, timestamp, body }, keys), body };
}

function isAccepted({ id, timestamp, signature, body }: Sent, secret = SECRET): boolean {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

/** A body of some JSON, with letters of all sizes. */
function randomBody(): string {
  return JSON.stringify({ body: randomBytes(randomInt(1, 400)).toString(randomInt(2) === 0 ? 'latin1' : 'base64') });
}

const BODIES = Array.from({ length: 1_000 }, randomBody);

test('a thousand bodies are accepted', () => {
  assert.equal(BODIES.filter(body => isAccepted(send(body))).length, BODIES.length);
});

/** What was changed on the way. */
const FORGERIES: Readonly<Record<string, (sent: Sent) => Sent>> = {
  'one character': sent => {
    const at = randomInt(sent.body.length);
    const flipped = String.fromCharCode(sent.body.charCodeAt(at) ^ 1);
    return { ...sent, body: sent.body.slice(0, at) + flipped + sent.body.slice(at + 1) };
  },
  'the last character': sent => ({ ...sent, body: sent.body.slice(0, -1) }),
  'the id': sent => ({ ...sent, id: randomUUID() }),
  'the time': sent => ({ ...sent, timestamp: sent.timestamp + 1 }),
  'the signature': sent => ({ ...sent, signature: sent.signature.replace(/.=$/, '_=') }),
};

for (const [what, forge] of Object.entries(FORGERIES)) {
  test(`none of a thousand is accepted where ${what} was changed`, () => {
    assert.equal(BODIES.filter(body => isAccepted(forge(send(body)))).length, 0);
  });
}

for (const shift of [-360, 360]) {
  test(`none is accepted ${shift} seconds from now`, () => {
    assert.equal(BODIES.slice(0, 100).filter(body => isAccepted(send(body, [KEY], shift))).length, 0);
  });
}

test('while the secret is changed, the old and the new one verify, and no other', () => {
  const sent = send('{}', [KEY, OLD_KEY]);
  assert.equal(sent.signature.split(' ').length, 2);
  assert.ok(isAccepted(sent) && isAccepted(sent, OLD_SECRET));
  assert.ok(!isAccepted(sent, `whsec_${randomBytes(32).toString('base64')}`));
});

test('bytes are signed as they are', () => {
  const body = Buffer.from([0xff, 0x00, 0xc3]);
  const terms = { id: 'a', timestamp: 1 };
  const signatures = [body, body.toString('latin1'), body.toString()].map(one => sign({ ...terms, body: one }, [KEY]));
  assert.equal(new Set(signatures).size, 3);
});

describe('a secret', () => {
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes).toString('base64')}`;
  for (const text of ['', SECRET.slice(6), of(23), of(65), `${of(24)}=`, `${of(24)}\n`, 'whsec_*', `${of(25)}=`]) {
    test(`is not ${JSON.stringify(text.slice(0, 20))} of ${text.length} characters`, () =>
      assert.equal(readSecret(text), undefined));
  }
  for (const bytes of [24, 25, 26, 64]) {
    test(`may have ${bytes} bytes`, () => assert.equal(readSecret(of(bytes))?.length, bytes));
  }
});

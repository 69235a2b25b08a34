/** draft-schmaus-kitten-sasl-ht §3: what a token proves, and what proves that the server gave it out. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { chooseMechanism } from './client.ts';
import type { ClientChannel, ClientExchange } from './client-exchange.ts';
import { HT_MECHANISMS } from './ht-client.ts';
import { Kdf } from './kdf.ts';

const CHANNEL: ClientChannel = {
  secure: true,
  allowPlain: false,
  exporter: Buffer.from('exporter'),
  endPoint: Buffer.from('end point'),
};
/** What each mechanism binds, as the server sees it. */
const BOUND: Readonly<Record<string, string>> = {
  'HT-SHA-256-EXPR': 'exporter',
  'HT-SHA-256-ENDP': 'end point',
  'HT-SHA-256-NONE': '',
};

function begin(mechanism: string): ClientExchange {
  const credential = { kind: 'fast', mechanism, token: 'secret-token:ä', authcid: 'user' } as const;
  const offer = { profile: 'sasl2', mechanisms: [], fast: Object.keys(BOUND) } as const;
  return chooseMechanism(offer, credential, CHANNEL, { kdf: new Kdf() });
}

function hmac(role: string, token = 'secret-token:ä'): Buffer {
  return createHmac('sha256', token).update(role).digest();
}

for (const { name } of HT_MECHANISMS) {
  const bound = BOUND[name] ?? 'unknown';

  test(`${name}: both sides prove the token on their channel`, () => {
    const exchange = begin(name);
    assert.equal(exchange.mechanism, name);
    const expected = Buffer.concat([Buffer.from('user\0'), hmac(`Initiator${bound}`)]);
    assert.deepEqual(Buffer.from(exchange.initial() ?? []), expected);
    exchange.success(hmac(`Responder${bound}`));
  });

  test(`${name}: a server that does not prove itself is not believed`, async () => {
    const right = hmac(`Responder${bound}`);
    const words: readonly (Uint8Array | undefined)[] = [
      undefined,
      new Uint8Array(),
      hmac(`Initiator${bound}`),
      hmac(`Responder${bound}x`),
      hmac(`Responder${bound}`, 'other'),
      right.subarray(0, 31),
      Buffer.concat([right, right]),
      Buffer.from(right.toString('hex')),
    ];
    for (const word of words) {
      const exchange = begin(name);
      assert.throws(() => exchange.success(word), { reason: 'server-unproven' });
      assert.throws(() => exchange.success(right), { reason: 'unexpected-answer' });
    }
    await assert.rejects(begin(name).challenge(right), { reason: 'unexpected-answer' });
  });
}

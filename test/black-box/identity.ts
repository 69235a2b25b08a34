/**
 * Black box: who may post, and from which address.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { escapeAttribute } from '../../src/xml/write.ts';
import { JSON_TYPE, jsonOf } from '../support/rest-client.ts';
import { type House, newId } from './house.ts';

/** Values of the Authorization header that let nobody in, each with the status of the answer. */
const UNACCEPTABLE: Readonly<Record<string, readonly [header: string, status: number]>> = {
  'credentials that are not base64': ['Basic *', 403],
  'credentials without a colon': [`Basic ${btoa('nobody')}`, 403],
  'credentials of nobody': [`Basic ${btoa('nobody.example:x')}`, 403],
  'an unknown scheme': ['Digest username="alice"', 401],
};

/** Registers the tests of this file. */
export function identityCases(house: () => House): void {
  senders(house);
  credentials(house);
}

/** A message to bob as JSON, with these keys besides. */
function messageTo({ bob }: House, keys: object = {}): object {
  return { kind: 'message', to: bob.jid, id: newId(), body: 'hi', ...keys };
}

function senders(house: () => House): void {
  it('lets a sender use its other addresses, from JSON and from XML', async () => {
    const { bob, backend } = house();
    const [json, xml] = [newId(), newId()];
    const replies = [
      await house().json(messageTo(house(), { id: json, from: backend.alsoFrom })),
      await house().xml(`<message from='${backend.alsoFrom}' to='${bob.jid}' id='${xml}'><body>hi</body></message>`),
    ];
    assert.deepEqual(
      replies.map(({ status }) => status),
      [202, 202],
    );
    for (const id of [json, xml]) assert.equal((await house().arrived(id)).attrs['from'], backend.alsoFrom);
    await house().nothingElse();
  });

  it('refuses addresses that are not the sender’s with 403 and sends nothing', async () => {
    const { bob, backend } = house();
    for (const from of backend.notFrom) {
      const replies = [
        await house().json(messageTo(house(), { from })),
        await house().xml(`<message from='${escapeAttribute(from)}' to='${bob.jid}'><body>hi</body></message>`),
        await house().json({ kind: 'iq', type: 'get', to: bob.jid, from, ping: true }),
      ];
      assert.deepEqual(
        replies.map(({ status }) => status),
        [403, 403, 403],
        from,
      );
    }
    await house().nothingElse();
  });
}

function credentials(house: () => House): void {
  it('asks for credentials with 401 and a challenge', async () => {
    const response = await fetch(`${house().backend.gateway.url}/rest`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE },
      body: JSON.stringify(messageTo(house())),
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm="[^"]+"/i);
    assert.partialDeepStrictEqual(await response.json(), {
      type: 'error',
      code: 401,
      error: { type: 'auth', condition: 'not-authorized' },
    });
    await house().nothingElse();
  });

  it('refuses a wrong password with 403, and does not repeat it', async () => {
    const { backend } = house();
    const password = 'this-is-wrong';
    const reply = await house().json(messageTo(house()), { as: { user: backend.sender.user, password } });
    assert.equal(reply.status, 403, reply.text);
    assert.partialDeepStrictEqual(jsonOf(reply), { type: 'error', code: 403, error: { type: 'auth' } });
    assert.equal(reply.text.includes(password), false);
    await house().nothingElse();
  });

  for (const [what, [authorization, status]] of Object.entries(UNACCEPTABLE)) {
    it(`answers ${what} with ${status}`, async () => {
      const reply = await house().json(messageTo(house()), { headers: { authorization } });
      assert.equal(reply.status, status, reply.text);
      await house().nothingElse();
    });
  }
}

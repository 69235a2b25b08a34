/**
 * What the log says where the keys of an issuer cannot be had.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { makeKey, openKeyPlace, sign } from '../../test/support/token-issuer.ts';
import { issuersOf } from './external-tokens.ts';

const HERE = { authorization: undefined, hostname: undefined, address: '192.0.2.1' };
const ISSUER = 'https://id.example';
const KEY = await makeKey('ES256', 'first');

/** The line after a token came whose keys are at a place. */
async function warningFor(place: string) {
  const { loaded } = await loadWritten({
    yaml: `hosts: { a.example: { embedded: , jwt: { issuer: "${ISSUER}", audience: [restanza], ${place} } } }\n`,
  });
  assert.ok(loaded !== undefined);
  const log = new MemoryLog();
  const [verifier] = issuersOf(loaded.config.hosts, address => ({ address }), log);
  const token = await sign(KEY, {
    iss: ISSUER,
    aud: 'restanza',
    sub: 'alice',
    exp: Math.floor(Date.now() / 1000) + 60,
  });
  await assert.rejects(async () => verifier?.verify(token, HERE), { code: 'issuer-unavailable' });
  const [{ level, message, ...fields } = {}, ...more] = log.lines;
  assert.deepEqual([level, more], ['warn', []]);
  return fields;
}

test('it names the key of the configuration, the address and the reason', async () => {
  const place = await openKeyPlace([KEY]);
  await using _ = place;
  place.answer('', 404);
  assert.deepEqual(await warningFor(`jwks_uri: "${place.url}"`), {
    setting: 'hosts.a.example.jwt.jwks_uri',
    source: place.url,
    reason: 'it answers 404',
  });
});

test('it names a file that is not there', async () => {
  assert.deepEqual(await warningFor('jwks_file: /nowhere/keys.json'), {
    setting: 'hosts.a.example.jwt.jwks_file',
    source: '/nowhere/keys.json',
    reason: 'there is no such file',
  });
});

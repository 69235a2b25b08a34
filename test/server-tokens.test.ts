/**
 * Bearer tokens that an XMPP server has issued (RFC 7628): who shows one over HTTP acts as the user for whom the server takes it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { C2sServer } from './support/c2s-server.ts';
import { startGateway } from './support/gateway.ts';
import { JSON_TYPE, post } from './support/rest-client.ts';
import { newSecret } from './support/secrets.ts';

const DOMAIN = 'home.example';

test('a token of the server is one of its user, and any other is refused after one login', async () => {
  const token = newSecret();
  await using server = await C2sServer.listen({ domain: DOMAIN, tokens: { [token]: 'alice' } });
  const virtualhost = { server: `xmpp://127.0.0.1:${server.port}`, tls: 'off' };
  await using gateway = await startGateway({ [DOMAIN]: { virtualhost } }, { secrets: [token] });
  const send = (bearer: string, id: string, more: object = {}) => {
    const body = JSON.stringify({ kind: 'message', to: `bob@${DOMAIN}`, id, body: id, ...more });
    return post(gateway.url, { body, type: JSON_TYPE, headers: { authorization: `Bearer ${bearer}` } });
  };
  assert.equal((await send('another', 'm0')).status, 403);
  assert.equal(server.accepted, 1);
  const first = await send(token, 'm1', { from: `alice@${DOMAIN}` });
  assert.equal(first.status, 202, first.text);
  const { session } = await server.next();
  assert.ok(session !== undefined);
  assert.match(session.address, /^alice@home\.example\/rest-/);
  assert.equal((await session.arrived.take()).attrs['id'], 'm1');
  assert.equal((await send(token, 'm2')).status, 202);
  assert.equal((await session.arrived.take()).attrs['id'], 'm2');
  assert.equal((await send(token, 'm3', { from: `bob@${DOMAIN}` })).status, 403, "it is nobody else's");
  assert.equal(server.accepted, 2);
});

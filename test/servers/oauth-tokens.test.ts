/**
 * Tokens that a Prosody with mod_http_oauth2 has granted, shown to the gateway (RFC 7628).
 *
 * It is a community module, and OAUTHBEARER came after Prosody 0.12 (`newer-prosody.ts`).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../support/gateway.ts';
import { lacking, newerProsody } from '../support/newer-prosody.ts';
import { freePorts } from '../support/ports.ts';
import { startProsody } from '../support/prosody.ts';
import { JSON_TYPE, post } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';

const MODULES = ['http_oauth2'];
const DOMAIN = 'home.example';
const ALICE = { user: 'alice', password: newSecret() };

/** A server that grants tokens for passwords, and where it does so. */
async function serving() {
  const [http = 0] = await freePorts(1);
  const global = `
authentication = "internal_hashed"
http_ports = { ${http} }
http_interfaces = { "127.0.0.1" }
https_ports = { }
http_default_host = "${DOMAIN}"
allowed_oauth2_grant_types = { "password" }
oauth2_registration_key = "${newSecret()}"`;
  const users = { [ALICE.user]: ALICE.password };
  const component = { domain: `rest.${DOMAIN}`, secret: newSecret() };
  const server = await startProsody({ domain: DOMAIN, users, component }, newerProsody([...MODULES, 'http'], global));
  return { server, endpoint: `http://127.0.0.1:${http}/oauth2/token` };
}

async function granted(endpoint: string): Promise<string> {
  const username = `${ALICE.user}@${DOMAIN}`;
  const form = { grant_type: 'password', username, password: ALICE.password, scope: 'xmpp' };
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
  assert.equal(response.status, 200);
  const { access_token: token } = JSON.parse(await response.text());
  assert.ok(typeof token === 'string');
  return token;
}

describe('a token of mod_http_oauth2', { skip: lacking(MODULES), timeout: 60_000 }, () => {
  it('lets its bearer act as its user, and another text does not', async () => {
    const { server, endpoint } = await serving();
    await using stack = new AsyncDisposableStack();
    stack.use(server);
    const token = await granted(endpoint);
    const virtualhost = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'off' };
    const gateway = stack.use(await startGateway({ [DOMAIN]: { virtualhost } }, { secrets: [token] }));
    const as = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } });
    const body = JSON.stringify({ kind: 'message', to: `bob@${DOMAIN}`, body: 'hi' });
    assert.equal((await post(gateway.url, { body, type: JSON_TYPE, ...as(token) })).status, 202);
    const ping = JSON.stringify({ kind: 'iq', type: 'get', to: DOMAIN, ping: true });
    assert.match((await post(gateway.url, { body: ping, type: JSON_TYPE, ...as(token) })).text, /"type":"result"/);
    const other = token.replace(/^(secret-token:)?./, '$1x');
    assert.equal((await post(gateway.url, { body, type: JSON_TYPE, ...as(other) })).status, 403);
  });
});

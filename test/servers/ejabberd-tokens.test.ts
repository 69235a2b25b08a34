/**
 * Tokens of ejabberd (X-OAUTH2): they are good together with the name of the account, and ejabberd has no way to ask whose a
 * token is. Needs Debian's `erlang-p1-oauth2`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectClient } from '../../src/link/client.ts';
import type { LinkState } from '../../src/link/link.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { C2sClient } from '../support/c2s-client.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { newSecret } from '../support/secrets.ts';

const domain = 'home.test';
const ISSUE = `{Token, _, _} = ejabberd_oauth:oauth_issue_token("alice@${domain}", 3600, "sasl_auth"),
io:format("token ~s~n", [Token]),
`;

test('a token logs in the account that it was issued for, and no other, named or not', async () => {
  const users = { alice: newSecret(), bob: newSecret() };
  const serving = { domain, users, component: { domain: `rest.${domain}`, secret: newSecret() } };
  await using server = await startEjabberd(serving, { settings: { oauth_access: 'all' }, after: ISSUE });
  const [, token = ''] = (await server.printed(['token '])).split(' ');
  const { c2s: port } = server.ports;

  async function login(user: string, shown: string): Promise<LinkState> {
    const account = parseJid(`${user}@${domain}`);
    const { promise, resolve } = Promise.withResolvers<LinkState>();
    await using link = connectClient({
      account,
      credential: { kind: 'token', token: shown, address: account },
      server: { host: '127.0.0.1', port, directTls: false },
      tls: 'off',
      trust: trusting(),
      log: new MemoryLog(),
      reconnect: false,
    });
    link.onState = state => {
      if (state.name !== 'suspended') resolve(state);
    };
    return await promise;
  }

  assert.equal((await login('alice', token)).name, 'online');
  for (const [user, shown] of [
    ['bob', token],
    ['alice', newSecret()],
  ] as const) {
    const state = await login(user, shown);
    assert.equal(state.name === 'closed' && state.cause.blame, 'credentials');
  }
  for (const name of ['', '?', domain]) {
    await using client = await C2sClient.connect(`127.0.0.1:${port}`);
    await client.open(domain);
    const initial = Buffer.from(`\0${name}\0${token}`).toString('base64');
    client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-OAUTH2'>${initial}</auth>`);
    const [answer] = await client.until(/<(success|failure)[\s\S]*/);
    assert.match(answer, /^<failure/, `the name '${name}'`);
  }
});

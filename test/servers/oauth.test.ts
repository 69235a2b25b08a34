/**
 * The authorization server with programs and servers that others have written: the flow that mod_rest's example goes, by
 * Debian's `requests-oauthlib`, and accounts that live on Prosody and ejabberd.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { startEjabberd } from '../support/ejabberd.ts';
import { Folder } from '../support/folder.ts';
import { FormBrowser } from '../support/form-browser.ts';
import { startGateway } from '../support/gateway.ts';
import { connectNative } from '../support/native-peer.ts';
import {
  authorizationUrl,
  decide,
  exchange,
  newPkce,
  registerClient,
  tell,
  tokensFor,
} from '../support/oauth-client.ts';
import { having } from '../support/peer.ts';
import { Child } from '../support/process.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import type { XmppServer } from '../support/xmpp-server.ts';

/** What no log may hold: the beginnings of all codes, tokens and client secrets. */
const CANARIES = ['oac_', 'oat_', 'ort_', 'odc_', 'ocs_'];
const EMBEDDED = { c2s: '127.0.0.1:0', accounts: { alice: 'wonderland', bob: 'builder' } };
const SOON = 20_000;

/** As the example does it: discovery, registration, a code by hand, Basic, and no PKCE anywhere. */
const EXAMPLE = `
import json, sys
import requests
from requests_oauthlib import OAuth2Session

base, to = sys.argv[1:3]
server = requests.get(base + '/.well-known/oauth-authorization-server').json()
me = requests.post(server['registration_endpoint'], json={
    'client_name': 'Example in Python',
    'client_uri': 'https://example.com/about',
    'redirect_uris': ['urn:ietf:wg:oauth:2.0:oob'],
    'application_type': 'native',
}).json()
session = OAuth2Session(client_id=me['client_id'])
print('open ' + session.authorization_url(server['authorization_endpoint'])[0], flush=True)
session.fetch_token(token_url=server['token_endpoint'], code=sys.stdin.readline().strip(),
                    client_secret=me['client_secret'])
said = session.post(base + '/rest', json={'body': 'from Python', 'to': to, 'type': 'chat'})
print('said %d' % said.status_code, flush=True)
asked = session.post(base + '/rest', json={'disco': True, 'to': 'localhost'})
print('asked %d %s' % (asked.status_code, json.dumps(asked.json())), flush=True)
`;

describe('the example of mod_rest', () => {
  it('gets a token by requests-oauthlib and sends with it, and so does curl', async () => {
    await using gateway = await startGateway(
      { localhost: { embedded: EMBEDDED, oauth: { enabled: true } } },
      { secrets: CANARIES },
    );
    const { host, port } = gateway.c2s('localhost');
    const login = { host, port, user: 'bob', domain: 'localhost', password: 'builder', resource: 'test' };
    await using bob = await connectNative(login);
    await using folder = await Folder.make();
    const script = await folder.write('example.py', EXAMPLE);
    await using python = new Child({
      command: '/usr/bin/python3',
      args: [script, gateway.url, 'bob@localhost'],
      cwd: folder.path,
      env: { OAUTHLIB_INSECURE_TRANSPORT: '1' },
    });
    const url = (await python.line(['open '], SOON)).slice('open '.length);
    const page = await decide(gateway.url, url);
    python.write(/<output id="code">([^<]+)</.exec(page.text)?.[1] ?? '');
    assert.equal(await python.line(['said '], SOON), 'said 202');
    const message = await bob.next(having({ type: 'chat' }), 'the message from Python');
    assert.match(message.attrs['from'] ?? '', /^alice@localhost(?:\/|$)/);
    assert.match(await python.line(['asked '], SOON), /^asked 200 .*"disco"/);
    assert.deepEqual(await python.exited, { code: 0, signal: null }, python.transcript());

    const client = await registerClient(gateway.url, { token_endpoint_auth_method: 'none' });
    const { access } = await tokensFor(gateway.url, client);
    const json = JSON.stringify({ body: 'from curl', to: 'bob@localhost' });
    const args = [
      '-sS',
      '--oauth2-bearer',
      access,
      '-H',
      'Content-Type: application/json',
      '-d',
      json,
      '-w',
      '%{http_code}',
    ];
    const curl = spawnSync('/usr/bin/curl', [...args, `${gateway.url}/rest`], { encoding: 'utf8', timeout: SOON });
    assert.equal(curl.stdout, '202', curl.stderr);
    await bob.next(({ name }) => name === 'message', 'the message from curl');
    await gateway.stop();
  });
});

const domain = 'xmpp.test';
const component = { domain: 'rest.xmpp.test', secret: newSecret() };

/** A request for tokens with alice's password, for a role of Prosody. */
const GRANT = { grant_type: 'password', username: 'alice', password: 'wonderland', scope: 'prosody:registered' };

const SERVERS: Readonly<Record<string, (users: Readonly<Record<string, string>>) => Promise<XmppServer>>> = {
  // What it does by default: with passwords in clear it would have another salt at every login.
  Prosody: users =>
    startProsody(
      { domain, users, component },
      { modules: ['user_account_management'], global: 'authentication = "internal_hashed"' },
    ),
  ejabberd: users => startEjabberd({ domain, users, component }, { modules: { mod_register: {} } }),
};

/** Sends to bob with a token; returns the status. */
async function say(base: string, token: string, from?: string): Promise<number> {
  const stanza = {
    kind: 'message',
    type: 'chat',
    to: `bob@${domain}`,
    body: 'hi',
    ...(from !== undefined && { from }),
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${base}/rest`, { method: 'POST', headers, body: JSON.stringify(stanza) });
  await response.arrayBuffer();
  return response.status;
}

/** Gives alice a password, which may be the one that she has. */
async function setPassword(base: string, password: string, next: string): Promise<void> {
  const query = `<query xmlns='jabber:iq:register'><username>alice</username><password>${next}</password></query>`;
  const response = await fetch(`${base}/rest`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`alice@${domain}:${password}`).toString('base64')}`,
      'content-type': 'application/xmpp+xml',
    },
    body: `<iq type='set' to='${domain}'>${query}</iq>`,
  });
  assert.match(await response.text(), /type='result'/);
}

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`accounts on ${name}`, () => {
    it('give access that outlives a restart, without their password, and that ends with it', async () => {
      const users = { alice: 'wonderland', bob: newSecret() };
      await using server = await start(users);
      await using data = await Folder.make();
      const xmpp = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'off' };
      const hosts = { [domain]: { virtualhost: xmpp, oauth: { enabled: true } } };
      const options = { data: data.path, secrets: [...CANARIES, users.alice, 'looking-glass'] };
      const login = { host: '127.0.0.1', port: server.ports.c2s, user: 'bob', domain, password: users.bob };
      await using bob = await connectNative({ ...login, resource: 'test' });

      await using first = await startGateway(hosts, options);
      const client = await registerClient(first.url, { token_endpoint_auth_method: 'none' });
      const { access, refresh } = await tokensFor(first.url, client);
      assert.equal(await say(first.url, access), 202);
      const message = await bob.next(having({ type: 'chat' }), 'the message of a token');
      assert.match(message.attrs['from'] ?? '', /^alice@xmpp\.test\//);
      const wrong = await new FormBrowser().get(
        authorizationUrl(first.url, client, { code_challenge: newPkce().challenge, code_challenge_method: 'S256' }),
      );
      assert.equal(wrong.status, 200);
      await first.stop();

      await using second = await startGateway(hosts, options);
      assert.equal(await say(second.url, access), 202);
      const { body } = await exchange(second.url, client, { grant_type: 'refresh_token', refresh_token: refresh });
      assert.equal(await say(second.url, String(body['access_token'])), 202);
      const other = await registerClient(second.url, { token_endpoint_auth_method: 'none' });
      const doomed = await tokensFor(second.url, other);
      const revoked = new URLSearchParams({ token: doomed.refresh, client_id: other.client_id });
      assert.equal((await tell(`${second.url}/oauth2/revoke`, revoked)).status, 200);
      assert.equal(await say(second.url, doomed.access), 403);
      await setPassword(second.url, users.alice, 'looking-glass');
      await second.stop();

      await using third = await startGateway(hosts, options);
      assert.equal(await say(third.url, String(body['access_token'])), 403);
      const again = await exchange(third.url, client, {
        grant_type: 'refresh_token',
        refresh_token: String(body['refresh_token']),
      });
      assert.equal(again.body['error'], 'invalid_grant', 'the grant has ended with the password');
      await third.stop();
    });

    it('give access by a password that was set anew since their session began', async () => {
      const users = { alice: 'wonderland', bob: newSecret() };
      await using server = await start(users);
      const xmpp = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'off' };
      const hosts = { [domain]: { virtualhost: xmpp, oauth: { password_grant: true } } };
      await using gateway = await startGateway(hosts, { secrets: [...CANARIES, users.alice] });
      const client = await registerClient(gateway.url, { grant_types: ['password'] });
      // With a new salt, so that what the session's login has left is good for nothing.
      await setPassword(gateway.url, users.alice, users.alice);
      const told = await exchange(gateway.url, client, GRANT);
      assert.equal(told.status, 200, JSON.stringify(told.body));
      assert.equal(told.body['token_type'], 'bearer');
      assert.equal(await say(gateway.url, String(told.body['access_token'])), 202);
      await gateway.stop();
    });
  });
}

describe('a server that leaves no keys after a login', () => {
  it('has accounts that cannot give access, which is told at the login and for a password', async () => {
    const users = { alice: 'wonderland', bob: newSecret() };
    await using server = await startProsody(
      { domain, users, component },
      {
        global:
          'disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS" }',
      },
    );
    const xmpp = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'off' };
    await using gateway = await startGateway({ [domain]: { virtualhost: xmpp, oauth: { password_grant: true } } });
    const trusted = await registerClient(gateway.url, { grant_types: ['password'] });
    const { status, body } = await exchange(gateway.url, trusted, GRANT);
    assert.deepEqual([status, body['error']], [400, 'invalid_grant']);
    assert.match(String(body['error_description']), /cannot give access to applications/);
    const client = await registerClient(gateway.url, { token_endpoint_auth_method: 'none' });
    const browser = new FormBrowser();
    const request = { code_challenge: newPkce().challenge, code_challenge_method: 'S256' };
    const page = await browser.get(authorizationUrl(gateway.url, client, request));
    const fields = { ...page.hidden, username: 'alice', password: users.alice, decision: 'login' };
    const told = await browser.post(`${gateway.url}/oauth2/authorize`, fields);
    assert.equal(told.status, 403);
    assert.match(told.text, /cannot give access to applications/);
    await gateway.stop();
  });
});

describe('a component', () => {
  for (const [name, start] of Object.entries({ Prosody: startProsody, ejabberd: startEjabberd })) {
    it(`of ${name} gives tokens for its secret, to whoever has it, for any of its addresses`, async () => {
      const users = { alice: newSecret(), bob: newSecret() };
      await using server = await start({ domain, users, component });
      const login = { host: '127.0.0.1', port: server.ports.c2s, user: 'bob', domain, password: users.bob };
      await using bob = await connectNative({ ...login, resource: 'test' });
      const clients = { reporter: { secret: 'a secret of the operator', address: `reports@${component.domain}` } };
      await using gateway = await startGateway(
        {
          [component.domain]: {
            component: { server: `xmpp://127.0.0.1:${server.ports.component}`, secret: component.secret },
            oauth: { password_grant: true, clients },
          },
        },
        { secrets: [...CANARIES, clients.reporter.secret] },
      );
      await gateway.online(component.domain);
      const ask = (username: string, password: string) =>
        tell(`${gateway.url}/oauth2/token`, new URLSearchParams({ grant_type: 'password', username, password }));
      const { status, body } = await ask(`news@${component.domain}`, component.secret);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(await say(gateway.url, String(body['access_token'])), 202);
      const message = await bob.next(({ name: kind }) => kind === 'message', 'the message of the component');
      assert.equal(message.attrs['from']?.split('/')[0], `news@${component.domain}`);
      assert.equal(await say(gateway.url, String(body['access_token']), `other@${component.domain}`), 403);
      assert.equal((await ask(`news@${component.domain}`, 'guess')).body['error'], 'invalid_grant');
      assert.equal((await ask(`news@${domain}`, component.secret)).body['error'], 'invalid_grant');

      const basic = Buffer.from(`reporter:${encodeURIComponent(clients.reporter.secret)}`).toString('base64');
      const asked = new URLSearchParams({ grant_type: 'client_credentials', scope: 'send' });
      const own = await tell(`${gateway.url}/oauth2/token`, asked, { authorization: `Basic ${basic}` });
      assert.equal(await say(gateway.url, String(own.body['access_token'])), 202);
      const report = await bob.next(({ name: kind }) => kind === 'message', 'the message of the reporter');
      assert.equal(report.attrs['from']?.split('/')[0], `reports@${component.domain}`);

      const metadata = await tell(`${gateway.url}/.well-known/oauth-authorization-server`, undefined);
      assert.equal(metadata.body['authorization_endpoint'], undefined);
      assert.equal((await tell(`${gateway.url}/oauth2/authorize?client_id=x`, undefined)).status, 404);
      await gateway.stop();
    });
  }
});

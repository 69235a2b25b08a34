/**
 * A server that sends its clients to another one (`see-other-host`, RFC 6120 §4.9.3.19), as jabberd2 does when a domain has moved.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestAuthority } from '../support/certificates.ts';
import { Folder } from '../support/folder.ts';
import { startGateway } from '../support/gateway.ts';
import { startJabberd2 } from '../support/jabberd2.ts';
import { connectNative } from '../support/native-peer.ts';
import { having } from '../support/peer.ts';
import { JSON_TYPE, post } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';

const DOMAIN = 'moved.test';

test('users are followed to where their server sends them, and find it with its certificate', {
  timeout: 60_000,
}, async () => {
  await using folder = await Folder.make();
  const authority = await TestAuthority.make();
  const users = { alice: newSecret(), bob: newSecret() };
  const component = { domain: `rest.${DOMAIN}`, secret: newSecret() };
  const serving = { domain: DOMAIN, users, component, certificate: await authority.issue({ names: [DOMAIN] }) };
  await using home = await startJabberd2(serving);
  const elsewhere = { host: '127.0.0.1', port: home.ports.c2s };
  await using former = await startJabberd2(serving, { elsewhere });
  const server = `xmpp://127.0.0.1:${former.ports.c2s}`;
  const ca_file = await folder.write('ca.pem', authority.cert);
  await using gateway = await startGateway(
    { [DOMAIN]: { virtualhost: { server, tls: 'required', ca_file } } },
    { secrets: Object.values(users) },
  );
  await using bob = await connectNative({
    ...elsewhere,
    user: 'bob',
    domain: DOMAIN,
    password: users.bob,
    resource: 'x',
  });
  const { status, text } = await post(gateway.url, {
    body: JSON.stringify({ kind: 'message', type: 'chat', to: bob.jid, id: 'moved', body: 'Hello' }),
    type: JSON_TYPE,
    as: { user: `alice@${DOMAIN}`, password: users.alice },
  });
  assert.equal(status, 202, text);
  const arrived = await bob.next(having({ id: 'moved' }), 'the message');
  assert.match(arrived.attrs['from'] ?? '', /^alice@moved\.test\/rest-/);
  await gateway.logged(['"msg":"client login goes on at another server"']);
});

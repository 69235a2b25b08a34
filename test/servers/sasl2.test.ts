/**
 * A client link at a Prosody with SASL2, Bind 2, stream management within the login, and tokens (XEP-0388, XEP-0386, XEP-0198,
 * XEP-0484).
 *
 * These are community modules, and need functions that came after Prosody 0.12 (`newer-prosody.ts`).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trusting } from '../../src/link/tls-client.ts';
import { element } from '../../src/xml/element.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { TestAuthority } from '../support/certificates.ts';
import { ClientProbe, CREDENTIAL } from '../support/client-link.ts';
import { connectNative } from '../support/native-peer.ts';
import { lacking, newerProsody } from '../support/newer-prosody.ts';
import { oneByOne } from '../support/one-by-one.ts';
import { having } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { XmppServer } from '../support/xmpp-server.ts';

const MODULES = ['sasl2', 'sasl2_bind2', 'sasl2_sm', 'sasl2_fast'];
const MISSING = lacking(MODULES);

const DOMAIN = 'home.example';
const AUTHORITY = await TestAuthority.make();
const TRUST = trusting(AUTHORITY.cert);
const BY_TOKEN = ['authenticating using FAST'];

/** A server whose log tells what it was asked. */
async function serving(): Promise<XmppServer> {
  const certificate = await AUTHORITY.issue({ names: [DOMAIN] });
  const component = { domain: `rest.${DOMAIN}`, secret: newSecret() };
  const log = 'log = { { levels = { min = "debug" }, to = "console" } }';
  const users = { alice: CREDENTIAL.password };
  return startProsody({ domain: DOMAIN, users, certificate, component }, newerProsody([...MODULES, 'register'], log));
}

function peer(server: XmppServer) {
  const { c2s: port } = server.ports;
  const { authcid: user, password } = CREDENTIAL;
  return connectNative({ host: '127.0.0.1', port, user, domain: DOMAIN, password, resource: 'desk' });
}

/** What the owner of the account does from elsewhere (XEP-0077). */
async function register(server: XmppServer, change: string): Promise<void> {
  await using desk = await peer(server);
  desk.send(`<iq type='set' id='change'><query xmlns='jabber:iq:register'>${change}</query></iq>`);
  await desk.next(having({ id: 'change', type: 'result' }), 'the end of the change');
}

async function cut(proxy: TcpProxy, probe: ClientProbe): Promise<void> {
  proxy.cut('both');
  await probe.until('suspended');
}

describe('a client link at Prosody with SASL2 and tokens', { skip: MISSING, timeout: 120_000 }, () => {
  it('logs in with all in one, and goes back to its session by tokens, with nothing lost', async () => {
    await using server = await serving();
    await using proxy = await TcpProxy.listen(server.ports.c2s);
    await using probe = new ClientProbe(proxy.port, { tls: 'required', trust: TRUST });
    await probe.until('online');
    const { bound } = probe.link;
    assert.match(bound ?? '', /^alice@home\.example\/rest~/);
    await server.printed(['requested new FAST token for HT-SHA-256-EXPR']);
    await using desk = await peer(server);
    const stanzas = oneByOne(probe.link.incoming);
    for (const id of ['first', 'second', 'third']) {
      await cut(proxy, probe);
      desk.send(`<message to='${bound}' id='${id}'><body>hi</body></message>`);
      const sent = probe.link.send({ kind: 'message', to: parseJid(desk.jid), id, payload: [body(id)] }, 'acked');
      probe.clock.advance(5_000);
      await probe.until('online');
      await server.printed(BY_TOKEN);
      assert.equal((await stanzas.next()).value?.id, id);
      await sent;
      await desk.next(having({ id }), `the message ${id}`);
    }
    assert.equal(probe.link.bound, bound);
    assert.deepEqual(probe.sessions, [true]);
    assert.deepEqual(probe.log.with('client login begins anew without its token'), []);
    assert.doesNotMatch(JSON.stringify(probe.log.lines), /secret-token/);
  });

  it('begins a new session by the password after a restart of the server', async () => {
    await using server = await serving();
    await using proxy = await TcpProxy.listen(server.ports.c2s);
    await using probe = new ClientProbe(proxy.port, { tls: 'required', trust: TRUST });
    await probe.until('online');
    await server.kill();
    await probe.until('suspended');
    await server.start();
    probe.clock.advance(1_000);
    await probe.until('online');
    await server.printed(BY_TOKEN);
    assert.deepEqual(probe.sessions, [true, false]);
    const [{ why } = {}] = probe.log.with('client login begins anew without its token');
    assert.equal(why, 'the session that it was for is gone');
  });

  for (const [what, change] of [
    ['a changed password', `<username>alice</username><password>${newSecret()}</password>`],
    ['a removed account', '<remove/>'],
  ] as const) {
    it(`notices ${what} when it comes back`, async () => {
      await using server = await serving();
      await using proxy = await TcpProxy.listen(server.ports.c2s);
      await using probe = new ClientProbe(proxy.port, { tls: 'required', trust: TRUST });
      await probe.until('online');
      await cut(proxy, probe);
      await register(server, change);
      probe.clock.advance(500);
      const { cause } = await probe.until('connecting');
      assert.deepEqual([cause?.blame, cause?.condition], ['credentials', 'not-authorized']);
      await server.printed(BY_TOKEN);
    });
  }
});

function body(text: string) {
  return element('body', NS.client, {}, [text]);
}

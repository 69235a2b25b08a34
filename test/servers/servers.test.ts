/**
 * The test's own servers and clients, without the gateway: when this fails, the other tests of this folder cannot tell.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childNamed, textOf } from '../../src/xml/element.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { connectNative } from '../support/native-peer.ts';
import { type Connect, having } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

const domain = 'xmpp.test';
const users = { bob: newSecret(), carol: newSecret() };
const serving: Serving = { domain, users, component: { domain: 'rest.xmpp.test', secret: newSecret() } };

/** Not jabberd2: it refuses, now and then, a session of an account whose last one is just ending. */
const STARTS = { Prosody: startProsody, ejabberd: startEjabberd };
const PEERS = { slixmpp: connectSlixmpp, native: connectNative };

function login(connect: Connect, server: XmppServer, user: keyof typeof users) {
  const { c2s: port } = server.ports;
  return connect({ host: '127.0.0.1', port, user, domain, password: users[user], resource: 'test' });
}

for (const [name, start] of Object.entries(STARTS)) {
  describe(name, { timeout: 120_000 }, () => {
    for (const [peerName, connect] of Object.entries(PEERS)) {
      it(`carries messages and requests between ${peerName} peers`, async () => {
        await using server = await start(serving);
        await using bob = await login(connect, server, 'bob');
        await using carol = await login(connect, server, 'carol');
        assert.equal(bob.jid, 'bob@xmpp.test/test');
        bob.send(`<message to='${carol.jid}' id='m1'><body>1 &lt; 2 &#13;\u{1F600}\u2028]]&gt;</body></message>`);
        const message = await carol.next(having({ id: 'm1' }), 'the message');
        assert.equal(message.attrs['from'], bob.jid);
        // Both servers write U+000D as it is, and the next reader takes it for a line end.
        const body = childNamed(message, 'body');
        assert.equal(body && textOf(body), '1 < 2 \n\u{1F600}\u2028]]>');
        for (const to of [carol.jid, domain]) {
          bob.send(`<iq type='get' id='p-${to}' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`);
          assert.equal((await bob.next(having({ id: `p-${to}` }), 'the answer')).attrs['type'], 'result');
        }
      });

      it(`${peerName} peers leave the requests alone that they are told to ignore`, async () => {
        await using server = await start(serving);
        await using bob = await login(connect, server, 'bob');
        await using carol = await login(connect, server, 'carol');
        await carol.ignore('urn:example:silence');
        for (const name of ['silence', 'other']) {
          bob.send(`<iq type='get' id='${name}' to='${carol.jid}'><query xmlns='urn:example:${name}'/></iq>`);
        }
        assert.equal((await bob.next(having({ id: 'other' }), 'the answer')).attrs['type'], 'error');
        assert.equal(bob.takeAll().some(having({ id: 'silence' })), false);
        assert.equal((await carol.next(having({ id: 'silence' }), 'the request')).attrs['from'], bob.jid);
      });
    }

    it('keeps its ports and accounts over a restart and a crash', async t => {
      await using server = await start(serving);
      for (const end of ['stop', 'kill'] as const) {
        await server[end]();
        await assert.rejects(login(connectNative, server, 'bob'), /ECONNREFUSED/);
        t.diagnostic(`${name} started in ${await server.start()} ms`);
        await using bob = await login(connectNative, server, 'bob');
        assert.equal(bob.jid, 'bob@xmpp.test/test');
      }
    });

    it('refuses a wrong password', async () => {
      await using server = await start(serving);
      for (const connect of Object.values(PEERS)) {
        const port = server.ports.c2s;
        const wrong = { host: '127.0.0.1', port, user: 'bob', domain, password: 'wrong', resource: 'test' };
        await assert.rejects(connect(wrong), /failed_all_auth|instead of <success\/>/);
      }
    });
  });
}

/**
 * Servers that read their clients as slowly as their packages have it: a session that has much to say is not taken for dead.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectClient } from '../../src/link/client.ts';
import type { LinkState } from '../../src/link/link.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { messages } from '../support/link-probe.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { connectNative } from '../support/native-peer.ts';
import { having } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';

const domain = 'xmpp.test';
const users = { alice: newSecret(), bob: newSecret() };
const serving = { domain, users, component: { domain: 'rest.xmpp.test', secret: newSecret() } };
/** Milliseconds after which a stream without an answer is dead; what is sent takes the server longer. */
const DEAD = 30_000;
const KB = 1_000;

interface Slow {
  readonly start: (serving: Serving) => Promise<XmppServer>;
  /** How many messages of so many bytes are sent at once. */
  readonly count: number;
  readonly bytes: number;
}

const SLOW: Readonly<Record<string, Slow>> = {
  'Prosody, which reads 10 kB a second': {
    start: what => startProsody(what, { modules: ['limits'], global: 'limits = { c2s = { rate = "10kb/s" } }' }),
    count: 18,
    bytes: 20 * KB,
  },
  'ejabberd, which reads 3 kB a second': {
    start: what => startEjabberd(what, { rate: 3 * KB }),
    count: 1,
    bytes: 130 * KB,
  },
};

describe('a session that has much to say', { concurrency: true }, () => {
  for (const [name, { start, count, bytes }] of Object.entries(SLOW)) {
    it(`is not taken for dead at ${name}`, async () => {
      await using server = await start(serving);
      const place = { host: '127.0.0.1', port: server.ports.c2s };
      await using bob = await connectNative({ ...place, user: 'bob', domain, password: users.bob, resource: 'phone' });
      const [alice, phone] = [parseJid(`alice@${domain}`), parseJid(`bob@${domain}/phone`)];
      await using link = connectClient({
        account: alice,
        credential: { kind: 'password', authcid: 'alice', password: users.alice },
        server: { ...place, directTls: false },
        tls: 'off',
        trust: trusting(),
        reconnect: false,
        log: new MemoryLog(),
      });
      const states: LinkState['name'][] = [];
      const { promise: online, resolve } = Promise.withResolvers<void>();
      link.onState = ({ name: state }) => {
        states.push(state);
        if (state === 'online') resolve();
      };
      await online;
      const message = messages(alice, phone);
      const began = performance.now();
      const ids = Array.from({ length: count }, (_, number) => `m${number}`);
      await Promise.all(ids.map(id => link.send(message(id, 'x'.repeat(bytes)), 'acked')));
      assert.ok(performance.now() - began > DEAD, 'or else this tests nothing');
      await link.send(message('last'), 'acked');
      for (const id of [...ids, 'last']) {
        const { attrs } = await bob.next(having({ from: `${alice}/${link.bound?.split('/')[1]}` }), id);
        assert.equal(attrs['id'], id);
      }
      assert.deepEqual(states, ['online']);
    });
  }
});

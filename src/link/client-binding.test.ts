/**
 * By which channel binding a client link logs in, for what servers announce on each version of TLS (XEP-0440).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createServer, type SecureVersion } from 'node:tls';
import { TestAuthority } from '../../test/support/certificates.ts';
import { ClientProbe } from '../../test/support/client-link.ts';
import { portOf } from '../../test/support/port-of.ts';
import { NS } from '../xmpp/ns.ts';
import { trusting } from './tls-client.ts';

const DOMAIN = 'home.example';
const HEADER = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' from='${DOMAIN}' id='x' version='1.0'>`;
const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'].map(name => `<mechanism>${name}</mechanism>`).join('');
const authority = await TestAuthority.make();
const issued = await authority.issue({ names: [DOMAIN] });

/** The first message of a login at a server that announces these types of binding. */
async function firstMessage(maxVersion: SecureVersion, types: readonly string[]): Promise<string> {
  const announced = types.map(type => `<channel-binding type='${type}'/>`).join('');
  const features =
    `<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${announced}</sasl-channel-binding>` +
    `<mechanisms xmlns='${NS.sasl}'>${MECHANISMS}</mechanisms></stream:features>`;
  const { promise, resolve } = Promise.withResolvers<string>();
  await using stack = new AsyncDisposableStack();
  const server = createServer({ ...issued, maxVersion }, socket => {
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', chunk => {
      if (heard === '') socket.write(HEADER + features);
      heard += String(chunk);
      const [, initial] = /<auth [^>]*>([^<]+)<\/auth>/.exec(heard) ?? [];
      if (initial !== undefined) resolve(Buffer.from(initial, 'base64').toString());
    });
  });
  stack.defer(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const options = { tls: 'required', trust: trusting(authority.cert) } as const;
  const place = { server: { host: '127.0.0.1', port: portOf(server), directTls: true } };
  stack.use(new ClientProbe(portOf(server), { ...options, ...place }));
  return await promise;
}

describe('a client link binds its login to the channel', () => {
  for (const [version, types, flag] of [
    ['TLSv1.3', ['tls-exporter', 'tls-server-end-point'], 'p=tls-exporter'],
    ['TLSv1.3', ['tls-server-end-point'], 'p=tls-server-end-point'],
    ['TLSv1.2', ['tls-server-end-point', 'tls-unique'], 'p=tls-server-end-point'],
    // As Prosody does; XEP-0440 would have us give up.
    ['TLSv1.2', ['tls-unique'], 'n'],
  ] as const) {
    it(`by ${flag} on ${version} where ${types.join(' and ')} can be had`, async () => {
      assert.equal((await firstMessage(version, types)).split(',')[0], flag);
    });
  }
});

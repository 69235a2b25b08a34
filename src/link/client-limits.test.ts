/**
 * A client link at a server that says how large a stanza may be (XEP-0478).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { ClientProbe, message } from '../../test/support/client-link.ts';
import { listenRawTls } from '../../test/support/raw-tls.ts';
import { openStream } from '../xmpp/header.ts';
import { NS } from '../xmpp/ns.ts';
import { serialise } from './client-text.ts';

const limits = (most: number) => `<limits xmlns='${NS.streamLimits}'><max-bytes>${most}</max-bytes></limits>`;

/** A message of so many bytes. */
function large(bytes: number) {
  return message('1', 'x'.repeat(bytes - Buffer.byteLength(serialise(message('1', 'x'))) + 1));
}

async function assertMost(probe: ClientProbe, most: number): Promise<void> {
  await probe.link.send(large(most));
  await assert.rejects(probe.link.send(large(most + 1)), {
    code: 'too-large',
    message: new RegExp(`it is ${most + 1} bytes as XML, and the XMPP server takes ${most}$`),
  });
  assert.equal(probe.link.state.name, 'online');
}

describe('a client link at a server that says how large a stanza may be', () => {
  it('sends nothing larger than that, or than is configured', async () => {
    for (const [said, most] of [
      [10_000, 10_000],
      [1_000_000, 262_144],
    ] as const) {
      await using server = await C2sServer.listen({ more: limits(said) });
      await using probe = new ClientProbe(server.port);
      await probe.until('online');
      await assertMost(probe, most);
    }
  });

  it('heeds what was said last on a stream: before a login by SASL2, or behind it', async () => {
    const header = openStream({ contentNs: NS.client, from: 'home.example', id: 'x', version: '1.0' });
    const inline = `<inline><bind xmlns='${NS.bind2}'><inline><feature var='${NS.management}'/></inline></bind><sm xmlns='${NS.management}'/></inline>`;
    const offer = `<authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism>${inline}</authentication>`;
    const granted = (address: string, inside: string) =>
      `<success xmlns='${NS.sasl2}'><authorization-identifier>${address}</authorization-identifier>${inside}</success>`;
    const enabled = `<bound xmlns='${NS.bind2}'><enabled xmlns='${NS.management}' resume='true' id='sm-1'/></bound>`;
    for (const [more, most] of [
      [limits(50_000), 50_000],
      ['', 20_000],
    ] as const) {
      const logins = [
        `${granted('alice@home.example/rest.1', enabled)}<stream:features>${more}</stream:features>`,
        granted('alice@home.example', `<resumed xmlns='${NS.management}' previd='sm-1' h='1'/>`),
      ];
      let cut = () => {};
      await using server = await listenRawTls(socket => {
        cut = () => void socket.destroy();
        socket.once('data', () => {
          socket.write(`${header}<stream:features>${offer}${limits(20_000)}</stream:features>`);
          socket.once('data', () => {
            socket.write(logins.shift() ?? '');
            socket.resume();
          });
        });
      });
      await using probe = new ClientProbe(server.port, server.options);
      await probe.until('online');
      await assertMost(probe, most);
      cut();
      await probe.until('suspended');
      await assert.rejects(probe.link.send(large(most + 1)), { code: 'too-large' });
      probe.clock.advance(500);
      await probe.until('online');
      await assertMost(probe, 20_000);
    }
  });
});

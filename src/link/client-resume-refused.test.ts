/**
 * A session that waits to be resumed outlives whatever the connections in between have to say.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { ClientProbe, message } from '../../test/support/client-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { streamError } from '../xmpp/header.ts';
import { NS } from '../xmpp/ns.ts';

const HEADER = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' from='home.example' id='x' version='1.0'>`;
const MECHANISMS = `<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`;
const END = '</stream:stream>';
const NOT_YET = 'client session is not resumed yet';

/** What is said on the first attempt, piece by piece, each time that something has come. */
const IN_BETWEEN: Readonly<Record<string, readonly string[]>> = {
  'a stream that is closed in order': [HEADER + END],
  'a server that shuts down': [HEADER + streamError('system-shutdown') + END],
  'a server that does not serve the domain yet': [HEADER + streamError('host-unknown') + END],
  'a server without room': [HEADER + streamError('resource-constraint') + END],
  'a login that fails for the moment': [
    HEADER + MECHANISMS,
    `<failure xmlns='${NS.sasl}'><temporary-auth-failure/></failure>`,
  ],
  'a proxy that speaks HTTP': ['HTTP/1.1 502 Bad Gateway\r\n\r\n'],
};

/** Lets everything that can happen now happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

describe('a session that waits to be resumed', () => {
  for (const [what, pieces] of Object.entries(IN_BETWEEN)) {
    for (const reconnect of [true, false]) {
      it(`outlives ${what}, ${reconnect ? 'always on' : 'for requests'}`, async () => {
        let next = 0;
        await using between = await listenRaw(socket => {
          socket.on('data', () => socket.write(pieces[next++] ?? ''));
        });
        // Where the session would rather be resumed, and the first attempt goes.
        await using server = await C2sServer.listen({ location: `127.0.0.1:${between.port}` });
        await using probe = new ClientProbe(server.port, { reconnect });
        await probe.until('online');
        const connection = await server.next();
        connection.answers = false;
        const sent = probe.link.send(message('m'), 'acked');
        await connection.session?.arrived.take();
        connection.reset();
        await probe.until('suspended');
        probe.clock.advance(500);
        while (probe.log.with(NOT_YET).length === 0) await new Promise(setImmediate);
        for (let time = 0; time < 31_000 && probe.link.state.name !== 'online'; time += 10) {
          probe.clock.advance(10);
          await turns();
        }
        assert.equal(probe.link.state.name, 'online');
        assert.equal((await server.next()).session, connection.session);
        await sent;
        assert.deepEqual(probe.sessions, [true]);
      });
    }
  }
});

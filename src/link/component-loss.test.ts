/**
 * How a component link bears the end of its connection, at every step and in every way.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { ComponentProbe, DOMAIN, message, PEER, SECRET } from '../../test/support/component-link.ts';
import { ComponentServer, listenRaw } from '../../test/support/component-server.ts';
import { Mailbox } from '../../test/support/mailbox.ts';

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' " +
  "xmlns:stream='http://etherx.jabber.org/streams' from='rest.example.net' id='abc'>";

/** Sends text and lets the other end, which lives in the same event loop, read it: a reset would take it back. */
async function said(socket: Socket, text: string | Uint8Array): Promise<void> {
  await new Promise(resolve => socket.write(text, resolve));
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

/** What the server has said when the connection ends, piece by piece; before each piece it hears the component. */
const STEPS: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
  'before the header, having heard ours': [''],
  'in its header': [HEADER.slice(0, 60)],
  'after its header, having heard the digest': [HEADER, ''],
  'in its handshake': [HEADER, '<handsh'],
  'right after its handshake': [HEADER, '<handshake/>'],
  'in a stanza': [HEADER, `<handshake/><message from='${PEER}' to='${DOMAIN}'><bo`],
  'in a character': [HEADER, Buffer.concat([Buffer.from('<handshake/><message><body>'), Uint8Array.of(0xc3)])],
  'after the end of the stream': [HEADER, '<handshake/></stream:stream>'],
};

const ENDS: Readonly<Record<string, (socket: Socket) => void>> = {
  'a reset': socket => socket.resetAndDestroy(),
  'a FIN': socket => socket.end(),
  'a FIN, reading no more': socket => {
    socket.pause();
    socket.end();
  },
};

const TIMES = 50;

/** Sockets and timers of the process, as far as they keep it alive. */
function resources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter(name => /TCP|Timeout|Immediate/.test(name))
    .sort();
}

describe('a component link whose server goes away', () => {
  const play = async (socket: Socket, pieces: readonly (string | Uint8Array)[], end: (socket: Socket) => void) => {
    const heard = new Mailbox<unknown>();
    for (const event of ['data', 'close']) socket.on(event, what => heard.put(what));
    for (const piece of pieces) {
      await heard.take();
      await said(socket, piece);
    }
    end(socket);
  };

  for (const [step, pieces] of Object.entries(STEPS)) {
    for (const [how, end] of Object.entries(ENDS)) {
      it(`${step}, by ${how}, comes back each time and leaves nothing behind`, async () => {
        const before = resources();
        let accepted = 0;
        {
          await using server = await listenRaw(socket => {
            accepted += 1;
            void play(socket, pieces, end);
          });
          await using probe = new ComponentProbe(server.port);
          for (let time = 1; time <= TIMES; time++) {
            const { cause, retryIn } = await probe.until('connecting');
            assert.match(cause?.text ?? '', /closed|failed/);
            assert.equal(accepted, time);
            await assert.rejects(probe.link.send(message(time)), { code: 'link-down' });
            probe.clock.advance(retryIn * 1_000);
          }
          await probe[Symbol.asyncDispose]();
          assert.deepEqual(probe.clock.waits, []);
          const online = probe.log.with('component link is online').length;
          assert.ok(String(pieces.at(-1)).includes('<handshake/>') ? online >= TIMES : online === 0, `${online}`);
        }
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
        assert.deepEqual(resources(), before);
      });
    }
  }

  it('before it has heard anything, comes back each time', async () => {
    await using server = await listenRaw(socket => socket.resetAndDestroy());
    await using probe = new ComponentProbe(server.port);
    for (let time = 0; time < TIMES; time++) {
      const { retryIn } = await probe.until('connecting');
      probe.clock.advance(retryIn * 1_000);
    }
  });

  it('comes back when nothing listens any more, and says what to do', async () => {
    const server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET });
    const { port } = server;
    await using probe = new ComponentProbe(port);
    await probe.until('online');
    await server[Symbol.asyncDispose]();
    await probe.until('connecting');
    probe.clock.advance(1_000);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /ECONNREFUSED.*start the XMPP server/);
    await using again = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET }, port);
    probe.clock.advance(2_000);
    await probe.until('online');
    const connection = await again.next();
    await probe.link.send(message('back'));
    assert.equal((await connection.arrived.take()).attrs['id'], 'back');
  });

  it('gives up a handshake that takes longer than 15 s', async () => {
    await using server = await listenRaw(() => {});
    await using probe = new ComponentProbe(server.port);
    probe.clock.advance(15_000);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /no answer to the handshake from 127\.0\.0\.1:\d+ within 15 s/);
  });
});

/**
 * How a client link bears the end of its connection, at every step of the login and in every way.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { BlackHole } from '../../test/support/black-hole.ts';
import { ClientProbe, message } from '../../test/support/client-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { Mailbox } from '../../test/support/mailbox.ts';

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams' from='home.example' id='abc' version='1.0'>";
const features = (inside: string) => `<stream:features>${inside}</stream:features>`;
const MECHANISMS = features(
  "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>",
);
const SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const BIND = features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>");
const BOUND =
  "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" +
  '<jid>alice@home.example/rest</jid></bind></iq>';
const ENABLED = "<enabled xmlns='urn:xmpp:sm:3'/>";
const TLS = features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

const LOGIN = [HEADER + MECHANISMS, SUCCESS, HEADER + BIND, BOUND, ENABLED];

/** What the server has said when the connection ends, piece by piece; before each piece it hears the client. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  'before the header, having heard ours': [''],
  'in its header': [HEADER.slice(0, 60)],
  'after its header': [HEADER],
  'having heard that we want TLS': [HEADER + TLS, ''],
  'in the TLS handshake': [HEADER + TLS, PROCEED, ''],
  'having heard the credentials': [LOGIN[0] ?? '', ''],
  'after SASL': LOGIN.slice(0, 2),
  'having heard the second header': [...LOGIN.slice(0, 2), ''],
  'having heard the wish for a resource': [...LOGIN.slice(0, 3), ''],
  'having heard the wish for counts': [...LOGIN.slice(0, 4), ''],
  'right after the login': LOGIN,
  'in a stanza': [...LOGIN.slice(0, 4), `${ENABLED}<message><bo`],
  'after the end of the stream': [...LOGIN.slice(0, 4), `${ENABLED}</stream:stream>`],
};

const ENDS: Readonly<Record<string, (socket: Socket) => void>> = {
  'a reset': socket => socket.resetAndDestroy(),
  'a FIN': socket => socket.end(),
};

const TIMES = 50;

/** Sends text and lets the other end, which lives in the same event loop, read it: a reset would take it back. */
async function said(socket: Socket, text: string): Promise<void> {
  await new Promise(resolve => socket.write(text, resolve));
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

async function play(socket: Socket, pieces: readonly string[], end: (socket: Socket) => void): Promise<void> {
  const heard = new Mailbox<unknown>();
  for (const event of ['data', 'close']) socket.on(event, what => heard.put(what));
  for (const piece of pieces) {
    await heard.take();
    await said(socket, piece);
  }
  end(socket);
}

/** Sockets and timers of the process, as far as they keep it alive. */
function resources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter(name => /TCP|Timeout|Immediate/.test(name))
    .sort();
}

describe('a client link whose server goes away', () => {
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
          await using probe = new ClientProbe(server.port, { tls: step.includes('TLS') ? 'required' : 'off' });
          for (let time = 1; time <= TIMES; time++) {
            const { cause, retryIn } = await probe.until('connecting');
            assert.match(cause?.text ?? '', /closed|failed/);
            assert.equal(accepted, time);
            await assert.rejects(probe.link.send(message(time)), { code: 'link-down' });
            probe.clock.advance(retryIn * 1_000);
          }
          await probe[Symbol.asyncDispose]();
          assert.deepEqual(probe.clock.waits, []);
        }
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
        assert.deepEqual(resources(), before);
      });
    }
  }

  it('while it is closed by its owner, leaves nothing behind', async () => {
    const before = resources();
    for (const pieces of Object.values(STEPS)) {
      await using server = await listenRaw(socket => void play(socket, pieces, () => {}));
      const probe = new ClientProbe(server.port, { tls: 'off' });
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      await probe[Symbol.asyncDispose]();
      assert.deepEqual(probe.clock.waits, []);
    }
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    assert.deepEqual(resources(), before);
  });

  it('gives up a login that takes longer than 15 s', async () => {
    await using server = await listenRaw(() => {});
    await using probe = new ClientProbe(server.port);
    while (server.open.size === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    probe.clock.advance(15_000);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /did not open a session within 15 s/);
  });

  it('is closed by the first failure where it is told not to come back', async () => {
    for (const pieces of [STEPS['in its header'] ?? [], STEPS['after SASL'] ?? []]) {
      await using server = await listenRaw(socket => void play(socket, pieces, one => one.end()));
      await using probe = new ClientProbe(server.port, { reconnect: false });
      const { cause } = await probe.until('closed');
      assert.equal(cause.blame, undefined);
      assert.deepEqual(await Array.fromAsync(probe.link.incoming), []);
      assert.deepEqual(probe.clock.waits, []);
    }
  });
});

describe('a client link that is closed', () => {
  it('while it dials gives that up at once', { skip: process.platform !== 'linux' }, async () => {
    await using hole = await BlackHole.open('127.0.0.1');
    const probe = new ClientProbe(hole.port);
    await probe[Symbol.asyncDispose]();
    assert.equal(probe.link.state.name, 'closed');
  });
});

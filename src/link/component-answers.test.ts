/**
 * What a component link makes of what answers at the other end: real servers' refusals, byte by byte as they were seen,
 * and things that are no XMPP server at all.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { ComponentProbe, DOMAIN, SECRET } from '../../test/support/component-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { Mailbox } from '../../test/support/mailbox.ts';

const STREAM = "xmlns:stream='http://etherx.jabber.org/streams'";
const ERROR = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
const PROSODY = `<?xml version='1.0'?><stream:stream id='bd04e3f0-d029-4354-a560-0c4cd0b623df' xmlns='jabber:component:accept' ${STREAM} xml:lang='en' from='${DOMAIN}'>`;
const EJABBERD = `<?xml version='1.0'?><stream:stream id='8128675119861602672' xml:lang='en' ${STREAM} from='${DOMAIN}' xmlns='jabber:component:accept'>`;

/** What a server says, one piece for each time that it hears something, and what has to come of it. */
interface Answer {
  readonly name: string;
  readonly pieces: readonly (string | Uint8Array)[];
  readonly state: 'closed' | 'connecting';
  readonly condition?: string;
  readonly text: RegExp;
}

const ANSWERS: readonly Answer[] = [
  {
    name: 'Prosody’s to a wrong secret',
    pieces: [
      PROSODY,
      `<stream:error><not-authorized ${ERROR}/><text ${ERROR}>Given token does not match calculated token</text></stream:error></stream:stream>`,
    ],
    state: 'closed',
    condition: 'not-authorized',
    text: /check hosts\.rest\.example\.net\.component\.secret.*; it says: Given token does not match/,
  },
  {
    name: 'Prosody’s to an unknown component',
    pieces: [
      `<?xml version='1.0'?><stream:stream ${STREAM} version='1.0' id='' xmlns='jabber:component:accept'><stream:error><host-unknown ${ERROR}/><text ${ERROR}>rest.example.net does not match any configured external components</text></stream:error></stream:stream>`,
    ],
    state: 'closed',
    condition: 'host-unknown',
    text: /configuration declares the component rest\.example\.net on this port/,
  },
  {
    name: 'Prosody’s to a second connection',
    pieces: [
      PROSODY,
      `<stream:error><conflict ${ERROR}/><text ${ERROR}>Component already connected</text></stream:error></stream:stream>`,
    ],
    state: 'connecting',
    condition: 'conflict',
    text: /^another connection serves rest\.example\.net/,
  },
  {
    name: 'Prosody’s on its port for clients, where the domain is not known',
    pieces: [
      `<?xml version='1.0'?><stream:stream id='f8b1954f' xmlns='jabber:client' ${STREAM} xml:lang='en' from='${DOMAIN}'><stream:error><host-unknown ${ERROR}/></stream:error></stream:stream>`,
    ],
    state: 'closed',
    condition: 'host-unknown',
    text: /on this port/,
  },
  {
    name: 'Prosody’s on its port for clients, where the domain is known',
    pieces: [
      `<?xml version='1.0'?><stream:stream id='3b3297fc' xmlns='jabber:client' ${STREAM} xml:lang='en' from='${DOMAIN}'><stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    ],
    state: 'connecting',
    text: /it offers features, as servers do to clients.*names the server's port for components/,
  },
  {
    name: 'ejabberd’s to a wrong secret, or to a domain that it does not declare',
    pieces: [EJABBERD, `<stream:error><not-authorized ${ERROR}/></stream:error></stream:stream>`],
    state: 'closed',
    condition: 'not-authorized',
    text: /password \(ejabberd\).*ejabberd says the same when it does not declare rest\.example\.net/,
  },
  {
    name: 'ejabberd’s to one of its own domains',
    pieces: [
      `${EJABBERD}<stream:error><conflict ${ERROR}/><text xml:lang='en' ${ERROR}>Unable to register route on existing local domain</text></stream:error></stream:stream>`,
    ],
    state: 'connecting',
    condition: 'conflict',
    text: /it says: Unable to register route on existing local domain$/,
  },
  {
    name: 'ejabberd’s on its port for clients',
    pieces: [
      `<?xml version='1.0'?><stream:stream id='5653027147618615480' xml:lang='en' ${STREAM} from='${DOMAIN}' xmlns='jabber:client'>`,
      `<stream:error><invalid-namespace ${ERROR}/></stream:error></stream:stream>`,
    ],
    state: 'connecting',
    condition: 'invalid-namespace',
    text: /does not take components: check that hosts\.rest\.example\.net\.component\.server/,
  },
  {
    name: 'a web server’s',
    pieces: ['HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    state: 'connecting',
    text: /is not an XMPP server that takes components \(.*\): check that hosts\./,
  },
  {
    name: 'a TLS alert',
    pieces: [Uint8Array.of(0x15, 3, 1, 0, 2, 2, 0x46)],
    state: 'connecting',
    text: /is not an XMPP server/,
  },
  {
    name: 'bytes that are no UTF-8',
    pieces: [Uint8Array.of(0xff, 0xfe, 0x80)],
    state: 'connecting',
    text: /is not an XMPP server.*not UTF-8/,
  },
  {
    name: 'a banner of another protocol',
    pieces: ['SSH-2.0-OpenSSH_9.2p1\r\n'],
    state: 'connecting',
    text: /is not an XMPP server/,
  },
  {
    name: 'a document type',
    pieces: [`<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>${EJABBERD}`],
    state: 'connecting',
    text: /document type declarations are not allowed/,
  },
  {
    name: 'a stream for servers',
    pieces: [`<stream:stream id='1' xmlns='jabber:server' ${STREAM}>`],
    state: 'connecting',
    text: /the default namespace is not/,
  },
  {
    name: 'a header without an id and a consent',
    pieces: [`<stream:stream xmlns='jabber:component:accept' ${STREAM}><handshake/>`],
    state: 'connecting',
    text: /its stream header has no id/,
  },
  {
    name: 'a stanza instead of a consent',
    pieces: [PROSODY, '<message/>'],
    state: 'connecting',
    text: /it did not answer the handshake/,
  },
  {
    name: 'XML that breaks once it stands',
    pieces: [PROSODY, '<handshake/><message></iq>'],
    state: 'connecting',
    text: /^what the server sent cannot be read: /,
  },
];

async function answer(socket: Socket, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const heard = new Mailbox<unknown>();
  for (const event of ['data', 'close']) socket.on(event, what => heard.put(what));
  for (const piece of pieces) {
    await heard.take();
    socket.write(piece);
  }
}

describe('a component link, hearing', () => {
  for (const { name, pieces, state, condition, text } of ANSWERS) {
    it(`${name}, knows what to do and says so`, async () => {
      await using server = await listenRaw(socket => void answer(socket, pieces));
      await using probe = new ComponentProbe(server.port);
      const { cause, ...rest } = await probe.until(state);
      assert.match(cause?.text ?? '', text);
      assert.equal(cause?.condition, condition);
      if ('retryIn' in rest) assert.equal(rest.retryIn, condition === 'conflict' ? 10 : 1);
      const [line] = probe.log.lines.filter(({ level }) => level !== 'info');
      assert.equal(line?.['cause'], cause?.text);
      assert.equal(line?.['server'], `127.0.0.1:${server.port}`);
      assert.ok(!JSON.stringify(probe.log.lines).includes(SECRET));
    });
  }

  it('a header without end, stops listening after some megabytes', async () => {
    let written = 0;
    const chunk = 'x'.repeat(64 * 1024);
    await using server = await listenRaw(socket => {
      const pour = () => {
        while (!socket.destroyed && written < 100 * 1024 * 1024) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.write("<stream:stream id='");
      socket.on('drain', pour);
      pour();
    });
    await using probe = new ComponentProbe(server.port);
    const { cause } = await probe.until('connecting');
    assert.match(cause?.text ?? '', /is not an XMPP server.*larger than 4194304 bytes/);
    assert.ok(written < 32 * 1024 * 1024, `${written} bytes were taken`);
  });

  it('nothing but its own end, closes the socket in order', async () => {
    const said = new Mailbox<string>();
    await using server = await listenRaw(socket => {
      socket.setEncoding('utf8').on('data', (text: string) => said.put(text));
      socket.write(`${PROSODY}</stream:stream>`);
    });
    await using probe = new ComponentProbe(server.port);
    const { cause } = await probe.until('connecting');
    assert.equal(cause?.text, 'the server closed the stream');
    let heard = '';
    while (!heard.endsWith('</stream:stream>')) heard += await said.take();
  });
});

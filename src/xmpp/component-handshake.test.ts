import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMPONENT_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import {
  COMPONENT_RENAMES,
  type HandshakeState,
  openComponent,
  takeElement,
  takeHeader,
} from './component-handshake.ts';
import { readHeader, readStreamError } from './header.ts';
import { parseJid } from './jid.ts';
import { NS } from './ns.ts';

const HEADER = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'";
const OURS = `<?xml version='1.0'?>${HEADER} to='plays.shakespeare.lit'>`;
/** SHA-1 of 3BF96D32 and the secret. */
const DIGEST = '<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>';

/** What both sides say, and how it ends: the state, a stream error, or the fault. */
interface Conversation {
  readonly name: string;
  readonly server: string;
  readonly client: string;
  readonly end: string;
}

const CONVERSATIONS: readonly Conversation[] = [
  {
    name: 'goes through',
    server: `<?xml version='1.0'?>${HEADER} from='plays.shakespeare.lit' id='3BF96D32'><handshake/>`,
    client: OURS + DIGEST,
    end: 'established',
  },
  {
    name: 'waits for the answer to the digest',
    server: `${HEADER} id='3BF96D32'>`,
    client: OURS + DIGEST,
    end: 'proving',
  },
  {
    name: 'takes the id as text, without its XML escapes',
    server: `${HEADER} id='3BF&#57;6D32'>`,
    client: OURS + DIGEST,
    end: 'proving',
  },
  {
    name: 'is refused for a wrong secret, as Prosody does it',
    server: `${HEADER} id='3BF96D32' xml:lang='en'><stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Given token does not match calculated token</text></stream:error></stream:stream>`,
    client: OURS + DIGEST,
    end: 'not-authorized',
  },
  {
    name: 'is refused for an unknown host, as Prosody does it: without an id',
    server: `${HEADER} version='1.0' id=''><stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
    client: OURS,
    end: 'host-unknown',
  },
  {
    name: 'proves nothing without an id',
    server: `${HEADER}><handshake/>`,
    client: OURS,
    end: 'its stream header has no id',
  },
  {
    name: 'sees that it speaks to a port for clients',
    server: `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='3BF96D32'><stream:features/>`,
    client: OURS + DIGEST,
    end: 'it offers features, as servers do to clients and other servers',
  },
  {
    name: 'takes no stanza for the answer',
    server: `${HEADER} id='3BF96D32'><message/>`,
    client: OURS + DIGEST,
    end: 'it did not answer the handshake',
  },
  {
    name: 'takes no handshake of another namespace',
    server: `${HEADER} id='3BF96D32'><handshake xmlns='urn:example'/>`,
    client: OURS + DIGEST,
    end: 'it did not answer the handshake',
  },
  {
    name: 'refuses a stream of another namespace',
    server: "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='1'>",
    client: OURS,
    end: 'the default namespace is not jabber:client',
  },
];

/** Lets the component hear the pieces, and returns what it says and how it ends. */
function converse(pieces: readonly Uint8Array[]): { readonly client: string; readonly end: string } {
  let client = openComponent(parseJid('plays.shakespeare.lit'));
  let state: HandshakeState = 'opening';
  let error: string | undefined;
  const reader = new StreamReader(
    {
      open: (root, contentNs) => {
        const step = takeHeader(readHeader(root, contentNs, NS.client), 'secret');
        state = step.state;
        client += step.send;
      },
      element: received => {
        error = readStreamError(received)?.condition;
        if (error === undefined) state = takeElement(state, received);
        else reader.stop();
      },
      refused: () => assert.fail('nothing is too large'),
      close: () => {},
    },
    { limits: COMPONENT_LIMITS, renames: COMPONENT_RENAMES },
  );
  try {
    for (const piece of pieces) reader.write(piece);
  } catch (fault) {
    error = (fault as Error).message;
  }
  return { client, end: error ?? state };
}

describe('the component handshake', () => {
  for (const { name, server, client, end } of CONVERSATIONS) {
    it(name, () => assert.deepEqual(converse([Buffer.from(server)]), { client, end }));
  }

  it('goes the same way wherever the bytes are split', () => {
    for (const { server, client, end } of CONVERSATIONS) {
      const bytes = Buffer.from(server);
      for (let at = 1; at < bytes.length; at++) {
        assert.deepEqual(converse([bytes.subarray(0, at), bytes.subarray(at)]), { client, end }, `at byte ${at}`);
      }
      const single = Array.from(bytes, byte => Uint8Array.of(byte));
      assert.deepEqual(converse(single), { client, end });
    }
  });

  it('hashes id and secret as UTF-8, in lower case', () => {
    const { send } = takeHeader({ contentNs: NS.client, id: 'ÄÖ' }, 'ü€😀');
    assert.equal(send, '<handshake>eeb817f89528ffa081bf2ebdcd4ea553935f34b3</handshake>');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Element, element } from '../xml/element.ts';
import { COMPONENT_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { isStreamCondition, STREAM_CONDITIONS } from './conditions.ts';
import {
  insideStream,
  openStream,
  readHeader,
  readStreamError,
  STREAM_END,
  type StreamHeader,
  streamError,
} from './header.ts';
import { NS } from './ns.ts';

/** What a reader finds in a stream's text. */
function read(text: string) {
  const found: { root?: Element; contentNs?: string; elements: Element[]; closed: boolean } = {
    elements: [],
    closed: false,
  };
  const reader = new StreamReader(
    {
      open: (root, contentNs) => Object.assign(found, { root, contentNs }),
      element: received => found.elements.push(received),
      refused: () => assert.fail('nothing is too large'),
      close: () => Object.assign(found, { closed: true }),
    },
    { limits: COMPONENT_LIMITS },
  );
  reader.write(Buffer.from(text));
  return found;
}

function headerOf(text: string): StreamHeader {
  const { root, contentNs } = read(text);
  assert.ok(root !== undefined && contentNs !== undefined);
  return readHeader(root, contentNs, NS.client);
}

describe('openStream', () => {
  it('writes what readHeader reads', () => {
    const header = {
      contentNs: NS.client,
      to: 'example.net',
      from: "a'&<b@example.org",
      id: 'x"\n1',
      version: '1.0',
      lang: 'en',
    };
    assert.deepEqual(headerOf(openStream(header)), header);
  });

  it('leaves out what is not there', () => {
    assert.equal(
      openStream({ contentNs: NS.component, to: 'rest.example.net' }),
      `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='rest.example.net'>`,
    );
  });

  it('opens a stream that STREAM_END closes', () => {
    assert.equal(read(openStream({ contentNs: NS.client }) + STREAM_END).closed, true);
  });
});

describe('readHeader', () => {
  const stream = "xmlns:stream='http://etherx.jabber.org/streams'";

  it('takes any prefix for the stream', () => {
    const text = "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' id='1'>";
    assert.equal(headerOf(text).id, '1');
  });

  const faults = [
    ['another root namespace', "<stream xmlns='jabber:client'>", 'invalid-namespace'],
    ['another root name', `<stream:steam ${stream} xmlns='jabber:client'>`, 'bad-format'],
    ['another content namespace', `<stream:stream ${stream} xmlns='jabber:server'>`, 'invalid-namespace'],
    ['no content namespace', `<stream:stream ${stream}>`, 'invalid-namespace'],
  ] as const;
  for (const [what, text, condition] of faults) {
    it(`refuses ${what}`, () => assert.throws(() => headerOf(text), { name: 'StreamFault', condition }));
  }
});

describe('insideStream', () => {
  it('spares children in the content namespace and the stream their declarations', () => {
    const child = element('iq', NS.client, {}, [
      element('query', NS.client),
      element('error', NS.stream),
      element('x', ''),
    ]);
    assert.equal(write(child, insideStream(NS.client)), "<iq><query/><stream:error/><x xmlns=''/></iq>");
  });
});

describe('streamError', () => {
  it('is read as what was written, for each condition of RFC 6120', () => {
    const conditions = Object.keys(STREAM_CONDITIONS).filter(isStreamCondition);
    assert.equal(conditions.length, 25);
    for (const condition of conditions) {
      const [plain, told] = read(
        openStream({ contentNs: NS.client }) + streamError(condition) + streamError(condition, 'a < b'),
      ).elements;
      assert.ok(plain !== undefined && told !== undefined);
      assert.deepEqual(readStreamError(plain), { condition });
      assert.deepEqual(readStreamError(told), { condition, text: 'a < b' });
    }
  });
});

describe('readStreamError', () => {
  const errorWith = (...children: readonly Element[]) => element('error', NS.stream, {}, children);

  it('takes an unknown or absent condition as undefined-condition', () => {
    assert.deepEqual(readStreamError(errorWith()), { condition: 'undefined-condition' });
    assert.deepEqual(readStreamError(errorWith(element('constructor', NS.streamErrors))), {
      condition: 'undefined-condition',
    });
  });

  it('takes no condition from another namespace', () => {
    const received = errorWith(element('conflict', 'urn:example'), element('reset', NS.streamErrors));
    assert.deepEqual(readStreamError(received), { condition: 'reset' });
  });

  it('leaves every other element alone', () => {
    assert.equal(readStreamError(element('error', NS.client)), undefined);
    assert.equal(readStreamError(element('features', NS.stream)), undefined);
  });
});

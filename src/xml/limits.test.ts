/**
 * The limits on one stanza and one document (SAFETY: XML resource amplification): each at its edge, and what a stranger
 * can do who goes past it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { inPieces, readPieces, readStream, recorder, type XmlEvent } from '../../test/support/xml-events.ts';
import { element } from './element.ts';
import {
  BODY_BYTES,
  CLIENT_LIMITS,
  COMPONENT_LIMITS,
  documentLimits,
  NAMESPACE_LENGTH,
  PRE_AUTH_LIMITS,
  type XmlLimits,
} from './limits.ts';
import { parseDocument, StreamReader } from './parse.ts';

const SMALL: XmlLimits = { bytes: 300, fatalBytes: 400, depth: 4, attributes: 3, elements: 6 };
const NEXT: XmlEvent = ['element', element('iq', '', { id: 'next' })];

/** Events of the children, the same in one piece, byte by byte, and in two pieces. */
function eventsOf(children: string, limits: XmlLimits): readonly XmlEvent[] {
  const bytes = Buffer.from(`<s>${children}`);
  const events = readStream(bytes, { limits });
  assert.deepStrictEqual(readPieces(inPieces(bytes, 1), { limits }), events);
  for (let at = 1; at < bytes.length; at++) {
    assert.deepStrictEqual(readPieces([bytes.subarray(0, at), bytes.subarray(at)], { limits }), events, `at ${at}`);
  }
  assert.deepStrictEqual(events[0], ['open', element('s', ''), '']);
  return events.slice(1);
}

/** A stanza of so many bytes, with characters of each length. */
function stanzaOf(bytes: number): string {
  const frame = Buffer.byteLength("<message to='é'>€😀</message>");
  return `<message to='é'>€😀${'x'.repeat(bytes - frame)}</message>`;
}

test('the limits are those that the operator is told', () => {
  const KIB = 1024;
  const bytes = [PRE_AUTH_LIMITS, CLIENT_LIMITS, COMPONENT_LIMITS, documentLimits(BODY_BYTES)].map(
    limits => limits.bytes,
  );
  assert.deepStrictEqual(bytes, [16 * KIB, 256 * KIB, 512 * KIB, 192 * KIB]);
  for (const { depth, attributes, elements } of [PRE_AUTH_LIMITS, CLIENT_LIMITS, COMPONENT_LIMITS, documentLimits(1)]) {
    assert.deepStrictEqual({ depth, attributes, elements }, { depth: 128, attributes: 256, elements: 10_000 });
  }
});

test('a stanza of as many bytes as the limit is delivered, one of a byte more is refused, at every split', () => {
  for (const size of [SMALL.bytes - 1, SMALL.bytes]) {
    const events = eventsOf(`${stanzaOf(size)}<iq id='next'/>`, SMALL);
    assert.deepStrictEqual([events[0]?.[0], ...events.slice(1)], ['element', NEXT]);
  }
  const head = element('message', '', { to: 'é' });
  for (const size of [SMALL.bytes + 1, SMALL.fatalBytes]) {
    const events = eventsOf(`${stanzaOf(size)}<iq id='next'/>`, SMALL);
    assert.deepStrictEqual(events, [['refused', head, `it is larger than ${SMALL.bytes} bytes`], NEXT]);
  }
  const tooLarge = eventsOf(`<iq id='next'/>${stanzaOf(SMALL.fatalBytes + 1)}<iq/>`, SMALL);
  assert.deepStrictEqual(tooLarge, [NEXT, ['fault', 'policy-violation']]);
});

test('each stanza is counted by itself, and white space around it is not counted', () => {
  const space = ' \r\n\t'.repeat(50);
  const events = eventsOf(`${space}${stanzaOf(SMALL.bytes)}`.repeat(4) + space, SMALL);
  assert.deepStrictEqual(
    events.map(([kind]) => kind),
    ['element', 'element', 'element', 'element'],
  );
});

test('the real limits hold at their edge', () => {
  for (const limits of [PRE_AUTH_LIMITS, CLIENT_LIMITS, COMPONENT_LIMITS]) {
    const kinds = [-1, 0, 1].map(more => readStream(`<s>${stanzaOf(limits.bytes + more)}`, { limits })[1]?.slice(0, 2));
    assert.deepStrictEqual(
      kinds.map(kind => kind?.[0]),
      ['element', 'element', limits.fatalBytes > limits.bytes ? 'refused' : 'fault'],
    );
  }
});

/** Stanzas over one limit each, and why they are refused. */
const OVER: readonly (readonly [stanza: string, reason: string, attrs?: Record<string, string>])[] = [
  ['<m><a><b><c><d><iq/></d></c><iq/></b></a><iq/></m>', 'elements are nested deeper than 4'],
  ['<m><a/><a/><a/><a/><a/><iq/></m>', 'there are more than 6 elements'],
  ["<m><a b='' c='' d='' e=''><iq/></a><iq/></m>", 'an element has more than 3 attributes'],
  ["<m><a xmlns:b='b' xmlns:c='c' xmlns:d='d' xmlns:e='e'><iq/></a></m>", 'an element has more than 3 attributes'],
  [
    "<m id='1' to='2' from='3' e='4'><iq/></m>",
    'an element has more than 3 attributes',
    { id: '1', to: '2', from: '3', e: '4' },
  ],
  [
    "<m xmlns:b='b' b:c='1' id='2' xml:lang='en'><iq/></m>",
    'an element has more than 3 attributes',
    { id: '2', 'xml:lang': 'en' },
  ],
  ["<m><a xmlns='b&#10;c'><iq/></a></m>", 'a namespace has a character that not every parser takes'],
  ["<m id='1' xmlns:a='b}c' a:d='2'><iq/></m>", 'a namespace has a character that not every parser takes', { id: '1' }],
  ['<m><𐊀><iq/></𐊀></m>', 'a name has a character that not every parser takes'],
  ["<m><a ⰰ='1'><iq/></a></m>", 'a name has a character that not every parser takes'],
  ["<m id='1'><a xmlns:ⰰ='urn:a'/></m>", 'a name has a character that not every parser takes', { id: '1' }],
  [
    `<m id='1'><a xmlns='${'n'.repeat(NAMESPACE_LENGTH + 1)}'><iq/></a></m>`,
    'a namespace is longer than 256 characters',
    { id: '1' },
  ],
  [
    `<m id='1' xmlns:a='${'n'.repeat(NAMESPACE_LENGTH + 1)}' a:b='2'><a:c/></m>`,
    'a namespace is longer than 256 characters',
    { id: '1' },
  ],
];

test('a stanza over a limit is refused alone: nothing inside it surfaces and the next one is intact', () => {
  const limits = { ...SMALL, bytes: 600, fatalBytes: 600 };
  for (const [stanza, reason, attrs = {}] of OVER) {
    const refused: XmlEvent = ['refused', element('m', '', attrs), reason];
    assert.deepStrictEqual(eventsOf(`${stanza}<iq id='next'/> ${stanza}<iq id='next'/>`, limits), [
      refused,
      NEXT,
      refused,
      NEXT,
    ]);
  }
});

test('a stanza at a limit is delivered', () => {
  const limits = { ...SMALL, bytes: 600, fatalBytes: 600 };
  const stanzas = [
    '<m><a><b><c/><c/></b></a></m>',
    '<m><a/><a/><a/><a/><a/></m>',
    "<m b='' c='' d=''><a b='' c='' d=''/></m>",
    `<m><a xmlns='${'n'.repeat(NAMESPACE_LENGTH)}'/></m>`,
  ];
  for (const stanza of stanzas)
    assert.deepStrictEqual(
      eventsOf(stanza, limits).map(([kind]) => kind),
      ['element'],
      stanza,
    );
});

test('what a refused stanza declared does not last', () => {
  const stanza = "<m xmlns:p='urn:p'><a xmlns:q='urn:q'><b><c><d/></c></b></a></m>";
  assert.deepStrictEqual(eventsOf(`${stanza}<q:a/>`, SMALL).at(-1), ['fault', 'not-well-formed']);
  assert.deepStrictEqual(eventsOf(`${stanza}<p:a/>`, SMALL).at(-1), ['fault', 'not-well-formed']);
});

test('a refused stanza must be well-formed all the same', () => {
  for (const end of ['</b></m>', '</m>', '<!-- -->', '&x;']) {
    const events = eventsOf(`<m><a><b><c><d/>${end}</c></b></a></m><iq/>`, SMALL);
    assert.deepStrictEqual(
      events.map(([kind]) => kind),
      ['fault'],
      end,
    );
  }
});

test('a root over a limit ends the stream', () => {
  const roots = [
    "<s a='' b='' c='' d=''>",
    `<s xmlns='${'n'.repeat(NAMESPACE_LENGTH + 1)}'>`,
    `<s a='${'x'.repeat(400)}'>`,
  ];
  for (const root of roots)
    assert.deepStrictEqual(readStream(root, { limits: SMALL }), [['fault', 'policy-violation']]);
});

/** Input that never ends: what begins it, and what it goes on with. */
const ENDLESS: readonly (readonly [begin: string, more: string])[] = [
  ['', ' '],
  ['<?xml version="1.0"?>', '\n'],
  ['<?xml ', ' '],
  ['<?pi ', 'x'],
  ['<!-- ', 'x'],
  ['<!DOCTYPE s [', "<!ENTITY a 'b'>"],
  ['<', 's'],
  ['<s ', ' '],
  ["<s a='", 'x'],
  ["<s a='", '&amp;'],
  ['<s ', "a='' "],
  ['<s>', 'x'],
  ['<s>', '&#32;'],
  ['<s><', 'm'],
  ['<s><m ', ' '],
  ['<s><m ', 'a'],
  ["<s><m a='", '\ud83d\ude00'],
  ['<s><m>', 'x'],
  ['<s><m>', ' '],
  ['<s><m>', '<a/>'],
  ['<s><m>', '<a>'],
  ['<s><m>&', 'x'],
  ['<s><m><![CDATA[', 'x'],
  ['<s><m></m', ' '],
  ['<s></s', ' '],
  ['<s></s>', ' '],
];

test('whatever has no end is ended by policy-violation at the fatal limit', () => {
  const limits = PRE_AUTH_LIMITS;
  for (const [begin, more] of ENDLESS) {
    const piece = Buffer.from(more.repeat(Math.ceil(100 / more.length)));
    const list: XmlEvent[] = [];
    const reader = new StreamReader(recorder(list), { limits });
    let sent = 0;
    const feed = () => {
      reader.write(Buffer.from(begin));
      for (; sent < 2 * limits.fatalBytes; sent += piece.length) reader.write(piece);
    };
    assert.throws(feed, { name: 'XmlError', condition: 'policy-violation' }, `${begin} ${more}`);
    assert.ok(sent <= limits.fatalBytes + piece.length, `${begin} ${more}: ${sent}`);
  }
});

test('white space between stanzas is taken for ever and kept nowhere', () => {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  const list: XmlEvent[] = [];
  const reader = new StreamReader(recorder(list), { limits: PRE_AUTH_LIMITS });
  reader.write(Buffer.from('<s> \r'));
  const space = [Buffer.from(' '), Buffer.from('\n'), Buffer.from('\r')];
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 100_000; round++) for (const piece of space) reader.write(piece);
  gc();
  assert.ok(process.memoryUsage().heapUsed - before < 2_000_000);
  reader.write(Buffer.from("\n<iq id='next'/>"));
  assert.deepStrictEqual(list.slice(1), [NEXT]);
});

test('a document is refused for each limit, with the place', () => {
  for (const [document, reason] of OVER) {
    const { message, condition } = faultOf(document, { ...SMALL, bytes: 600 });
    assert.strictEqual(condition, 'policy-violation');
    assert.match(message, new RegExp(`^${reason} \\(line 1, column \\d+\\)$`));
  }
});

test('a document is as large as its bytes, whether it comes as bytes or as a string', () => {
  const document = "<m to='é'>€😀</m>";
  const bytes = Buffer.byteLength(document);
  for (const input of [document, Buffer.from(document)]) {
    assert.strictEqual(parseDocument(input, documentLimits(bytes)).name, 'm');
    const fault = { condition: 'policy-violation', message: `it is larger than ${bytes - 1} bytes` };
    assert.throws(() => parseDocument(input, documentLimits(bytes - 1)), fault);
  }
});

function faultOf(document: string, limits: XmlLimits): { readonly condition: unknown; readonly message: string } {
  try {
    parseDocument(document, limits);
  } catch (error) {
    if (error instanceof Error && 'condition' in error) return { condition: error.condition, message: error.message };
  }
  return assert.fail(`${document} was accepted`);
}

/** Stanzas whose names cannot be resolved, as servers have been seen to write them or as nobody should. */
const UNRESOLVABLE: readonly (readonly [stanza: string, reason: string])[] = [
  [
    "<m id='1'><a xmlns='http://www.w3.org/XML/1998/namespace'><iq/></a><iq/></m>",
    "the prefix 'xml' and its namespace belong together",
  ],
  [
    "<m id='1'><a xmlns:ns1='http://www.w3.org/XML/1998/namespace' ns1:space='preserve'/></m>",
    "the prefix 'xml' and its namespace belong together",
  ],
  ["<m id='1'><b:a><iq/></b:a></m>", "the prefix 'b' is not declared"],
  ["<m id='1' b:c='2'><iq/></m>", "the prefix 'b' is not declared"],
  ["<m id='1'><a xmlns:b=''/></m>", "the prefix 'b' cannot be undeclared"],
  ["<m id='1'><a xmlns:b='u' xmlns:c='u' b:d='' c:d=''/></m>", "the attribute 'c:d' is there twice"],
];

test('a stanza that breaks Namespaces in XML is refused alone where that is forgiven, and else ends the stream', () => {
  for (const [stanza, reason] of UNRESOLVABLE) {
    const head = { name: 'm', ns: '', attrs: { id: '1' }, children: [] };
    const xml = `<s><iq id='first'/>${stanza}<iq id='next'/>`;
    const forgiving = readStream(xml, { limits: CLIENT_LIMITS, forgivesNames: true }).slice(2);
    assert.deepStrictEqual(forgiving, [['refused', head, reason], NEXT], stanza);
    const strict = readStream(xml, { limits: CLIENT_LIMITS }).slice(2);
    assert.deepStrictEqual(strict, [['fault', 'not-well-formed']], stanza);
  }
});

test('a fault of names is not forgiven where nothing could be gone on to', () => {
  for (const xml of ["<s xmlns:b=''>", "<s><b:m id='1'/>"]) {
    const events = readStream(xml, { limits: CLIENT_LIMITS, forgivesNames: true });
    assert.deepStrictEqual(events.at(-1), ['fault', 'not-well-formed'], xml);
  }
});

/** What a stream reader delivers and what a document may be, limits aside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPieces, readPieces, readStream, recorder, type XmlEvent } from '../../test/support/xml-events.ts';
import { type Element, element } from './element.ts';
import { COMPONENT_LIMITS, documentLimits } from './limits.ts';
import { parseDocument, StreamReader } from './parse.ts';
import { XmlError } from './xml-error.ts';

const ROOT = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>";
const OPEN: XmlEvent = ['open', element('stream', 'http://etherx.jabber.org/streams'), 'jabber:client'];
const LIMITS = documentLimits(100_000);

function client(name: string, attrs: Record<string, string> = {}, children: readonly (Element | string)[] = []) {
  return element(name, 'jabber:client', attrs, children);
}

/** The events of a stream after its root was opened, in one piece and byte by byte. */
function eventsOf(rest: string | Buffer): readonly XmlEvent[] {
  const bytes = Buffer.concat([Buffer.from(ROOT), Buffer.from(rest)]);
  const events = readStream(bytes);
  assert.deepStrictEqual(readPieces(inPieces(bytes, 1)), events);
  assert.deepStrictEqual(events[0], OPEN);
  return events.slice(1);
}

test('a stream delivers its root, each child when it ends, and its end', () => {
  const list: XmlEvent[] = [];
  const reader = new StreamReader(recorder(list), { limits: COMPONENT_LIMITS });
  const steps: readonly [string, XmlEvent[]][] = [
    ["<?xml version='1.0'?><s:s xmlns:s='urn:s' xmlns='urn:content' id='1'", []],
    ['>', [['open', element('s', 'urn:s', { id: '1' }), 'urn:content']]],
    ['<a><b>text</b', []],
    ['></a>', [['element', element('a', 'urn:content', {}, [element('b', 'urn:content', {}, ['text'])])]]],
    ['</s:s', []],
    ['>', [['close']]],
  ];
  for (const [text, expected] of steps) {
    reader.write(Buffer.from(text));
    assert.deepStrictEqual(list.splice(0), expected);
  }
});

test('all children in one piece are delivered in order', () => {
  const ids = Array.from({ length: 1000 }, (_, index) => String(index));
  const events = readStream(ROOT + ids.map(id => `<iq id='${id}'/>`).join(''));
  assert.deepStrictEqual(
    events.slice(1),
    ids.map(id => ['element', client('iq', { id })]),
  );
});

test('a root without content opens and closes', () => {
  assert.deepStrictEqual(readStream(`${ROOT.slice(0, -1)}/>`), [OPEN, ['close']]);
});

test('an element whose end tag has the wrong name is not delivered', () => {
  assert.deepStrictEqual(eventsOf('<iq/><message></iq>'), [
    ['element', client('iq')],
    ['fault', 'not-well-formed'],
  ]);
  assert.deepStrictEqual(eventsOf('<message></message></message>'), [
    ['element', client('message')],
    ['fault', 'not-well-formed'],
  ]);
  assert.deepStrictEqual(eventsOf('<message><body></message>'), [['fault', 'not-well-formed']]);
  assert.deepStrictEqual(eventsOf('<message></stream:stream>'), [['fault', 'not-well-formed']]);
  assert.deepStrictEqual(eventsOf('</message>'), [['fault', 'not-well-formed']]);
});

test('what stands before a fault is delivered, also when the fault is in its bytes', () => {
  const before: XmlEvent = ['element', client('message', {}, ['€'])];
  for (const fault of ['<&', "<a b='<'/>", '&nbsp;<a/>', '<a></b>']) {
    assert.deepStrictEqual(eventsOf(`<message>€</message>${fault}`), [before, ['fault', 'not-well-formed']]);
  }
  for (const bytes of ['ff20', 'c080', 'e23c3c', 'eda08020', 'f490808020']) {
    const rest = Buffer.concat([Buffer.from('<message>€</message>'), Buffer.from(bytes, 'hex')]);
    assert.deepStrictEqual(eventsOf(rest), [before, ['fault', 'unsupported-encoding']]);
  }
});

test('after a fault nothing is read', () => {
  const list: XmlEvent[] = [];
  const reader = new StreamReader(recorder(list), { limits: COMPONENT_LIMITS });
  assert.throws(() => reader.write(Buffer.from('<s></t>')), XmlError);
  reader.write(Buffer.from('<s><iq/>'));
  assert.deepStrictEqual(list, [['open', element('s', ''), '']]);
});

test('stop() inside an event ends the reading there, whatever follows', () => {
  for (const rest of ['<after/>', '</wrong>', '<!-- -->', '\u0001']) {
    const list: XmlEvent[] = [];
    const events = recorder(list);
    const stopping = {
      ...events,
      element: (child: Element) => {
        events.element(child);
        reader.stop();
      },
    };
    const reader = new StreamReader(stopping, { limits: COMPONENT_LIMITS });
    reader.write(Buffer.from(`<s><proceed/>${rest}`));
    reader.write(Buffer.from('<later/>'));
    assert.deepStrictEqual(list, [
      ['open', element('s', ''), ''],
      ['element', element('proceed', '')],
    ]);
  }
});

test('an event that throws ends the reading, and its error comes out as it is', () => {
  const list: XmlEvent[] = [];
  const failure = new Error('the owner is broken');
  const failing = {
    ...recorder(list),
    element: () => {
      throw failure;
    },
  };
  const reader = new StreamReader(failing, { limits: COMPONENT_LIMITS });
  assert.throws(
    () => reader.write(Buffer.from('<s><a/></s>')),
    error => error === failure,
  );
  reader.write(Buffer.from('</s>'));
  assert.deepStrictEqual(list, [['open', element('s', ''), '']]);
});

test('events may be methods of a class', () => {
  class Owner {
    readonly names: string[] = [];
    open(root: Element): void {
      this.names.push(root.name);
    }
    element(child: Element): void {
      this.names.push(child.name);
    }
    refused(): void {}
    close(): void {
      this.names.push('/');
    }
  }
  const owner = new Owner();
  new StreamReader(owner, { limits: COMPONENT_LIMITS }).write(Buffer.from('<s><a/></s>'));
  assert.deepStrictEqual(owner.names, ['s', 'a', '/']);
});

test('a renamed namespace is renamed in element names only', () => {
  const both = "xmlns:j='jabber:client' xmlns:k='jabber:component:accept'";
  assert.deepStrictEqual(eventsOf(`<k:message ${both} j:x='1' k:x='2'><body/></k:message>`), [
    ['element', client('message', { '{jabber:client}x': '1', '{jabber:component:accept}x': '2' }, [client('body')])],
  ]);
});

test('text between the children is white space', () => {
  assert.deepStrictEqual(eventsOf(' \t\r\n<iq/>&#32;<iq/>\n').length, 2);
  for (const text of ['a', '\ufeff', '\u00a0', '&#65;', '<![CDATA[a]]>', '<![CDATA[ ]]>', '<![CDATA[]]>']) {
    assert.deepStrictEqual(eventsOf(`${text}<iq/>`), [['fault', 'bad-format']], text);
  }
});

test('nothing stands before or after the root but white space', () => {
  const faults = [
    'a<s/>',
    '<s/>a ',
    '<s/><s/>',
    '&#32;<s/>',
    '<![CDATA[ ]]><s/>',
    " <?xml version='1.0'?><s/>",
    '</s>',
  ];
  for (const input of [...faults, '\ufeff\ufeff<s/>', '<s/>\ufeff']) {
    const bytes = Buffer.from(input);
    assert.deepStrictEqual(readStream(bytes).at(-1), ['fault', 'not-well-formed'], input);
    assert.deepStrictEqual(readPieces(inPieces(bytes, 1)), readStream(bytes), input);
  }
  assert.deepStrictEqual(readStream(' \n<s/> \r\n ').length, 2);
});

test('a document is its one element', () => {
  const documents: readonly [string, Element][] = [
    ['<a/>', element('a', 'urn:default')],
    ["\ufeff<?xml version='1.0' encoding='utf-8'?> <a/> ", element('a', 'urn:default')],
    ["<a xmlns='' b='1'>t<c/>u</a>", element('a', '', { b: '1' }, ['t', element('c', ''), 'u'])],
    ["<xml:a xml:lang='en'/>", element('a', 'http://www.w3.org/XML/1998/namespace', { 'xml:lang': 'en' })],
    ["<p:a xmlns:p='urn:p'><b/></p:a>", element('a', 'urn:p', {}, [element('b', 'urn:default')])],
    ['<a>\ud83d\ude00</a>', element('a', 'urn:default', {}, ['😀'])],
  ];
  for (const [input, expected] of documents) {
    assert.deepStrictEqual(parseDocument(input, LIMITS, 'urn:default'), expected);
    assert.deepStrictEqual(parseDocument(Buffer.from(input), LIMITS, 'urn:default'), expected);
  }
  assert.deepStrictEqual(parseDocument('<a/>', LIMITS), element('a', ''));
});

test('a document that is not one says why and where', () => {
  const documents: readonly [string, XmlError['condition'], string][] = [
    ['', 'not-well-formed', 'document must contain a root element (line 1, column 1)'],
    [' ', 'not-well-formed', 'document must contain a root element (line 1, column 1)'],
    ['{"kind":"message"}', 'not-well-formed', 'text data outside of root node (line 1, column 18)'],
    ['<a>\n<b></a>', 'not-well-formed', 'unexpected close tag (line 2, column 7)'],
    ['<a>', 'not-well-formed', 'unclosed tag: a (line 1, column 3)'],
    ['<a/><', 'not-well-formed', 'unexpected end (line 1, column 5)'],
    ['<a><b>\u0001</b></a>', 'not-well-formed', 'disallowed character (line 1, column 7)'],
    ['<a>&nbsp;</a>', 'not-well-formed', 'undefined entity (line 1, column 9)'],
    ['<a><!-- --></a>', 'restricted-xml', 'comments are not allowed in XMPP; leave them out (line 1, column 10)'],
    ['<p:a/>', 'not-well-formed', "the prefix 'p' is not declared (line 1, column 6)"],
  ];
  for (const [input, condition, message] of documents) {
    const fault = { name: 'XmlError', condition, message };
    assert.throws(() => parseDocument(input, LIMITS), fault);
    assert.throws(() => parseDocument(Buffer.from(input), LIMITS), fault);
  }
});

test('the place of a fault is data too', () => {
  const fault = { condition: 'not-well-formed', position: { line: 3, column: 2 } };
  assert.throws(() => parseDocument('<a>\r\n\r\n&;</a>', LIMITS), fault);
});

test('bytes that are not UTF-8 are found where they stand', () => {
  const cases: readonly [string, string][] = [
    ['<a>\n€�', 'ff'],
    ['<a>\n€�', 'c0af3c2f613e'],
    ['<a>\n€�', 'e282'],
    ['<a>\n€�', 'eda0bdedb880'],
  ];
  for (const [before, bytes] of cases) {
    const input = Buffer.concat([Buffer.from(before), Buffer.from(bytes, 'hex')]);
    const message = 'the bytes are not UTF-8 (line 2, column 2)';
    assert.throws(() => parseDocument(input, LIMITS), { condition: 'unsupported-encoding', message });
  }
  assert.throws(() => parseDocument(Buffer.from('<a></b>\xff', 'latin1'), LIMITS), { condition: 'not-well-formed' });
});

test('half a surrogate pair in a string is refused, also where it would hide markup', () => {
  for (const input of ['<a>\ud800</a>', '<a>\ud800<b/></a>', '<a>\udc00</a>', '<a/>\ud83d', "<a b='\ud83d'/>"]) {
    assert.throws(() => parseDocument(input, LIMITS), { condition: 'not-well-formed' });
  }
});

test('a name in a message is cut when it is long', () => {
  const name = 'x'.repeat(50_000);
  assert.throws(
    () => parseDocument(`<${name}:a/>`, LIMITS),
    (error: unknown) => error instanceof XmlError && error.message.length < 300,
  );
});

/** What is written can be read again as it was, and what cannot be read is not written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { xmlElement, xmlSurroundings, xmlText } from '../../test/support/xml-arbitraries.ts';
import { readStream } from '../../test/support/xml-events.ts';
import { type Element, element, XML_NS } from './element.ts';
import { CLIENT_LIMITS, COMPONENT_LIMITS, documentLimits } from './limits.ts';
import { parseDocument } from './parse.ts';
import { escapeAttribute, escapeText, type Surroundings, write } from './write.ts';

const LIMITS = documentLimits(1_000_000);
const RUNS = { numRuns: 2000 };

/** A root that declares the surroundings, with the text inside. */
function within({ defaultNs, prefixes = {} }: Surroundings, text: string): string {
  const declared = Object.entries(prefixes).map(([ns, prefix]) => ` xmlns:${prefix}='${escapeAttribute(ns)}'`);
  return `<root xmlns='${escapeAttribute(defaultNs)}'${declared.join('')}>${text}</root>`;
}

test('an element is read as it was written', () => {
  const property = fc.property(xmlElement, value => {
    assert.deepStrictEqual(parseDocument(write(value), LIMITS), value);
  });
  fc.assert(property, RUNS);
});

test('an element is read as it was written wherever it stands', () => {
  const property = fc.property(xmlElement, xmlSurroundings, (value, around) => {
    const text = within(around, write(value, around));
    assert.deepStrictEqual(parseDocument(text, LIMITS).children, [value]);
    assert.deepStrictEqual(readStream(text, { limits: COMPONENT_LIMITS }).slice(1), [['element', value], ['close']]);
  });
  fc.assert(property, RUNS);
});

test('escaped text is text again, in content and in an attribute', () => {
  const property = fc.property(xmlText, text => {
    const document = `<a b='${escapeAttribute(text)}'>${escapeText(text)}</a>`;
    assert.deepStrictEqual(parseDocument(document, LIMITS), element('a', '', { b: text }, [text]));
  });
  fc.assert(property, RUNS);
});

test('namespaces are declared where they change, and nowhere else', () => {
  const PREFIXES = { 'http://etherx.jabber.org/streams': 'stream' };
  const cases: readonly [Element, string, Surroundings?][] = [
    [element('a', ''), '<a/>'],
    [element('a', 'urn:a'), "<a xmlns='urn:a'/>"],
    [element('a', 'urn:a'), '<a/>', { defaultNs: 'urn:a' }],
    [element('a', ''), "<a xmlns=''/>", { defaultNs: 'urn:a' }],
    [
      element('a', 'urn:a', {}, [element('b', 'urn:a'), element('c', 'urn:c', {}, [element('d', 'urn:a')])]),
      "<a xmlns='urn:a'><b/><c xmlns='urn:c'><d xmlns='urn:a'/></c></a>",
    ],
    [
      element('error', 'http://etherx.jabber.org/streams', {}, [element('b', 'urn:b', {}, ['t'])]),
      "<stream:error><b xmlns='urn:b'>t</b></stream:error>",
      { defaultNs: 'jabber:client', prefixes: PREFIXES },
    ],
    [element('a', XML_NS, { 'xml:lang': 'en' }), "<xml:a xml:lang='en'/>"],
    [
      element('a', '', { '{urn:p}b': '1', '{urn:q}c': '2', '{urn:p}d': '3', e: '4' }),
      "<a xmlns:a1='urn:p' a1:b='1' xmlns:a2='urn:q' a2:c='2' a1:d='3' e='4'/>",
    ],
    [
      element('a', '', { '{urn:p}b': '1', '{urn:q}c': '2' }),
      "<a a1:b='1' xmlns:a1a='urn:q' a1a:c='2'/>",
      { defaultNs: '', prefixes: { 'urn:p': 'a1' } },
    ],
  ];
  for (const [value, expected, around] of cases) assert.strictEqual(write(value, around), expected);
});

test('a namespace named like a member of every object has no prefix', () => {
  const around = { defaultNs: '', prefixes: {} };
  for (const ns of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.strictEqual(
      write(element('a', ns, { [`{${ns}}b`]: '' }), around),
      `<a xmlns='${ns}' xmlns:a1='${ns}' a1:b=''/>`,
    );
  }
});

test('a namespace cannot break out of a tag', () => {
  const ns = "a]x=''/><iq from='admin@example.com'/><b c='";
  const value = parseDocument(`<m xmlns:p='${escapeAttribute(ns)}' p:d='1'><p:e/></m>`, LIMITS);
  assert.deepStrictEqual(value.attrs, { [`{${ns}}d`]: '1' });
  assert.deepStrictEqual(parseDocument(write(value), LIMITS), value);
  const braced = { name: 'a', ns: '', attrs: { [`{a}x=''/><iq b='}d`]: '1' }, children: [] };
  assert.throws(() => write(braced), { name: 'XmlError', condition: 'policy-violation' });
});

test('a namespace that would end the stream of another parser is not written', () => {
  for (const ns of ['a\nb', 'a\tb', 'a\rb', 'a}b', 'n'.repeat(257)]) {
    const value = { name: 'a', ns: '', attrs: {}, children: [] };
    assert.throws(() => write({ ...value, ns }), { condition: 'policy-violation' });
    assert.throws(() => write({ ...value, attrs: { [`{${ns}}b`]: '' } }), { condition: 'policy-violation' });
  }
});

test('a character that XML does not have is refused wherever it stands', () => {
  for (const bad of ['\0', '\u0008', '\u000b', '\u001f', '\ud800', '\udc00', '\ufffe', '\uffff', 'a\udc00\ud800']) {
    const plain = { name: 'a', ns: '', attrs: {}, children: [] };
    const bearers: readonly Element[] = [
      { ...plain, children: [bad] },
      { ...plain, attrs: { b: bad } },
      { ...plain, attrs: { [bad]: 'b' } },
      { ...plain, attrs: { [`{${bad}}b`]: 'c' } },
      { ...plain, name: bad },
      { ...plain, ns: bad },
      { ...plain, children: [{ ...plain, children: [bad] }] },
    ];
    for (const value of bearers) assert.throws(() => write(value), { name: 'XmlError', condition: 'not-well-formed' });
    assert.throws(() => escapeText(bad), { condition: 'not-well-formed' });
    assert.throws(() => escapeAttribute(bad), { condition: 'not-well-formed' });
  }
});

test('a name that would be markup is refused, however the value was made', () => {
  const names = ['', 'a b', 'a/', "a='1'", 'a>b', '1', 'a:b', '-a', 'a\n', 'a}'];
  const plain = { name: 'a', ns: '', attrs: {}, children: [] };
  for (const name of names) {
    const keys = [name, `xml:${name}`, `{urn:x}${name}`];
    const values: readonly Element[] = [{ ...plain, name }, ...keys.map(key => ({ ...plain, attrs: { [key]: '' } }))];
    for (const value of values) {
      assert.throws(() => write(value), { condition: 'not-well-formed' }, JSON.stringify(value));
    }
  }
  for (const key of ['xmlns', 'xmlns:a', '{}a', `{${XML_NS}}a`, '{http://www.w3.org/2000/xmlns/}a', '{a', 'a:b']) {
    assert.throws(() => write({ ...plain, attrs: { [key]: '' } }), { condition: 'not-well-formed' }, key);
  }
  assert.throws(() => write({ ...plain, ns: 'http://www.w3.org/2000/xmlns/' }), { condition: 'not-well-formed' });
});

/** Elements in one another. */
function nested(depth: number): Element {
  let value = element('a', '');
  for (let level = 1; level < depth; level++) value = element('a', '', {}, [value]);
  return value;
}

function wide(elements: number, ns = ''): Element {
  return element(
    'a',
    '',
    {},
    Array.from({ length: elements - 1 }, () => element('a', ns)),
  );
}

function withAttributes(count: number, key: (index: number) => string = index => `a${index}`): Element {
  return element('a', '', Object.fromEntries(Array.from({ length: count }, (_, index) => [key(index), ''])));
}

test('what is at the limits of a reader is written, and what is over them is not', () => {
  const { depth, attributes, elements } = CLIENT_LIMITS;
  const over: readonly (readonly [Element, Element])[] = [
    [nested(depth), nested(depth + 1)],
    [wide(elements), wide(elements + 1)],
    [withAttributes(attributes), withAttributes(attributes + 1)],
    [withAttributes(attributes / 2, n => `{urn:${n}}a`), withAttributes(attributes / 2 + 1, n => `{urn:${n}}a`)],
  ];
  for (const [most, tooMuch] of over) {
    assert.deepStrictEqual(parseDocument(write(most), LIMITS), most);
    assert.throws(() => write(tooMuch), { name: 'XmlError', condition: 'policy-violation' });
  }
});

test('what grows past every reader while it is written is given up', () => {
  const long = 'x'.repeat(1_000_000);
  const shared = element('a', 'urn:a', {}, [long]);
  assert.throws(
    () =>
      write(
        element(
          'm',
          '',
          {},
          Array.from({ length: 5000 }, () => shared),
        ),
      ),
    {
      condition: 'policy-violation',
    },
  );
});

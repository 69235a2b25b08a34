/** Namespaces in XML 1.0: which namespace a name is in, and what is not namespace-well-formed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Element, element, XML_NS, XMLNS_NS } from './element.ts';
import { documentLimits } from './limits.ts';
import { Bindings, expandAttributes, expandName, isDeclaration, type RawAttribute } from './namespaces.ts';
import { parseDocument } from './parse.ts';

function raw(attrs: Readonly<Record<string, string>>): readonly RawAttribute[] {
  return Object.entries(attrs).map(([name, value]) => ({ name, value }));
}

test('a name is in the namespace of its prefix, or in the default one', () => {
  const bindings = new Bindings('urn:default');
  bindings.declare(raw({ 'xmlns:p': 'urn:p', a: '1' }));
  assert.deepStrictEqual(expandName('a', bindings), { name: 'a', ns: 'urn:default' });
  assert.deepStrictEqual(expandName('p:a', bindings), { name: 'a', ns: 'urn:p' });
  assert.deepStrictEqual(expandName('xml:a', bindings), { name: 'a', ns: XML_NS });
});

test('an attribute without a prefix is in no namespace', () => {
  const bindings = new Bindings('urn:default');
  const attrs = raw({ 'xmlns:p': 'urn:p', xmlns: 'urn:other', a: '1', 'p:a': '2', 'xml:lang': 'en', xmlnsa: '3' });
  bindings.declare(attrs);
  const expected = { a: '1', '{urn:p}a': '2', 'xml:lang': 'en', xmlnsa: '3' };
  assert.deepStrictEqual(expandAttributes(attrs, bindings), expected);
});

test('restoring undoes declarations in every order they were made', () => {
  const bindings = new Bindings('');
  const outer = bindings.mark;
  bindings.declare(raw({ xmlns: 'urn:1', 'xmlns:p': 'urn:2' }));
  const inner = bindings.mark;
  bindings.declare(raw({ xmlns: '', 'xmlns:p': 'urn:3', 'xmlns:q': 'urn:4' }));
  assert.deepStrictEqual(
    ['', 'p', 'q'].map(prefix => bindings.lookup(prefix)),
    ['', 'urn:3', 'urn:4'],
  );
  bindings.restore(inner);
  assert.deepStrictEqual(
    ['', 'p'].map(prefix => bindings.lookup(prefix)),
    ['urn:1', 'urn:2'],
  );
  assert.throws(() => bindings.lookup('q'), { condition: 'not-well-formed' });
  bindings.restore(outer);
  assert.strictEqual(bindings.lookup(''), '');
  assert.strictEqual(bindings.lookup('xml'), XML_NS);
  assert.throws(() => bindings.lookup('p'), { condition: 'not-well-formed' });
});

test('only xmlns, and names that begin with xmlns and a colon, declare', () => {
  assert.deepStrictEqual(['xmlns', 'xmlns:a', 'xmlns:', 'xmln', 'xmlnsa', 'a:xmlns', 'XMLNS'].map(isDeclaration), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

const LIMITS = documentLimits(10_000);

test('documents are read with their namespaces', () => {
  const documents: readonly [string, Element][] = [
    [
      "<a xmlns='urn:1'><b xmlns=''><c/></b><d/></a>",
      element('a', 'urn:1', {}, [element('b', '', {}, [element('c', '')]), element('d', 'urn:1')]),
    ],
    [
      "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2' p:c='1'/><p:d p:c='2'/></p:a>",
      element('a', 'urn:1', {}, [
        element('b', 'urn:2', { '{urn:2}c': '1' }),
        element('d', 'urn:1', { '{urn:1}c': '2' }),
      ]),
    ],
    ["<a p:b='1' xmlns:p='urn:1' xmlns:q='urn:1' b='2'/>", element('a', '', { '{urn:1}b': '1', b: '2' })],
    [`<a xmlns:xml='${XML_NS}' xml:lang='en'/>`, element('a', '', { 'xml:lang': 'en' })],
    ["<a xmlns=' urn:1 '/>", element('a', ' urn:1 ')],
    ["<a xmlns='urn:\n&lt;{'/>", element('a', 'urn: <{')],
    ["<xmlfoo:a xmlns:xmlfoo='urn:1'/>", element('a', 'urn:1')],
    ["<_:a xmlns:_='urn:1' xmlns:é='urn:2' é:b=''/>", element('a', 'urn:1', { '{urn:2}b': '' })],
    [
      "<p:xmlns xmlns:p='urn:1' p:xmlns='1'/>",
      { name: 'xmlns', ns: 'urn:1', attrs: { '{urn:1}xmlns': '1' }, children: [] },
    ],
  ];
  for (const [document, expected] of documents)
    assert.deepStrictEqual(parseDocument(document, LIMITS), expected, document);
});

test('members of every object are ordinary names, prefixes and namespaces', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    assert.throws(() => parseDocument(`<${name}:a/>`, LIMITS), { condition: 'not-well-formed' });
    assert.throws(() => parseDocument(`<a ${name}:b=''/>`, LIMITS), { condition: 'not-well-formed' });
    const { attrs, children } = parseDocument(
      `<a ${name}='1' xmlns:${name}='${name}' ${name}:${name}='2'><${name}/><${name}:b/></a>`,
      LIMITS,
    );
    assert.deepStrictEqual(Object.entries(attrs), [
      [name, '1'],
      [`{${name}}${name}`, '2'],
    ]);
    assert.deepStrictEqual(children, [element(name, ''), element('b', name)]);
  }
});

test('what is not namespace-well-formed is not well-formed', () => {
  const documents = [
    '<p:a/>',
    "<a p:b=''/>",
    "<a><b xmlns:p='urn:1'/><p:c/></a>",
    "<a xmlns:p=''/>",
    "<a xmlns:p='urn:1'><b xmlns:p=''/></a>",
    '<:a/>',
    '<a:/>',
    "<a:b:c xmlns:a='urn:1'/>",
    "<a:1 xmlns:a='urn:1'/>",
    "<a :b=''/>",
    "<a b:=''/>",
    "<a xmlns:='urn:1'/>",
    "<a xmlns:b:c='urn:1'/>",
    "<a xmlns:1='urn:1'/>",
    "<a xmlns:xmlns='urn:1'/>",
    `<a xmlns:xmlns='${XMLNS_NS}'/>`,
    `<a xmlns:p='${XMLNS_NS}'/>`,
    `<a xmlns='${XMLNS_NS}'/>`,
    "<a xmlns:xml='urn:1'/>",
    `<a xmlns:p='${XML_NS}'/>`,
    `<a xmlns='${XML_NS}'/>`,
    '<xmlns:a/>',
    "<a xmlns:p='urn:1' xmlns:q='urn:1' p:b='' q:b=''/>",
    "<a xmlns:p='urn:1' p:b='' p:b=''/>",
    "<a xmlns:p='urn:1' xmlns:p='urn:2'/>",
    "<a xmlns='urn:1' xmlns='urn:1'/>",
  ];
  for (const document of documents) {
    assert.throws(() => parseDocument(document, LIMITS), { name: 'XmlError', condition: 'not-well-formed' }, document);
  }
});

/** What an element may be made of, and how it is looked at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { xmlName, xmlText } from '../../test/support/xml-arbitraries.ts';
import {
  appendText,
  childElements,
  childNamed,
  type Element,
  element,
  isName,
  isText,
  splitAttribute,
  textOf,
  XML_NS,
  XMLNS_NS,
} from './element.ts';
import { documentLimits } from './limits.ts';
import { parseDocument } from './parse.ts';
import { XmlError } from './xml-error.ts';

test('every NCName is a name, and nothing else is', () => {
  fc.assert(fc.property(xmlName, name => isName(name)));
  for (const name of [
    '',
    ' ',
    'a b',
    'a:b',
    ':a',
    '1a',
    '-a',
    '.a',
    '·a',
    'a/',
    "a'",
    'a\u037e',
    'a\n',
    '\u0300a',
    '\ud800',
  ]) {
    assert.strictEqual(isName(name), false, JSON.stringify(name));
  }
});

test('a name or a text is accepted exactly when a reader accepts it', () => {
  const limits = documentLimits(1000);
  const accepted = (document: string) => {
    try {
      return parseDocument(document, limits).ns === '';
    } catch (error) {
      assert.ok(error instanceof XmlError);
      return false;
    }
  };
  for (let code = 0; code <= 0x10ffff; code += code < 0x3100 || (code > 0xd700 && code < 0x10100) ? 1 : 997) {
    const character = String.fromCodePoint(code);
    const shown = `U+${code.toString(16)}`;
    if (!'<&\r'.includes(character)) assert.strictEqual(isText(character), accepted(`<a>${character}</a>`), shown);
    if (!'/>'.includes(character) && !/\s/.test(character)) {
      assert.strictEqual(isName(character), accepted(`<${character}/>`), shown);
      assert.strictEqual(isName(`a${character}`), accepted(`<a${character}/>`), shown);
    }
  }
});

test('text is made of XML characters, without half surrogate pairs', () => {
  fc.assert(fc.property(xmlText, text => isText(text)));
  for (const text of ['\0', 'a\u0001', '\u000b', '\u001f', '\ud83d', '\ude00\ud83d', 'a\ufffe', '\uffff']) {
    assert.strictEqual(isText(text), false, JSON.stringify(text));
  }
});

test('an element keeps what it is given, in canonical form', () => {
  const child = element('b', 'urn:b');
  const made = element('a', 'urn:a', { c: '1', d: undefined, 'xml:lang': 'en', '{urn:e}f': '' }, [
    '',
    'g',
    '',
    'h',
    child,
    'i',
  ]);
  assert.deepStrictEqual(made, {
    name: 'a',
    ns: 'urn:a',
    attrs: { c: '1', 'xml:lang': 'en', '{urn:e}f': '' },
    children: ['gh', { name: 'b', ns: 'urn:b', attrs: {}, children: [] }, 'i'],
  });
});

test('an attribute may have the name of an object member', () => {
  const attrs = JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}');
  assert.deepStrictEqual(Object.entries(element('a', '', attrs).attrs), Object.entries(attrs));
});

test('a value that XML cannot hold is refused with its name', () => {
  const cases: readonly [() => Element, XmlError['condition'], RegExp][] = [
    [() => element('a b', ''), 'not-well-formed', /^'a b' is not an element name$/],
    [() => element('', ''), 'not-well-formed', /^'' is not an element name$/],
    [() => element('\n\u0001', ''), 'not-well-formed', /^'\\n\\u0001' is not an element name$/],
    [() => element('x'.repeat(100).concat(' '), ''), 'not-well-formed', /^'x{64}…' is not an element name$/],
    [() => element('a', '\0'), 'not-well-formed', /^a namespace holds U\+0000, /],
    [() => element('a', XMLNS_NS), 'not-well-formed', /^nothing can be in the namespace /],
    [() => element('a', 'n'.repeat(257)), 'policy-violation', /^a namespace is longer than 256 characters$/],
    [() => element('a', 'a\nb'), 'policy-violation', /^a namespace has a character that not every parser takes$/],
    [() => element('a', '', { '{a}b}c': '' }), 'policy-violation', /^a namespace has a character /],
    [() => element('a', '', { 'b c': '' }), 'not-well-formed', /^'b c' is not an attribute name$/],
    [() => element('a', '', { xmlns: 'urn:b' }), 'not-well-formed', /^'xmlns' is not an attribute name$/],
    [() => element('a', '', { 'xmlns:b': 'urn:b' }), 'not-well-formed', /^'xmlns:b' is not an attribute name$/],
    [() => element('a', '', { '{}b': '' }), 'not-well-formed', /^'\{\}b' is not an attribute name$/],
    [() => element('a', '', { [`{${XML_NS}}lang`]: 'en' }), 'not-well-formed', /is not an attribute name$/],
    [() => element('a', '', { [`{${XMLNS_NS}}b`]: 'en' }), 'not-well-formed', /^nothing can be in the namespace /],
    [() => element('a', '', { '{urn:b': '' }), 'not-well-formed', /^'\{urn:b' is not an attribute name$/],
    [() => element('a', '', { b: '\ufffe' }), 'not-well-formed', /^the attribute 'b' holds U\+FFFE, /],
    [
      () => element('a', '', {}, ['b\ud800']),
      'not-well-formed',
      /^text holds U\+D800, which XML 1\.0 does not allow; leave it out$/,
    ],
  ];
  for (const [make, condition, message] of cases) assert.throws(make, { name: 'XmlError', condition, message });
});

test('an attribute key is split at the brace that ends its namespace', () => {
  const cases: readonly [string, string, string][] = [
    ['a', '', 'a'],
    ['xml:lang', XML_NS, 'lang'],
    ['xmla', '', 'xmla'],
    ['{urn:a}b', 'urn:a', 'b'],
    ['{a}b}c', 'a}b', 'c'],
    ['{{}}a', '{}', 'a'],
  ];
  for (const [key, ns, name] of cases) assert.deepStrictEqual(splitAttribute(key), { ns, name });
});

test('text is appended to the text before it', () => {
  const children: (Element | string)[] = [];
  for (const text of ['', 'a', '', 'b']) appendText(children, text);
  children.push(element('c', ''));
  for (const text of ['', 'd']) appendText(children, text);
  assert.deepStrictEqual(children, ['ab', element('c', ''), 'd']);
});

test('children are found by name and namespace, and text is what stands between them', () => {
  const other = element('b', 'urn:other', {}, ['inside']);
  const first = element('b', 'urn:a', { n: '1' });
  const parent = element('a', 'urn:a', {}, ['x', other, 'y', first, element('b', 'urn:a', { n: '2' }), 'z']);
  assert.deepStrictEqual(childElements(parent).length, 3);
  assert.strictEqual(childNamed(parent, 'b'), first);
  assert.strictEqual(childNamed(parent, 'b', 'urn:other'), other);
  assert.strictEqual(childNamed(parent, 'b', 'urn:none'), undefined);
  assert.strictEqual(childNamed(parent, 'c'), undefined);
  assert.deepStrictEqual([textOf(parent), textOf(other), textOf(first)], ['xyz', 'inside', '']);
});

test('a name that is new in the fifth edition of XML is refused: it would end the stream of those who read the fourth', () => {
  for (const name of ['𐊀', 'aⰰ', 'Ͱ', 'a‿', 'ʰ', '々a', 'ಁ']) {
    assert.strictEqual(isName(name), false, name);
    assert.throws(() => element(name, ''), { condition: 'not-well-formed' });
    assert.throws(() => element('a', '', { [name]: '' }), { condition: 'not-well-formed' });
  }
  for (const name of ['größe', '漢字', '한글', 'имя', 'שם', 'اسم', 'नाम', 'a々', 'a·b', 'e\u0301'])
    assert.ok(isName(name), name);
});

/**
 * Generated XML for property tests: text of everything that XML 1.0 allows, names of everything that all its editions
 * allow, and more often of what has gone wrong before.
 */
import fc from 'fast-check';
import { type Element, element } from '../../src/xml/element.ts';
import type { Surroundings } from '../../src/xml/write.ts';

type Range = readonly [first: number, last: number];

/** XML 1.0 §2.2, production `Char`. */
const CHAR: readonly Range[] = [
  [0x9, 0xa],
  [0xd, 0xd],
  [0x20, 0xd7ff],
  [0xe000, 0xfffd],
  [0x10000, 0x10ffff],
];
/** XML 1.0, fourth edition, Appendix B: a range or two of each script, and every range below U+0180. */
const NAME_START: readonly Range[] = [
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x131],
  [0x134, 0x13e],
  [0x141, 0x148],
  [0x14a, 0x17e],
  [0x38e, 0x3a1],
  [0x401, 0x40c],
  [0x5d0, 0x5ea],
  [0x621, 0x63a],
  [0x905, 0x939],
  [0xe40, 0xe45],
  [0x10a0, 0x10c5],
  [0x1e00, 0x1e9b],
  [0x3007, 0x3007],
  [0x3041, 0x3094],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
];
/** The same for the characters that cannot begin a name. */
const NAME_CHAR: readonly Range[] = [
  ...NAME_START,
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x2d0, 0x2d1],
  [0x300, 0x345],
  [0x660, 0x669],
  [0x20d0, 0x20dc],
  [0x3031, 0x3035],
];

/** A character of any of the ranges, each range and its ends being as likely as the others. */
function character(ranges: readonly Range[]): fc.Arbitrary<string> {
  const codes = ranges.map(([min, max]) => fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max)));
  return fc.oneof(...codes).map(code => String.fromCodePoint(code));
}

function text(unit: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc.array(unit, { maxLength }).map(units => units.join(''));
}

const NAMES = ['message', 'body', 'x', 'a1', 'xml', 'xmlnsx', '__proto__', 'constructor', 'toString', 'hasOwnProperty'];
const MARKUP = ['<', '>', '&', "'", '"', ']]>', '\r', '\n', '\r\n', '\t', ' ', '&amp;', '&#0;', '<!--', '😀', '\ufeff'];
const NAMESPACES = [
  'jabber:client',
  'urn:p',
  'urn:{a',
  "a]b='c' d='",
  "/><iq a='",
  ' ',
  '&amp;',
  '__proto__',
  'toString',
];

/** An NCName of every edition. */
export const xmlName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.tuple(character(NAME_START), text(character(NAME_CHAR), 6)).map(parts => parts.join('')),
);

/** Text of `Char`s, maybe none. */
export const xmlText: fc.Arbitrary<string> = text(fc.oneof(fc.constantFrom(...MARKUP), character(CHAR)), 8);

/** A namespace that can be declared, and that every parser takes. */
export const xmlNamespace: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NAMESPACES),
  xmlText.map(text => text.replace(/[\t\n\r}]/g, '') || 'urn:none'),
);

const elementNs = fc.oneof(fc.constant(''), fc.constant('http://www.w3.org/XML/1998/namespace'), xmlNamespace);
const attributeKey = fc.oneof(
  xmlName.filter(name => name !== 'xmlns'),
  xmlName.map(name => `xml:${name}`),
  fc.tuple(xmlNamespace, xmlName).map(([ns, name]) => `{${ns}}${name}`),
);
const attributes = fc.array(fc.tuple(attributeKey, xmlText), { maxLength: 4 }).map(pairs => Object.fromEntries(pairs));

/** An element in canonical form, with everything that an element can have. */
export const xmlElement: fc.Arbitrary<Element> = fc.letrec<{ tree: Element; child: Element | string }>(tie => ({
  tree: fc
    .tuple(xmlName, elementNs, attributes, fc.array(tie('child'), { maxLength: 4 }))
    .map(([name, ns, attrs, children]) => element(name, ns, attrs, children)),
  child: fc.oneof({ maxDepth: 5 }, xmlText, tie('tree')),
})).tree;

const prefix = xmlName.filter(name => name !== 'xml' && name !== 'xmlns');

/** A place to write into: a default namespace and prefixes, no two alike. */
export const xmlSurroundings: fc.Arbitrary<Surroundings> = fc.record({
  defaultNs: fc.oneof(fc.constant(''), xmlNamespace),
  prefixes: fc
    .uniqueArray(fc.tuple(xmlNamespace, fc.oneof(prefix, fc.constantFrom('a1', 'a2'))), {
      maxLength: 4,
      selector: ([, name]) => name,
    })
    .map(pairs => Object.fromEntries(pairs)),
});

/**
 * Attacks on XML parsers, each with the condition that refuses it (RFC 6120 §11.1, §11.6): DTDs and entities, comments,
 * processing instructions, other versions and encodings, broken UTF-8. A stream and a document must agree.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPieces, readPieces, readStream } from '../../test/support/xml-events.ts';
import { documentLimits } from './limits.ts';
import { parseDocument } from './parse.ts';
import type { XmlCondition } from './xml-error.ts';

const LIMITS = documentLimits(1_000_000);

function refused(input: string | Buffer, condition: XmlCondition): void {
  const bytes = Buffer.from(input);
  const shown = JSON.stringify(bytes.toString('latin1').slice(0, 200));
  assert.throws(() => parseDocument(bytes, LIMITS), { name: 'XmlError', condition }, shown);
  assert.deepStrictEqual(readStream(bytes).at(-1), ['fault', condition], shown);
  assert.deepStrictEqual(readPieces(inPieces(bytes, 1)).at(-1), ['fault', condition], shown);
}

/** The byte `hex` in the places where it could hide something. */
function* around(hex: string): Generator<Buffer> {
  const bad = Buffer.from(hex, 'hex');
  const places = [
    ['<a>', '</a>'],
    ["<a b='", "'/>"],
    ['<a', '/>'],
    ['<a ', "='1'/>"],
    ['<a><', '/></a>'],
    ['<a><![CDATA[', ']]></a>'],
    ['', '<a/>'],
    ["<a xmlns='", "'/>"],
  ];
  for (const [before = '', after = ''] of places) yield Buffer.concat([Buffer.from(before), bad, Buffer.from(after)]);
}

const LAUGHS = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} '${`&l${n};`.repeat(10)}'>`).join('');

const DTDS = [
  '<!DOCTYPE a><a/>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  `<!DOCTYPE a [<!ENTITY l0 'ha'>${LAUGHS}]><a>&l9;</a>`,
  `<!DOCTYPE a [<!ENTITY l0 'ha'>${LAUGHS}]><a b='&l9;'/>`,
  '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><a/>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  '<!DOCTYPE a PUBLIC "-//X//Y" "http://127.0.0.1/x"><a/>',
  '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
  '<!DOCTYPE a [<!ELEMENT a ANY><!-- --><?pi ?>]><a/>',
  '<!DOCTYPE a [<!NOTATION b SYSTEM "c">]><a/>',
  "<?xml version='1.0' standalone='no'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
];

test('document type declarations are refused as restricted-xml', () => {
  for (const input of DTDS) refused(input, 'restricted-xml');
});

test('a document type declaration that is not in its place or not one at all is refused', () => {
  for (const input of ['<a><!DOCTYPE b></a>', '<a><!ENTITY b "c"></a>', '<!ENTITY b "c"><a/>', '<!doctype a><a/>']) {
    refused(input, 'not-well-formed');
  }
});

test('an entity reference beyond the five of XML is not well-formed', () => {
  for (const name of [
    'nbsp',
    'AMP',
    'b',
    'amp ',
    '',
    '#',
    '#x',
    '#xG',
    '#-1',
    '__proto__',
    'constructor',
    'toString',
  ]) {
    refused(`<a>&${name};</a>`, 'not-well-formed');
    refused(`<a b='&${name};'/>`, 'not-well-formed');
  }
});

test('a reference to what is no character is not well-formed', () => {
  for (const code of ['0', 'x0', '8', 'x1F', 'xD800', 'xDFFF', 'xFFFE', 'xFFFF', 'x110000', '99999999999999999999']) {
    refused(`<a>&#${code};</a>`, 'not-well-formed');
    refused(`<a b='&#${code};'/>`, 'not-well-formed');
  }
});

test('comments and processing instructions are refused as restricted-xml, wherever they stand', () => {
  for (const piece of ['<!-- c -->', '<!---->', '<?pi?>', '<?pi some="thing"?>', '<?xml-stylesheet href="x"?>']) {
    for (const input of [`${piece}<a/>`, `<a>${piece}</a>`, `<a><b>${piece}</b></a>`, `<a><b>c${piece}d</b></a>`]) {
      refused(input, 'restricted-xml');
    }
  }
});

test('a version of XML other than 1.0 is not well-formed', () => {
  for (const version of ['1.1', '1.2', '1.00', '2.0', '1', '']) {
    refused(`<?xml version='${version}'?><a/>`, 'not-well-formed');
  }
  refused("<?xml version='1.1'?><a>\u0085&#1;</a>", 'not-well-formed');
});

test('an XML declaration out of place or out of form is not well-formed', () => {
  const declarations = [
    " <?xml version='1.0'?><a/>",
    "<a><?xml version='1.0'?></a>",
    "<?xml encoding='utf-8'?><a/>",
    '<?xml?><a/>',
    "<?xml version='1.0' version='1.0'?><a/>",
    "<?xml version='1.0' standalone='maybe'?><a/>",
    "<?XML version='1.0'?><a/>",
  ];
  for (const input of declarations) refused(input, 'not-well-formed');
});

test('an encoding other than UTF-8 is unsupported, declared or found', () => {
  for (const encoding of ['ISO-8859-1', 'UTF-16', 'us-ascii', 'utf8', 'UTF-7', 'windows-1252']) {
    refused(`<?xml version='1.0' encoding='${encoding}'?><a/>`, 'unsupported-encoding');
  }
  const declared = "<?xml version='1.0' encoding='UTF-16'?><a/>";
  refused(Buffer.from(`\ufeff${declared}`, 'utf16le'), 'unsupported-encoding');
  refused(Buffer.from(`\ufeff${declared}`, 'utf16le').swap16(), 'unsupported-encoding');
  refused(Buffer.from('<a>é</a>', 'latin1'), 'unsupported-encoding');
  // Without a mark it is UTF-8 with many U+0000.
  refused(Buffer.from(declared, 'utf16le'), 'not-well-formed');
  refused(Buffer.from(declared, 'utf16le').swap16(), 'not-well-formed');
});

test('bytes that are not UTF-8 are refused in every place', () => {
  const faults = {
    'never a byte of UTF-8': ['ff', 'fe', 'f5', 'c0', 'c1'],
    'longer than needed': ['c080', 'c0bc', 'c1bf', 'e0803c', 'e08080', 'f0808080', 'f08fbfbf'],
    'half of a surrogate pair': ['eda080', 'edbfbf', 'eda0bdedb880'],
    'past U+10FFFF': ['f4908080', 'f7bfbfbf', 'f888808080'],
    'cut short, and what follows swallowed': ['e23c', 'c33c', 'f09f983c', 'e2822f', 'c327'],
    'a continuation alone': ['80', 'bf'],
  };
  for (const hex of Object.values(faults).flat())
    for (const input of around(hex)) refused(input, 'unsupported-encoding');
});

test('characters that XML does not have are refused in every place', () => {
  for (const hex of ['00', '01', '08', '0b', '0c', '1f', 'efbfbe', 'efbfbf']) {
    for (const input of around(hex)) refused(input, 'not-well-formed');
  }
});

test('markup that is only nearly right is not well-formed', () => {
  const inputs = [
    '<a b=c/>',
    '<a b/>',
    "<a b='1'c='2'/>",
    "<a b='1' b='2'/>",
    "<a b='<'/>",
    '<a>]]></a>',
    '<a><![cdata[x]]></a>',
    '<a><! CDATA[x]]></a>',
    '< a/>',
    '<a/ >',
    '<a></ a>',
    '<a></A>',
    "<a></a b='1'>",
    '<1/>',
    '<-a/>',
    '<a><b></a></b>',
    '<a>&amp</a>',
    '<a>fish & chips</a>',
    "<a b='c&d'/>",
    '<a/><a/>',
    '<>',
    '<a><></a>',
  ];
  for (const input of inputs) refused(input.length < 3 ? `${input}  ` : input, 'not-well-formed');
});

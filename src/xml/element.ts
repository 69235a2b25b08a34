/**
 * The XML element as plain data, and the only functions that make one from outside values.
 *
 * Decides what may be an element at all: names are NCNames (Namespaces in XML 1.0 §3) that every parser takes, text is
 * made of XML 1.0 `Char`s (§2.2) without lone surrogates. What this file lets through can be written to a stream without
 * breaking it.
 */
import { NAME_RE } from 'xmlchars/xml/1.0/ed4.js';
import { NAMESPACE_LENGTH } from './limits.ts';
import { XmlError } from './xml-error.ts';

/** An attribute list. Keys: `name`, `xml:name` for the XML namespace, `{namespace}name` for every other one. */
export type Attributes = Readonly<Record<string, string>>;

/** An element with everything it holds. Comments, processing instructions and prefixes are not part of the value. */
export interface Element {
  /** Local name. */
  readonly name: string;
  /** Namespace name; empty for no namespace. */
  readonly ns: string;
  readonly attrs: Attributes;
  /** Child elements and text in document order; two texts never stand side by side and no text is empty. */
  readonly children: readonly (Element | string)[];
}

/** The namespace that the prefix `xml` always stands for. */
export const XML_NS = 'http://www.w3.org/XML/1998/namespace';
/** The namespace that the prefix `xmlns` always stands for. */
export const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';

/** Everything outside the production `Char`; the `u` flag makes the surrogate range match lone ones only. */
const NOT_CHAR = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;

/**
 * Whether `name` is a name without a colon (Namespaces in XML 1.0 §3, NCName) that every XML parser takes.
 *
 * The fifth edition of XML 1.0 has more names than the editions before it. expat, which Prosody, ejabberd and many clients
 * read with, keeps to the fourth: a name that is new in the fifth would end their stream.
 */
export function isName(name: string): boolean {
  return !name.includes(':') && isQualifiedName(name);
}

/** The same for a name that may have a prefix, as a parser found it. */
export function isQualifiedName(name: string): boolean {
  return NAME_RE.test(name);
}

/** Whether every character of `text` is an XML 1.0 `Char` (§2.2). */
export function isText(text: string): boolean {
  return !NOT_CHAR.test(text);
}

/** `{namespace}name` and `xml:name` → their two halves; a plain name has an empty namespace. */
export function splitAttribute(key: string): { readonly ns: string; readonly name: string } {
  if (key.startsWith('{')) {
    // The last brace: a namespace may hold one, a name may not.
    const end = key.lastIndexOf('}');
    return { ns: key.slice(1, end), name: key.slice(end + 1) };
  }
  return key.startsWith('xml:') ? { ns: XML_NS, name: key.slice(4) } : { ns: '', name: key };
}

/**
 * Checks that an element of this name can be written.
 *
 * @throws XmlError `not-well-formed` when XML does not allow the name or the namespace, `policy-violation` when we do not
 */
export function requireElementName(name: string, ns: string): void {
  const known = FOUND_GOOD.get(ns);
  if (known?.has(name)) return;
  checkElementName(name, ns);
  remember(name, ns, known);
}

/** By namespace, the names that were found good: a program writes the same few again and again. */
const FOUND_GOOD = new Map<string, Set<string>>();
/** Bounds of that memory, which strangers can fill: namespaces, names in each, characters of a name. */
const MEMORY = { namespaces: 512, names: 256, length: 64 } as const;

function remember(name: string, ns: string, known: Set<string> | undefined): void {
  if (name.length > MEMORY.length) return;
  if (known === undefined && FOUND_GOOD.size < MEMORY.namespaces) FOUND_GOOD.set(ns, new Set([name]));
  else if (known !== undefined && known.size < MEMORY.names) known.add(name);
}

function checkElementName(name: string, ns: string): void {
  if (!isName(name)) throw new XmlError('not-well-formed', `'${printable(name)}' is not an element name`);
  requireNamespace(ns);
}

/**
 * Checks that an attribute under this key can be written. Each attribute has one key: `{}name` and the XML namespace in
 * braces are refused.
 *
 * @throws XmlError `not-well-formed` when XML does not allow the name or the namespace, `policy-violation` when we do not
 */
export function requireAttributeName(key: string): void {
  if (isPlainAttribute(key)) return;
  const { ns, name } = splitAttribute(key);
  const braced = key.startsWith('{');
  const misplaced = braced ? ns === '' || ns === XML_NS : key === 'xmlns';
  if (misplaced || !isName(name)) throw new XmlError('not-well-formed', `'${printable(key)}' is not an attribute name`);
  if (braced) requireNamespace(ns);
}

const PLAIN_ATTRIBUTE = /^[a-z][a-z_-]{0,30}$/;

/** Whether a key is one of the names that nearly all attributes have; what is not has to be looked at closely. */
export function isPlainAttribute(key: string): boolean {
  return PLAIN_ATTRIBUTE.test(key) && key !== 'xmlns';
}

function requireNamespace(ns: string): void {
  if (ns === XMLNS_NS) throw new XmlError('not-well-formed', `nothing can be in the namespace ${XMLNS_NS}`);
  requireText(ns, 'a namespace');
  const problem = namespaceProblem(ns);
  if (problem !== undefined) throw new XmlError('policy-violation', problem);
}

/** Characters between which parsers put namespace and name. expat ends a stream whose namespaces hold its user's choice. */
const SEPARATOR = /[\t\n\r}]/;

/** Why a namespace that XML allows is not let through here, or undefined when it is. */
export function namespaceProblem(ns: string): string | undefined {
  if (ns.length > NAMESPACE_LENGTH) return `a namespace is longer than ${NAMESPACE_LENGTH} characters`;
  return SEPARATOR.test(ns) ? 'a namespace has a character that not every parser takes' : undefined;
}

/**
 * Makes an element of values that may come from anywhere.
 *
 * @param name local name
 * @param ns namespace name, empty for none
 * @param attrs attributes; those that are `undefined` are left out
 * @param children elements and text; empty texts are dropped and neighbouring ones joined
 * @throws XmlError `not-well-formed` when a name or a character is not allowed by XML 1.0, `policy-violation` when a
 *   namespace is too long
 */
export function element(
  name: string,
  ns: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  children: readonly (Element | string)[] = [],
): Element {
  requireElementName(name, ns);
  return { name, ns, attrs: checkedAttributes(attrs), children: joinTexts(children) };
}

function checkedAttributes(attrs: Readonly<Record<string, string | undefined>>): Attributes {
  const checked: Record<string, string> = {};
  for (const key of Object.keys(attrs)) {
    const value = attrs[key];
    if (value === undefined) continue;
    requireAttributeName(key);
    if (!isText(value)) requireText(value, `the attribute '${printable(key)}'`);
    define(checked, key, value);
  }
  return checked;
}

/** Sets an own property, also under a name such as `__proto__`, which is data like any other. */
function define(attrs: Record<string, string>, key: string, value: string): void {
  if (key === '__proto__')
    Object.defineProperty(attrs, key, { value, enumerable: true, writable: true, configurable: true });
  else attrs[key] = value;
}

function joinTexts(children: readonly (Element | string)[]): readonly (Element | string)[] {
  const joined: (Element | string)[] = [];
  for (const child of children) {
    if (typeof child === 'string') {
      requireText(child, 'text');
      appendText(joined, child);
    } else joined.push(child);
  }
  return joined;
}

/** Adds text to a child list under construction, keeping it in canonical form. */
export function appendText(children: (Element | string)[], text: string): void {
  if (text === '') return;
  const last = children.length - 1;
  const before = children[last];
  if (typeof before === 'string') children[last] = before + text;
  else children.push(text);
}

function requireText(text: string, what: string): void {
  const bad = NOT_CHAR.exec(text);
  if (bad !== null) throw badCharacter(what, bad[0]);
}

/**
 * The fault of a character that is not a `Char`.
 *
 * @param what where it stands, to begin a sentence
 */
export function badCharacter(what: string, character: string): XmlError {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return new XmlError('not-well-formed', `${what} holds U+${code}, which XML 1.0 does not allow; leave it out`);
}

/** A name from outside, cut and escaped so that it can stand in a message or a log line. */
function printable(text: string): string {
  const shown = JSON.stringify(text.slice(0, 64).toWellFormed()).slice(1, -1);
  return text.length > 64 ? `${shown}…` : shown;
}

/** The child elements, without the text between them. */
export function childElements(parent: Element): readonly Element[] {
  return parent.children.filter(child => typeof child !== 'string');
}

/** The first child element with this name and namespace; the parent's own namespace when `ns` is left out. */
export function childNamed(parent: Element, name: string, ns: string = parent.ns): Element | undefined {
  return parent.children.find(
    (child): child is Element => typeof child !== 'string' && child.name === name && child.ns === ns,
  );
}

/** The text directly inside an element, child elements left out. */
export function textOf(parent: Element): string {
  const [only] = parent.children;
  if (parent.children.length === 1 && typeof only === 'string') return only;
  return parent.children.filter(child => typeof child === 'string').join('');
}

/**
 * From elements to text: the only place that puts angle brackets into a string.
 *
 * Decides how elements are serialised: namespaces as `xmlns` where they change, single quotes, and every character
 * escaped that a reader could take for markup or normalise away. It is the last guard of a stream that many users share:
 * a name or a character outside XML 1.0, and a stanza over the limits that readers have, throws here and never reaches
 * the wire.
 */
import {
  badCharacter,
  type Element,
  isName,
  isPlainAttribute,
  requireAttributeName,
  requireElementName,
  splitAttribute,
  XML_NS,
} from './element.ts';
import { CLIENT_LIMITS, COMPONENT_LIMITS } from './limits.ts';
import { XmlError } from './xml-error.ts';

/** What is already declared around the place where the text will stand. */
export interface Surroundings {
  /** The default namespace in force. */
  readonly defaultNs: string;
  /** Namespaces that have a prefix there, as namespace → prefix; names in them are written with it. */
  readonly prefixes?: Readonly<Record<string, string>>;
}

const NOWHERE: Surroundings = { defaultNs: '' };
const { depth: MAX_DEPTH, attributes: MAX_ATTRIBUTES, elements: MAX_ELEMENTS } = CLIENT_LIMITS;
/** Characters of output; past it no reader would follow, and namespaces that alternate could grow for ever. */
const MAX_LENGTH = COMPONENT_LIMITS.fatalBytes;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
// The u flag makes the surrogate range match lone surrogates only.
const IN_TEXT = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;
const IN_ATTRIBUTE = /[&<>'\t\n\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;
// Most text needs no escape, and a test without the g flag finds that out in half the time.
const ALL_IN_TEXT = new RegExp(IN_TEXT, 'gu');
const ALL_IN_ATTRIBUTE = new RegExp(IN_ATTRIBUTE, 'gu');

function escapeOne(character: string): string {
  const escaped = ESCAPES[character];
  if (escaped === undefined) throw badCharacter('text', character);
  return escaped;
}

/**
 * Text as it may stand between tags.
 *
 * @throws XmlError `not-well-formed` when it holds a character that XML 1.0 does not allow
 */
export function escapeText(text: string): string {
  return IN_TEXT.test(text) ? text.replace(ALL_IN_TEXT, escapeOne) : text;
}

/**
 * Text as it may stand between single quotes; a reader's normalisation gives it back as it was.
 *
 * @throws XmlError `not-well-formed` when it holds a character that XML 1.0 does not allow
 */
export function escapeAttribute(text: string): string {
  return IN_ATTRIBUTE.test(text) ? text.replace(ALL_IN_ATTRIBUTE, escapeOne) : text;
}

/** An element whose children are being written. */
interface Frame {
  readonly element: Element;
  readonly tag: string;
  readonly defaultNs: string;
  next: number;
}

/**
 * Serialises an element.
 *
 * @param element what to write
 * @param around the namespaces in force where the text will stand
 * @returns XML without a declaration, in which `parse` finds an equal element
 * @throws XmlError when a name, a character or the amount of something is not acceptable on a stream
 */
export function write(element: Element, around: Surroundings = NOWHERE): string {
  const frames: Frame[] = [];
  let out = startTag(element, around, around.defaultNs, frames);
  let elements = 1;
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = frame.element.children[frame.next++];
    if (child === undefined) {
      out += `</${frame.tag}>`;
      frames.pop();
    } else if (typeof child === 'string') out += escapeText(child);
    else {
      elements += 1;
      out += startTag(child, around, frame.defaultNs, frames);
    }
    if (elements > MAX_ELEMENTS) tooMuch(`there are more than ${MAX_ELEMENTS} elements`);
    if (out.length > MAX_LENGTH) tooMuch(`it is longer than ${MAX_LENGTH} characters`);
  }
  return out;
}

/** Writes a start tag, or a whole empty element, and opens a frame when there are children to come. */
function startTag(element: Element, around: Surroundings, inherited: string, frames: Frame[]): string {
  const { name, ns, children } = element;
  if (frames.length >= MAX_DEPTH) tooMuch(`elements are nested deeper than ${MAX_DEPTH}`);
  requireElementName(name, ns);
  const prefix = prefixFor(ns, around);
  const tag = prefix === undefined ? name : `${prefix}:${name}`;
  const defaultNs = prefix === undefined ? ns : inherited;
  const declared = defaultNs === inherited ? [] : [` xmlns='${escapeAttribute(defaultNs)}'`];
  const head = `<${tag}${attributes(element, around, declared)}`;
  if (children.length === 0) return `${head}/>`;
  frames.push({ element, tag, defaultNs, next: 0 });
  return `${head}>`;
}

/** The prefix that stands for a namespace where the text will stand. */
function prefixFor(ns: string, { prefixes }: Surroundings): string | undefined {
  if (ns === XML_NS) return 'xml';
  return prefixes !== undefined && Object.hasOwn(prefixes, ns) ? prefixes[ns] : undefined;
}

/** @param parts the tag's own declaration, or none; declarations and attributes are added to it */
function attributes({ attrs }: Element, around: Surroundings, parts: string[]): string {
  const made = new Map<string, string>();
  for (const key in attrs) {
    const value = escapeAttribute(attrs[key] ?? '');
    const name = isPlainAttribute(key) ? key : attributeName(key, around, made, parts);
    parts.push(` ${name}='${value}'`);
    if (parts.length > MAX_ATTRIBUTES) tooMuch(`an element has more than ${MAX_ATTRIBUTES} attributes`);
  }
  return parts.join('');
}

function attributeName(key: string, around: Surroundings, made: Map<string, string>, parts: string[]): string {
  return key !== 'xmlns' && isName(key) ? key : qualifiedName(key, around, made, parts);
}

/**
 * An attribute name in a namespace. Prefixes are not part of the value, so one is made up and declared on the spot.
 *
 * @param made prefixes made up for this tag, as namespace → prefix
 */
function qualifiedName(key: string, around: Surroundings, made: Map<string, string>, parts: string[]): string {
  requireAttributeName(key);
  const { ns, name } = splitAttribute(key);
  const known = prefixFor(ns, around) ?? made.get(ns);
  if (known !== undefined) return `${known}:${name}`;
  const prefix = freePrefix(made.size + 1, around);
  made.set(ns, prefix);
  parts.push(` xmlns:${prefix}='${escapeAttribute(ns)}'`);
  return `${prefix}:${name}`;
}

/** The n-th made-up prefix. It must not hide one that is declared around, for the children may need that one. */
function freePrefix(n: number, { prefixes = {} }: Surroundings): string {
  const taken = Object.values(prefixes);
  let prefix = `a${n}`;
  while (taken.includes(prefix)) prefix += 'a';
  return prefix;
}

function tooMuch(reason: string): never {
  throw new XmlError('policy-violation', reason);
}

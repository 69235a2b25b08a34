/**
 * From text to tags: saxes with the handlers that make it strict.
 *
 * Decides which markup is let in (RFC 6120 §11.1): XML 1.0 in UTF-8 without document types, comments and processing
 * instructions. By itself saxes takes all of those and goes on after a fault; here the first fault throws and nothing
 * follows it. Names and nesting are the business of `tree.ts`.
 */
import { SaxesParser } from 'saxes';
import type { RawAttribute } from './namespaces.ts';
import { XmlError } from './xml-error.ts';

/** What is found. Positions count characters from the start of the input to the end of what is reported. */
export interface TokenEvents {
  startTag(name: string, attributes: readonly RawAttribute[], position: number): void;
  /** Text between two tags, references resolved; `position` is behind the `<` that ended it. */
  text(text: string, position: number): void;
  cdata(text: string): void;
  /** The end of the innermost element. saxes compares the names of the tags only afterwards. */
  endTag(position: number): void;
}

/** The fields in which `SaxesParser.on` keeps its handlers. */
export const HANDLER_FIELDS = [
  'attributeHandler',
  'cdataHandler',
  'closeTagHandler',
  'commentHandler',
  'doctypeHandler',
  'endHandler',
  'errorHandler',
  'openTagHandler',
  'openTagStartHandler',
  'piHandler',
  'readyHandler',
  'textHandler',
  'xmldeclHandler',
] as const;

/**
 * Makes a parser that reports to `events` inside its `write` and `close`.
 *
 * @returns the parser; its `write` and `close` throw an XmlError at the first fault
 */
export function strictSaxes(events: TokenEvents): SaxesParser {
  // `position` is about error messages only; the parser's own counts are always right.
  const saxes = new SaxesParser({ xmlns: false, position: false });
  // `on` adds them under computed names; V8 answers with an object in dictionary form, five times slower to parse with.
  for (const field of HANDLER_FIELDS) Object.defineProperty(saxes, field, { value: undefined, writable: true });
  let attributes: RawAttribute[] = [];
  saxes.on('attribute', attribute => attributes.push(attribute));
  saxes.on('opentag', ({ name }) => {
    const own = attributes;
    attributes = [];
    events.startTag(name, own, saxes.position);
  });
  saxes.on('text', text => events.text(text, saxes.position));
  saxes.on('cdata', text => events.cdata(text));
  saxes.on('closetag', () => events.endTag(saxes.position));
  restrict(saxes);
  return saxes;
}

function restrict(saxes: SaxesParser): void {
  saxes.on('error', error => {
    throw new XmlError('not-well-formed', error.message.replace(/\.$/, ''));
  });
  saxes.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0') throw new XmlError('not-well-formed', 'only XML 1.0 is understood');
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      throw new XmlError('unsupported-encoding', 'only UTF-8 is understood');
    }
  });
  saxes.on('doctype', () => refuse('document type declarations'));
  saxes.on('comment', () => refuse('comments'));
  saxes.on('processinginstruction', () => refuse('processing instructions'));
}

function refuse(what: string): never {
  throw new XmlError('restricted-xml', `${what} are not allowed in XMPP; leave them out`);
}

/** What may stand between `&` and the end of the text so far (XML 1.0 §4.1); only the five names of XML can follow. */
const REFERENCE = /^#?[0-9A-Za-z]*$/;

/**
 * Gives the parser its next text.
 *
 * @throws XmlError `not-well-formed` also for a bare `&`: saxes itself would wait for a semicolon, which may never come
 */
export function feed(saxes: SaxesParser, text: string): void {
  saxes.write(text);
  if (REFERENCE.test(saxes['entity'])) return;
  throw new XmlError('not-well-formed', "there is a '&' that begins no reference; write '&amp;' instead");
}

/** Adds the parser's present place to a fault that does not know its own. Anything else is handed back as it is. */
export function located(error: unknown, saxes: SaxesParser): unknown {
  if (!(error instanceof XmlError) || error.position !== undefined) return error;
  return new XmlError(error.condition, error.message, { line: saxes.line, column: Math.max(saxes.column, 1) });
}

/**
 * The exchanges that were recorded from mod_rest, and when ours are equal to them.
 *
 * Decides the comparison: XML is compared without prefixes, order of attributes, order of differently named siblings and
 * white space between elements, and `jabber:client` is no namespace; JSON is equal when every recorded key is there with
 * its value, because keys of ours may stand beside it, and HTML inside it is compared as XML. The recordings are not part
 * of the project; where they are missing, there is nothing to compare.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isObject, type Json, type JsonObject } from '../../src/mapping/json.ts';
import { childElements, type Element } from '../../src/xml/element.ts';
import { documentLimits } from '../../src/xml/limits.ts';
import { parseDocument } from '../../src/xml/parse.ts';
import { XmlError } from '../../src/xml/xml-error.ts';
import { NS } from '../../src/xmpp/ns.ts';

/** A stanza that was sent as XML, what came back as JSON, and what that JSON gave when it was sent back. */
export interface XmlVector {
  readonly id: string;
  readonly xml_in: string;
  /** The stanza as it was mapped; `null` when it was refused before. */
  readonly xml_norm: string | null;
  readonly status_json: number;
  readonly json: JsonObject | null;
  readonly status_xml: number | null;
  readonly xml_back: string | null;
  readonly unstable?: readonly string[];
}

/** JSON that was sent, and the XML that came back. */
export interface JsonVector {
  readonly id: string;
  readonly json_in_raw: string;
  readonly status: number;
  readonly xml: string | null;
  readonly unstable?: readonly string[];
  /** The other right results, where the result is a matter of chance. */
  readonly variants?: readonly string[];
}

const FOLDER = new URL('../../../shared/vectors/', import.meta.url);

/** Why the vectors cannot be compared, or `false` when they are there: what `node:test` takes as `skip`. */
export const MISSING: string | false = existsSync(FOLDER) ? false : 'there are no recorded vectors beside the project';

/** The vectors of a file, or none. */
export function vectors<Vector>(file: string): readonly Vector[] {
  return MISSING === false ? (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as readonly Vector[]) : [];
}

const LIMITS = documentLimits(1024 * 1024);

/** A recorded document as an element; `undefined` when it is not XML, which mod_rest does not mind. */
export function parseRecorded(xml: string, defaultNs: string = NS.client): Element | undefined {
  try {
    return parseDocument(xml, LIMITS, defaultNs);
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** What an element says, as a string that is the same for equal elements. @param inAnyOrder of equally named siblings */
export function canonical(found: Element, inAnyOrder = false): string {
  const { name, attrs } = found;
  const ns = found.ns === NS.client ? '' : found.ns;
  const sorted = Object.entries(attrs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([ns, name, sorted, canonicalChildren(found, inAnyOrder)]);
}

function canonicalChildren(found: Element, inAnyOrder: boolean): readonly string[] {
  const elements = childElements(found);
  const texts = found.children.filter(child => typeof child === 'string' && child.trim() !== '');
  if (elements.length === 0) return found.children.filter(child => typeof child === 'string');
  if (texts.length > 0)
    return found.children.map(child => (typeof child === 'string' ? child : canonical(child, inAnyOrder)));
  const keyOf = (child: Element) => `${child.ns === NS.client ? '' : child.ns} ${child.name}`;
  const sorted = elements.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
  const written = sorted.map(child => canonical(child, inAnyOrder));
  return inAnyOrder ? written.toSorted() : written;
}

/** Whether everything that was recorded is in what we say. */
export function holds(recorded: Json | undefined, ours: Json | undefined, key = ''): boolean {
  if (Array.isArray(recorded)) {
    return (
      Array.isArray(ours) &&
      ours.length === recorded.length &&
      recorded.every((item: Json, index) => holds(item, ours[index]))
    );
  }
  if (isObject(recorded)) {
    return isObject(ours) && Object.entries(recorded).every(([inner, value]) => holds(value, ours[inner], inner));
  }
  if (key === 'html' && typeof recorded === 'string' && typeof ours === 'string') return sameHtml(recorded, ours);
  return recorded === ours;
}

function sameHtml(recorded: string, ours: string): boolean {
  const [theirs, mine] = [recorded, ours].map(html => parseRecorded(html, NS.xhtml));
  return theirs !== undefined && mine !== undefined && canonical(theirs) === canonical(mine);
}

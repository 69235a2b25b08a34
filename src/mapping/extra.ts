/**
 * `extra`: the payload that no key shows exactly, so that nothing is lost.
 *
 * Decides the JSON form of any element, `{name, xmlns, attrs?, children?}`, and that a client may give XML as a string
 * instead. An entry with `"key"` is an exact form of that key's element; `table.ts` decides when it is used.
 */
import { type Element, element } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { XmlError } from '../xml/xml-error.ts';
import { NS } from '../xmpp/ns.ts';
import {
  isObject,
  isPresent,
  type Json,
  type JsonObject,
  type JsonSchema,
  MappingError,
  own,
  wrongType,
} from './json.ts';
import { STRING } from './scalar.ts';

/** An element as JSON. */
export interface ElementJson extends JsonObject {
  readonly name: string;
  readonly xmlns: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly children?: readonly (ElementJson | string)[];
}

/** An entry of `extra`. */
export interface ExtraJson extends ElementJson {
  /** The key whose element this is, exactly. */
  readonly key?: string;
}

/** An entry after it was read from JSON. */
export interface Extra {
  readonly element: Element;
  readonly key: string | undefined;
}

/** The schema of an element; the document that it stands in defines it as `element`. */
export const ELEMENT_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'Any element.',
  properties: {
    name: STRING.schema,
    xmlns: STRING.schema,
    attrs: { type: 'object', additionalProperties: STRING.schema },
    children: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/element' }, STRING.schema] } },
  },
  required: ['name'],
};

/** The schema of `extra`. */
export const EXTRA_SCHEMA: JsonSchema = {
  type: 'array',
  items: { anyOf: [{ $ref: '#/$defs/element', properties: { key: STRING.schema } }, STRING.schema] },
};

const EXPECTED = 'an object {name, xmlns, attrs, children} or a string of XML';

/** An element as JSON. The recursion is bounded: no element that was let in is deeper than 128. */
export function elementJson({ name, ns, attrs, children }: Element): ElementJson {
  return {
    name,
    xmlns: ns,
    ...(Object.keys(attrs).length > 0 && { attrs }),
    ...(children.length > 0 && {
      children: children.map(child => (typeof child === 'string' ? child : elementJson(child))),
    }),
  };
}

/**
 * Reads the value of `extra`.
 *
 * @throws MappingError naming the entry that is not an element
 */
export function readExtra(value: Json | undefined, path = 'extra'): readonly Extra[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
  return value.map((entry: Json, index) => readEntry(entry, `${path}[${index}]`));
}

function readEntry(entry: Json, path: string): Extra {
  const key = isObject(entry) ? own(entry, 'key') : undefined;
  return { element: readElement(entry, path), key: isPresent(key) ? STRING.print(key, `${path}.key`) : undefined };
}

/**
 * Reads an element from its JSON, or from a string of XML.
 *
 * @throws MappingError naming the place that is not an element
 */
export function readElement(value: Json, path: string): Element {
  return typeof value === 'string' ? parseEntry(value, path) : elementOf(value, path, 1);
}

function parseEntry(xml: string, path: string): Element {
  try {
    return parseDocument(xml, CLIENT_LIMITS, NS.client);
  } catch (error) {
    if (error instanceof XmlError) throw new MappingError(path, `is not XML: ${error.message}`);
    throw error;
  }
}

/** @param depth how deep the value stands; the limit on elements bounds the recursion */
function elementOf(value: Json, path: string, depth: number): Element {
  if (!isObject(value)) throw wrongType(path, EXPECTED, value);
  if (depth > CLIENT_LIMITS.depth) throw new MappingError(path, `is nested deeper than ${CLIENT_LIMITS.depth}`);
  const name = STRING.print(own(value, 'name') ?? null, `${path}.name`);
  const ns = STRING.print(own(value, 'xmlns') ?? NS.client, `${path}.xmlns`);
  try {
    return element(name, ns, attributesOf(own(value, 'attrs'), path), childrenOf(own(value, 'children'), path, depth));
  } catch (error) {
    if (error instanceof XmlError) throw new MappingError(path, `is not an element: ${error.message}`);
    throw error;
  }
}

function attributesOf(value: Json | undefined, path: string): Readonly<Record<string, string>> {
  if (!isPresent(value)) return {};
  if (!isObject(value)) throw wrongType(`${path}.attrs`, 'an object', value);
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => isPresent(entry[1]));
  return Object.fromEntries(entries.map(([name, text]) => [name, STRING.print(text, `${path}.attrs.${name}`)]));
}

function childrenOf(value: Json | undefined, path: string, depth: number): readonly (Element | string)[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw wrongType(`${path}.children`, 'an array', value);
  return value.map((child: Json, index) =>
    typeof child === 'string' ? child : elementOf(child, `${path}.children[${index}]`, depth + 1),
  );
}

/**
 * Shapes: what one row of a mapping table can look like.
 *
 * Decides, per shape, how a payload element is read into a JSON value and written back (mod_rest's schema knows the same
 * few places where a value can live). A row that fits none of them is a file of its own under `xep/` that makes a `Shape`
 * by hand. Strict on the way in: a value of the wrong type is an error that names its key.
 */
import { type Element, element, textOf } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { type Json, type JsonSchema, MappingError, wrongType } from './json.ts';
import { BOOLEAN, type Scalar, STRING } from './scalar.ts';

/** An element's expanded name. */
export interface ElementName {
  readonly name: string;
  readonly ns: string;
}

/** A key's value as a payload element, both ways. */
export interface Shape<Value extends Json = Json> {
  /** The elements that the shape reads; they tell which row an element belongs to. */
  readonly elements: readonly ElementName[];
  readonly schema: JsonSchema;
  /** The value of such an element; `undefined` when it holds none that JSON could show under this key. */
  read(found: Element): Value | undefined;
  /**
   * @param value what the client gave, of any type
   * @param path the key, for messages
   * @returns `undefined` when the value says that there is no such element
   * @throws MappingError when the value has the wrong type
   */
  write(value: Exclude<Json, null>, path: string): Element | undefined;
}

/** The text of an element, when it holds nothing else. */
export function onlyText(found: Element): string | undefined {
  return found.children.every(child => typeof child === 'string') ? textOf(found) : undefined;
}

/** The text of an element is the value: `"body": "Hello"` ⇄ `<body>Hello</body>`. */
export function text(name: string, ns?: string): Shape<string>;
export function text<Value extends Json>(name: string, ns: string, scalar: Scalar<Value>): Shape<Value>;
export function text(name: string, ns: string = NS.client, scalar: Scalar = STRING): Shape {
  return {
    elements: [{ name, ns }],
    schema: scalar.schema,
    read(found) {
      const inner = onlyText(found);
      return inner === undefined ? undefined : scalar.parse(inner);
    },
    write: (value, path) => element(name, ns, {}, [scalar.print(value, path)]),
  };
}

/** An attribute of an element is the value: `"replace": "id1"` ⇄ `<replace id='id1'/>`. */
export function attr(name: string, ns: string, attribute: string): Shape<string> {
  return {
    elements: [{ name, ns }],
    schema: STRING.schema,
    read: found => found.attrs[attribute],
    write: (value, path) => element(name, ns, { [attribute]: STRING.print(value, path) }),
  };
}

/** The presence of an element is the value: `"ping": true` ⇄ `<ping/>`; `false` is no element. */
export function flag(name: string, ns: string): Shape<boolean> {
  return {
    elements: [{ name, ns }],
    schema: BOOLEAN.schema,
    read: () => true,
    write(value, path) {
      if (typeof value !== 'boolean') throw wrongType(path, BOOLEAN.expected, value);
      return value ? element(name, ns) : undefined;
    },
  };
}

/** The name of an element is the value: `"state": "composing"` ⇄ `<composing/>`. */
export function choice(ns: string, names: readonly string[]): Shape<string> {
  const expected = `one of ${names.join(', ')}`;
  return {
    elements: names.map(name => ({ name, ns })),
    schema: { type: 'string', enum: names },
    read: found => found.name,
    write(value, path) {
      if (typeof value !== 'string') throw wrongType(path, expected, value);
      if (!names.includes(value)) throw new MappingError(path, `must be ${expected}`);
      return element(value, ns);
    },
  };
}

/**
 * Shapes: what one row of a mapping table can look like.
 *
 * Decides, per shape, how a payload element is read into a JSON value and written back (mod_rest's schema knows the same
 * few places where a value can live). A row that fits none of them is a file of its own under `xep/` that makes a `Shape`
 * by hand. Strict on the way in: a value of the wrong type is an error that names its key.
 */
import { childElements, childNamed, type Element, element, textOf } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, MappingError, own, wrongType } from './json.ts';
import { type Scalar, STRING } from './scalar.ts';

/** An element's expanded name. */
export interface ElementName {
  readonly name: string;
  readonly ns: string;
}

/** One row: a key's value as a payload element, both ways. */
export interface Shape<Value extends Json = Json> {
  /** The elements that the row reads; they tell which row an element belongs to. */
  readonly elements: readonly ElementName[];
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

/** The text of an element is the value: `"body": "Hello"` ⇄ `<body>Hello</body>`. */
export function text<Value extends Json = string>(
  name: string,
  ns: string = NS.client,
  scalar: Scalar<Value> | Scalar<string> = STRING,
): Shape<Value> {
  const kind = scalar as Scalar<Value>;
  return {
    elements: [{ name, ns }],
    read: found => (childElements(found).length > 0 ? undefined : kind.parse(textOf(found))),
    write: (value, path) => element(name, ns, {}, [kind.print(value, path)]),
  };
}

/** The presence of an element is the value: `"ping": true` ⇄ `<ping/>`; `false` is no element. */
export function flag(name: string, ns: string): Shape<boolean> {
  return {
    elements: [{ name, ns }],
    read: () => true,
    write(value, path) {
      if (typeof value !== 'boolean') throw wrongType(path, 'true or false', value);
      return value ? element(name, ns) : undefined;
    },
  };
}

/** A value inside an object, and the place in the element where it lives. */
export interface Field<Value extends Json = Json> {
  readonly value?: Value;
  read(inside: Element, key: string): Json | undefined;
  /** The attributes and children that the value adds to the element. */
  write(value: Exclude<Json, null>, key: string, path: string): Addition;
}

/** What a field adds to the element of its object. */
export interface Addition {
  readonly attrs?: Readonly<Record<string, string>>;
  readonly children?: (ns: string) => readonly (Element | string)[];
}

/** The value is an attribute, named like its key unless stated. */
export function attribute<Value extends Json = string>(
  scalar: Scalar<Value> | Scalar<string> = STRING,
  name?: string,
): Field<Value> {
  return {
    read(inside, key) {
      const found = inside.attrs[name ?? key];
      return found === undefined ? undefined : scalar.parse(found);
    },
    write: (value, key, path) => ({ attrs: { [name ?? key]: scalar.print(value, path) } }),
  };
}

/** The value is the text of the element itself. */
export function content(): Field<string> {
  return {
    read: inside => textOf(inside),
    write: (value, _key, path) => ({ children: () => [STRING.print(value, path)] }),
  };
}

/** The value is the text of a child element, named like its key unless stated and in its parent's namespace. */
export function child(name?: string): Field<string> {
  return {
    read(inside, key) {
      const found = childNamed(inside, name ?? key);
      return found === undefined || childElements(found).length > 0 ? undefined : textOf(found);
    },
    write: (value, key, path) => ({
      children: ns => [element(name ?? key, ns, {}, [STRING.print(value, path)])],
    }),
  };
}

/** The fields of an object, by their keys. */
export type Fields = Readonly<Record<string, Field>>;
type ObjectOf<F extends Fields> = { readonly [Key in keyof F]?: NonNullable<F[Key]['value']> };

/**
 * An element with several values: `"version": {"name": "N"}` ⇄ `<query><name>N</name></query>`. The value `true` stands for
 * the element without any, which is how a query is asked.
 */
export function object<F extends Fields>(name: string, ns: string, fields: F): Shape<ObjectOf<F> & JsonObject> {
  const entries = Object.entries(fields);
  return {
    elements: [{ name, ns }],
    read(found) {
      const values = entries.flatMap(([key, field]): [string, Json][] => {
        const value = field.read(found, key);
        return value === undefined ? [] : [[key, value]];
      });
      return Object.fromEntries(values) as ObjectOf<F> & JsonObject;
    },
    write(value, path) {
      if (value === true) return element(name, ns);
      if (!isObject(value)) throw wrongType(path, 'an object', value);
      const additions = entries.flatMap(([key, field]) => {
        const inner = own(value, key);
        return isPresent(inner) ? [field.write(inner, key, `${path}.${key}`)] : [];
      });
      const attrs = Object.assign({}, ...additions.map(addition => addition.attrs ?? {}));
      return element(
        name,
        ns,
        attrs,
        additions.flatMap(addition => addition.children?.(ns) ?? []),
      );
    },
  };
}

/** A row made by hand, for a payload that fits no other shape. */
export function custom<Value extends Json>(shape: Shape<Value>): Shape<Value> {
  return shape;
}

/** Checks that a value is a string, for rows made by hand. */
export function requireString(value: Json | undefined, path: string): string {
  if (value === undefined) throw new MappingError(path, 'is missing; give a string');
  return STRING.print(value, path);
}

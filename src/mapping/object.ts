/**
 * Elements with several values: JSON objects, and arrays of them.
 *
 * Decides the places inside an element where a value can live: an attribute, its text, a child element, or several child
 * elements of one name. A place takes its name from its key and its namespace from the element around it unless told
 * otherwise, so that a row stays one line.
 */
import { childElements, type Element, element, textOf } from '../xml/element.ts';
import { isObject, isPresent, type Json, type JsonObject, type JsonSchema, own, wrongType } from './json.ts';
import { type Scalar, STRING } from './scalar.ts';
import { flag, type Shape, text } from './shape.ts';

/** What a value adds to the element of its object. */
export interface Addition {
  readonly attrs?: Readonly<Record<string, string>>;
  readonly children?: readonly (Element | string)[];
}

/** A value inside an object, at its place. */
export interface Field<Value extends Json = Json> {
  readonly schema: JsonSchema;
  read(inside: Element): Value | undefined;
  /** @throws MappingError naming `path` when the value has the wrong type */
  write(value: Exclude<Json, null>, path: string): Addition;
}

/** A field that still has to be told its key and the namespace of the element around it. */
export type Place<Value extends Json = Json> = (key: string, ns: string) => Field<Value>;
/** The fields of an object, by key. */
export type Places = Readonly<Record<string, Place>>;
/** The JSON object of some fields; each may be absent. */
export type ObjectOf<P extends Places> = {
  readonly [Key in keyof P]?: NonNullable<ReturnType<ReturnType<P[Key]>['read']>>;
};

/** The value is an attribute. */
export function attribute(scalar?: Scalar<string>, name?: string): Place<string>;
export function attribute<Value extends Json>(scalar: Scalar<Value>, name?: string): Place<Value>;
export function attribute(scalar: Scalar = STRING, name?: string): Place {
  return key => ({
    schema: scalar.schema,
    read(inside) {
      const found = inside.attrs[name ?? key];
      return found === undefined ? undefined : scalar.parse(found);
    },
    write: (value, path) => ({ attrs: { [name ?? key]: scalar.print(value, path) } }),
  });
}

/** The value is the text of the element itself. */
export function content(): Place<string> {
  return () => ({
    schema: STRING.schema,
    read: textOf,
    write: (value, path) => ({ children: [STRING.print(value, path)] }),
  });
}

/** The value is a child element of any shape: the first one of those that the shape reads. */
export function one<Value extends Json>(shape: (key: string, ns: string) => Shape<Value>): Place<Value> {
  return (key, ns) => {
    const made = shape(key, ns);
    return {
      schema: made.schema,
      read(inside) {
        const found = childElements(inside).find(child => isOf(made, child));
        return found === undefined ? undefined : made.read(found);
      },
      write(value, path) {
        const written = made.write(value, path);
        return written === undefined ? {} : { children: [written] };
      },
    };
  };
}

function isOf(shape: Shape, child: Element): boolean {
  return shape.elements.some(({ name, ns }) => name === child.name && ns === child.ns);
}

/** The value is the text of a child element. */
export function child(scalar?: Scalar<string>, name?: string): Place<string>;
export function child<Value extends Json>(scalar: Scalar<Value>, name?: string): Place<Value>;
export function child(scalar: Scalar = STRING, name?: string): Place {
  return one((key, ns) => text(name ?? key, ns, scalar));
}

/** The presence of a child element is the value. */
export function childFlag(name?: string): Place<boolean> {
  return one((key, ns) => flag(name ?? key, ns));
}

/** The value is an object inside the object. */
export function inner<P extends Places>(places: P, name?: string): Place<ObjectOf<P> & JsonObject> {
  return one((key, ns) => object(name ?? key, ns, places));
}

/** The value is an array: one item for each child element that the shape reads; left out when there is none. */
export function many<Value extends Json>(shape: (ns: string) => Shape<Value>): Place<readonly Value[]> {
  return (_key, ns) => {
    const made = shape(ns);
    return {
      schema: { type: 'array', items: made.schema },
      read(inside) {
        const items = readItems(inside, made);
        return items.length === 0 ? undefined : items;
      },
      write: (value, path) => ({ children: writeItems(value, path, made) }),
    };
  };
}

/** The value is an array of the texts of child elements. */
export function children(name: string): Place<readonly string[]> {
  return many(ns => text(name, ns, STRING));
}

/** The value is an array of objects, each a child element. */
export function inners<P extends Places>(name: string, places: P): Place<readonly (ObjectOf<P> & JsonObject)[]> {
  return many(ns => object(name, ns, places));
}

function readItems<Value extends Json>(inside: Element, shape: Shape<Value>): readonly Value[] {
  const items: Value[] = [];
  for (const found of childElements(inside)) {
    const item = isOf(shape, found) ? shape.read(found) : undefined;
    if (item !== undefined) items.push(item);
  }
  return items;
}

function writeItems(value: Exclude<Json, null>, path: string, shape: Shape): readonly Element[] {
  if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
  return value.flatMap((item: Json, index) => {
    const at = `${path}[${index}]`;
    if (!isPresent(item)) throw wrongType(at, 'a value', item);
    return shape.write(item, at) ?? [];
  });
}

/**
 * An element as an object: `"version": {"name": "N"}` ⇄ `<query><name>N</name></query>`. The value `true` stands for the
 * element without any, which is how a query is asked.
 */
export function object<P extends Places>(name: string, ns: string, places: P): Shape<ObjectOf<P> & JsonObject> {
  const fields = Object.entries(places).map(([key, place]): [string, Field] => [key, place(key, ns)]);
  return {
    elements: [{ name, ns }],
    schema: {
      type: ['object', 'boolean'],
      not: { const: false },
      properties: Object.fromEntries(fields.map(([key, { schema }]) => [key, schema])),
    },
    read: found => readFields(found, fields) as ObjectOf<P> & JsonObject,
    write(value, path) {
      if (value === true) return element(name, ns);
      if (!isObject(value)) throw wrongType(path, 'an object', value);
      return writeFields(name, ns, value, path, fields);
    },
  };
}

function readFields(found: Element, fields: readonly (readonly [string, Field])[]): JsonObject {
  const values: Record<string, Json> = {};
  for (const [key, field] of fields) {
    const value = field.read(found);
    if (value !== undefined) values[key] = value;
  }
  return values;
}

function writeFields(
  name: string,
  ns: string,
  value: JsonObject,
  path: string,
  fields: readonly (readonly [string, Field])[],
): Element {
  const attrs: Record<string, string> = {};
  const inside: (Element | string)[] = [];
  for (const [key, field] of fields) {
    const given = own(value, key);
    if (!isPresent(given)) continue;
    const addition = field.write(given, `${path}.${key}`);
    Object.assign(attrs, addition.attrs);
    inside.push(...(addition.children ?? []));
  }
  return element(name, ns, attrs, inside);
}

/**
 * An element whose children are the items of an array: `"stats": [{…}]` ⇄ `<query><stat/>…</query>`. `true` and an empty
 * object ask for the items, as they do where a query is an object.
 */
export function wrapped<Value extends Json>(name: string, ns: string, item: Shape<Value>): Shape<readonly Value[]> {
  return {
    elements: [{ name, ns }],
    schema: { type: ['array', 'boolean', 'object'], not: { const: false }, maxProperties: 0, items: item.schema },
    read: found => readItems(found, item),
    write: (value, path) => element(name, ns, {}, isQuestion(value) ? [] : writeItems(value, path, item)),
  };
}

function isQuestion(value: Exclude<Json, null>): boolean {
  return value === true || (isObject(value) && Object.keys(value).length === 0);
}

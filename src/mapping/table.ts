/**
 * Tables: the keys of one kind of stanza, each with its shape.
 *
 * Decides how a whole payload is read and written by a table: each key takes the first element that is its own, and
 * elements are written in the order of the table's rows, so that the same JSON always gives the same XML.
 */
import type { Element } from '../xml/element.ts';
import { isPresent, type Json, type JsonObject, own } from './json.ts';
import type { Shape } from './shape.ts';

/** The rows by key. */
export type Rows = Readonly<Record<string, Shape>>;

/** A table ready for use. */
export interface Table<R extends Rows = Rows> {
  /** Has a null prototype: `__proto__` or `toString` from outside is just an unknown key. */
  readonly rows: R;
  readonly byElement: ReadonlyMap<string, string>;
}

/** What reading by a table gives; every key may be absent. */
export type JsonOf<T extends Table> = {
  readonly [Key in keyof T['rows']]?: NonNullable<ReturnType<T['rows'][Key]['read']>>;
};

/** Makes a table of rows. Two rows for one element would make reading ambiguous and are a mistake of ours. */
export function table<R extends Rows>(rows: R): Table<R> {
  const byElement = new Map<string, string>();
  for (const [key, row] of Object.entries(rows)) {
    for (const { name, ns } of row.elements) {
      const expanded = `{${ns}}${name}`;
      if (byElement.has(expanded))
        throw new Error(`${expanded} belongs to two keys: ${byElement.get(expanded)}, ${key}`);
      byElement.set(expanded, key);
    }
  }
  return { rows: Object.assign(Object.create(null), rows), byElement };
}

/** Reads the payload elements that the table knows. */
export function readPayload(payload: readonly Element[], { rows, byElement }: Table): Record<string, Json> {
  const json: Record<string, Json> = {};
  for (const found of payload) {
    const key = byElement.get(`{${found.ns}}${found.name}`);
    if (key === undefined || Object.hasOwn(json, key)) continue;
    const value = rows[key]?.read(found);
    if (value !== undefined) json[key] = value;
  }
  return json;
}

/**
 * Writes the keys that the table knows; others are ignored.
 *
 * @throws MappingError when a known key has a value of the wrong type
 */
export function writePayload(json: JsonObject, { rows }: Table): Element[] {
  const payload: Element[] = [];
  for (const key in rows) {
    const value = own(json, key);
    const written = isPresent(value) ? rows[key]?.write(value, key) : undefined;
    if (written !== undefined) payload.push(written);
  }
  return payload;
}

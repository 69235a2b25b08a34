/**
 * Tables: the keys of one kind of stanza, each with its row.
 *
 * Decides how a whole payload is read and written by a table, and that nothing of it is lost. Each key shows the first
 * element that is its own. An element without a key, and the elements of a key that the key's value does not say whole
 * (an attribute that mod_rest drops, a second body in another language), stand in `extra` as they are. On the way back
 * those of a key are used as long as the first of them still has the key's value; when the client has changed the value,
 * the value wins. Elements are written in the order of the rows, so that the same JSON always gives the same XML.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Element } from '../xml/element.ts';
import { equivalent } from './equivalence.ts';
import { type Extra, type ExtraJson, elementJson, readExtra } from './extra.ts';
import { isPresent, type Json, type JsonObject, own, wrongType } from './json.ts';
import type { ListRow, Row } from './row.ts';

/** The rows by key. */
export type Rows = Readonly<Record<string, Row>>;

/** A table ready for use. */
export interface Table<R extends Rows = Rows> {
  /** Has a null prototype: `__proto__` or `toString` from outside is just an unknown key. */
  readonly rows: R;
  readonly byElement: ReadonlyMap<string, string>;
  /** The place of each key among the rows, from 0. */
  readonly order: ReadonlyMap<string, number>;
}

type ValueOf<R extends Row> = R extends ListRow<infer Item> ? readonly Item[] : NonNullable<ReturnType<R['read']>>;

/** What reading by a table gives; every key may be absent. */
export type JsonOf<T extends Table> = {
  readonly [Key in keyof T['rows']]?: ValueOf<T['rows'][Key]>;
} & { readonly extra?: readonly ExtraJson[] };

/** Makes a table of rows. Two rows for one element would make reading ambiguous and are a mistake of ours. */
export function table<R extends Rows>(rows: R): Table<R> {
  const byElement = new Map<string, string>();
  for (const [key, { elements }] of Object.entries(rows)) {
    for (const found of elements) {
      const name = expandedName(found);
      const other = byElement.get(name);
      if (other !== undefined) throw new Error(`${name} belongs to two keys: ${other}, ${key}`);
      byElement.set(name, key);
    }
  }
  const order = new Map(Object.keys(rows).map((key, index) => [key, index]));
  return { rows: Object.assign(Object.create(null), rows), byElement, order };
}

function expandedName({ name, ns }: { readonly name: string; readonly ns: string }): string {
  return `{${ns}}${name}`;
}

/** Reads a payload: the keys that the table knows, and `extra` for the rest. */
export function readPayload(payload: readonly Element[], table: Table): JsonObject {
  const json: Record<string, Json> = {};
  const exact: ExtraJson[] = [];
  const rest: ExtraJson[] = [];
  for (const [key, elements] of groupByKey(payload, table)) {
    const row = key === undefined ? undefined : table.rows[key];
    const value = row === undefined ? undefined : readKey(row, elements);
    if (key === undefined || row === undefined || value === undefined) rest.push(...elements.map(elementJson));
    else {
      json[key] = value;
      if (!saysAll(row, key, value, elements)) exact.push(...elements.map(found => ({ key, ...elementJson(found) })));
    }
  }
  if (exact.length === 0 && rest.length === 0) return json;
  // In the order in which they will be written, so that reading that again gives the same JSON.
  exact.sort((a, b) => place(table, a.key) - place(table, b.key));
  return { ...json, extra: [...exact, ...rest] };
}

function place({ order }: Table, key: string | undefined): number {
  return (key === undefined ? undefined : order.get(key)) ?? order.size;
}

/** The elements of each key, in the order of their first; those without a key stand under `undefined`. */
function groupByKey(
  payload: readonly Element[],
  { byElement }: Table,
): ReadonlyMap<string | undefined, readonly Element[]> {
  return Map.groupBy(payload, found => byElement.get(expandedName(found)));
}

/** Whether a value, written back, gives the very elements that it was read from. */
function saysAll(row: Row, key: string, value: Json, elements: readonly Element[]): boolean {
  if (!isPresent(value) || (elements.length > 1 && row.list !== true)) return false;
  const written = writeValue(row, value, key);
  return written.length === elements.length && written.every((one, index) => sameAs(one, elements[index]));
}

function sameAs(written: Element, found: Element | undefined): boolean {
  return found !== undefined && equivalent(written, found);
}

/**
 * Writes the keys that the table knows, and `extra`.
 *
 * @throws MappingError when a known key has a value of the wrong type
 */
export function writePayload(json: JsonObject, table: Table, path = ''): Element[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  const extra = readExtra(own(json, 'extra'), at('extra'));
  const payload: Element[] = [];
  for (const key of keysIn(json, table)) {
    const [row, value] = [table.rows[key], json[key]];
    if (row !== undefined && isPresent(value))
      payload.push(...(exactly(row, key, value, extra) ?? writeValue(row, value, at(key))));
  }
  for (const { key, element } of extra) if (key === undefined || !table.order.has(key)) payload.push(element);
  return payload;
}

/** The keys of an object that a table knows, in the order of its rows. */
function keysIn(json: JsonObject, table: Table): readonly string[] {
  const keys = Object.keys(json).filter(key => table.order.has(key));
  return keys.length < 2 ? keys : keys.sort((a, b) => place(table, a) - place(table, b));
}

/** The elements that `extra` has for a key, while the key still has the value that they say. */
function exactly(row: Row, key: string, value: Json, extra: readonly Extra[]): readonly Element[] | undefined {
  const elements = extra.filter(entry => entry.key === key).map(entry => entry.element);
  return elements.length > 0 && isDeepStrictEqual(readKey(row, elements), value) ? elements : undefined;
}

/** The value of a key's elements: that of one of them, or, where the key is a list, an array of all. */
function readKey(row: Row, elements: readonly Element[]): Json | undefined {
  if (row.list !== true) {
    const shown = shownOf(row, elements);
    return shown === undefined ? undefined : row.read(shown);
  }
  const items = elements.map(found => row.read(found));
  return items.every(item => item !== undefined) ? items : undefined;
}

/** Where a key has a choice of elements, the order in which the row names them decides; else the first or the last. */
function shownOf(row: Row, elements: readonly Element[]): Element | undefined {
  if (row.elements.length > 1 && elements.length > 1) {
    const names = row.elements.map(({ name }) => name);
    return elements.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))[0];
  }
  return elements.at(row.takes === 'last' ? -1 : 0);
}

function writeValue(row: Row, value: Exclude<Json, null>, path: string): readonly Element[] {
  if (row.list !== true) return [row.write(value, path)].flatMap(written => written ?? []);
  if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
  return value.flatMap((item: Json, index) => {
    if (!isPresent(item)) throw wrongType(`${path}[${index}]`, 'a value', item);
    return row.write(item, `${path}[${index}]`) ?? [];
  });
}

/**
 * Rows: a shape with what there is to say about its key.
 *
 * Decides what documentation and schema know of a key: the document that defines its element and one sentence.
 */
import type { Json } from './json.ts';
import type { Shape } from './shape.ts';

/** One key of a table. */
export interface Row<Value extends Json = Json> extends Shape<Value> {
  /** The RFC or XEP that defines the element. */
  readonly spec: string;
  /** One sentence about the key. */
  readonly doc: string;
  /** The value is an array with an item for each element of the stanza. */
  readonly list?: true;
  /** Of several elements the last one is shown; the first one otherwise. */
  readonly takes?: 'last';
}

/** Gives a shape its documentation. */
export function row<Value extends Json>(spec: string, doc: string, shape: Shape<Value>): Row<Value> {
  return { ...shape, spec, doc };
}

/** A key whose value is an array with an item for each of its elements in the stanza. */
export interface ListRow<Value extends Json = Json> extends Row<Value> {
  readonly list: true;
}

/** Makes a key of which a stanza may have several elements. */
export function listRow<Value extends Json>(spec: string, doc: string, item: Shape<Value>): ListRow<Value> {
  return { ...row(spec, doc, item), list: true };
}

/** Makes a key that shows the last of its elements, as mod_rest does for payloads that it maps by hand. */
export function lastRow<Value extends Json>(spec: string, doc: string, shape: Shape<Value>): Row<Value> {
  return { ...row(spec, doc, shape), takes: 'last' };
}

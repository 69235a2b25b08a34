/**
 * `items`: service discovery items (XEP-0030 §4).
 *
 * Decides that a query reads as its node or `true`, a result as an array of `{jid, node, name}`, and that all of these and
 * bare addresses can be written.
 */
import { childElements, type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, own, wrongType } from '../json.ts';
import { attribute, object } from '../object.ts';
import { BOOLEAN, STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';

const ITEM = object('item', NS.discoItems, { jid: attribute(), node: attribute(), name: attribute() });

/** The shape of `items`. */
export const DISCO_ITEMS: Shape<true | string | readonly JsonObject[]> = {
  elements: [{ name: 'query', ns: NS.discoItems }],
  schema: {
    anyOf: [
      BOOLEAN.schema,
      STRING.schema,
      { type: 'array', items: { anyOf: [ITEM.schema, STRING.schema] } },
      { type: 'object', properties: { node: STRING.schema } },
    ],
  },
  read(found) {
    const children = childElements(found);
    if (children.length === 0) return found.attrs['node'] ?? true;
    return children
      .filter(({ name, ns }) => name === 'item' && ns === NS.discoItems)
      .map(item => ITEM.read(item) ?? {});
  },
  write(value, path) {
    if (value === false) return undefined;
    if (value === true) return element('query', NS.discoItems);
    if (typeof value === 'string') return element('query', NS.discoItems, { node: STRING.print(value, path) });
    if (isObject(value)) return element('query', NS.discoItems, { node: nodeOf(value, path) });
    if (Array.isArray(value))
      return element(
        'query',
        NS.discoItems,
        {},
        value.map((item: Json, index) => itemOf(item, `${path}[${index}]`)),
      );
    throw wrongType(path, 'true, a node, or an array of items', value);
  },
};

/** The `node` of an object, where there is one. */
export function nodeOf(value: JsonObject, path: string): string | undefined {
  const node = own(value, 'node');
  return isPresent(node) ? STRING.print(node, `${path}.node`) : undefined;
}

function itemOf(item: Json, path: string): Element {
  if (typeof item === 'string') return element('item', NS.discoItems, { jid: STRING.print(item, path) });
  if (!isObject(item)) throw wrongType(path, 'an object or an address', item);
  return ITEM.write(item, path) ?? element('item', NS.discoItems);
}

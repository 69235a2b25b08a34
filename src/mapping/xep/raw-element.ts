/**
 * Elements that are shown as they are: `{name, xmlns, attrs, children}`, the form that they have in `extra`.
 *
 * Decides how one element, or all those of a container, stand inside a key's value. As in `extra`, a string of XML may be
 * given instead.
 */
import { childElements, type Element, element } from '../../xml/element.ts';
import { type ElementJson, elementJson, readElement, readExtra } from '../extra.ts';
import type { JsonSchema } from '../json.ts';
import { one, type Place } from '../object.ts';
import { STRING } from '../scalar.ts';

const ELEMENT_SCHEMA: JsonSchema = {
  anyOf: [
    {
      type: 'object',
      properties: {
        name: STRING.schema,
        xmlns: STRING.schema,
        attrs: { type: 'object', additionalProperties: STRING.schema },
        children: { type: 'array', items: { type: ['object', 'string'] } },
      },
      required: ['name'],
    },
    STRING.schema,
  ],
};

/**
 * The value is a child element that no other place shows: the first of those.
 *
 * @param shown whether a child has a place of its own
 */
export function rawChild(shown: (child: Element) => boolean): Place<ElementJson> {
  return () => ({
    schema: ELEMENT_SCHEMA,
    read(inside) {
      const found = childElements(inside).find(child => !shown(child));
      return found === undefined ? undefined : elementJson(found);
    },
    write: (value, path) => ({ children: [readElement(value, path)] }),
  });
}

/** The value is an array of all elements inside a child element, which is named by the key. */
export function rawChildren(): Place<readonly ElementJson[]> {
  return one((key, ns) => ({
    elements: [{ name: key, ns }],
    schema: { type: 'array', items: ELEMENT_SCHEMA },
    read: found => childElements(found).map(elementJson),
    write: (value, path) =>
      element(
        key,
        ns,
        {},
        readExtra(value, path).map(entry => entry.element),
      ),
  }));
}

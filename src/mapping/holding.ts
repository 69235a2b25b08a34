/**
 * Elements that only hold another one.
 *
 * Decides that such an element does not show in JSON: the value of the inner element is the value.
 */
import { element } from '../xml/element.ts';
import type { Json } from './json.ts';
import { one } from './object.ts';
import type { Shape } from './shape.ts';

/**
 * An element around one of a known shape: `"pref": 1` ⇄ `<pref><integer>1</integer></pref>`.
 *
 * @param shape of the inner element; without that, the outer one has no value
 */
export function holding<Value extends Json>(name: string, ns: string, shape: Shape<Value>): Shape<Value> {
  const held = one(() => shape)(name, ns);
  return {
    elements: [{ name, ns }],
    schema: held.schema,
    read: held.read,
    write: (value, path) => element(name, ns, {}, held.write(value, path).children),
  };
}

/**
 * `payload`: any JSON in a stanza (XEP-0432) as `{datatype, data}`.
 *
 * Decides that the JSON is written as the text of the element, as mod_rest does, and read from there or from the `json`
 * element that the XEP asks for. Text that is not JSON leaves the key out.
 */
import { childElements, element, textOf } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, isTooDeep, type Json, type JsonObject, MAX_NESTING, own, wrongType } from '../json.ts';
import { STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';

/** The namespace of the `json` element, XEP-0335. */
const JSON_NS = 'urn:xmpp:json:0';

/** What a stanza's JSON may hold, less the two objects around the data: what was read can be sent. */
const DATA_NESTING = MAX_NESTING - 2;

/** The shape of `payload`. */
export const JSON_MESSAGE: Shape<JsonObject> = {
  elements: [{ name: 'payload', ns: NS.jsonMessage }],
  schema: { type: 'object', properties: { datatype: STRING.schema, data: {} } },
  read(found) {
    const [container] = childElements(found).filter(child => child.name === 'json' && child.ns === JSON_NS);
    const data = parse(textOf(container ?? found));
    const { datatype } = found.attrs;
    return data === undefined || isTooDeep(data, DATA_NESTING)
      ? undefined
      : { ...(datatype !== undefined && { datatype }), data };
  },
  write(value, path) {
    if (!isObject(value)) throw wrongType(path, 'an object', value);
    const datatype = own(value, 'datatype');
    const attrs = { datatype: isPresent(datatype) ? STRING.print(datatype, `${path}.datatype`) : undefined };
    return element('payload', NS.jsonMessage, attrs, [
      STRING.print(JSON.stringify(own(value, 'data') ?? null), `${path}.data`),
    ]);
  },
};

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text, (_key, value: Json) => (typeof value === 'number' ? sayable(value) : value)) as Json;
  } catch {
    return undefined;
  }
}

/** A number as JSON says it again: «-0» reads as one that is written «0», and «1e999» as one that is written «null». */
function sayable(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}

/**
 * Stanzas inside stanzas: forwarding (XEP-0297), and the archive results (XEP-0313) and carbons (XEP-0280) made of it.
 *
 * Decides that the inner message reads like an outer one, `extra` included but without `kind`, and that inner presences and
 * iqs stay in the outer `extra`. Inner addresses are shown as they are: nobody has vouched for them.
 */
import { childElements, childNamed, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { readAttributes, stringAt } from '../attributes.ts';
import { showTwice, spellOut } from '../convenience.ts';
import { isObject, type JsonObject, wrongType } from '../json.ts';
import { object, one } from '../object.ts';
import { attr, type Shape } from '../shape.ts';
import { readPayload, type Table, writePayload } from '../table.ts';

/** The inner message, by the table of messages, which is not made yet when this row of it is. */
function innerMessage(table: () => Table): Shape<JsonObject> {
  return {
    elements: [{ name: 'message', ns: NS.client }],
    schema: { $ref: '#/$defs/inner_message' },
    read: found => ({
      ...readAttributes(found.attrs),
      ...showTwice(readPayload(childElements(found), table()), 'message'),
    }),
    write(value, path) {
      if (!isObject(value)) throw wrongType(path, 'an object', value);
      const attrs = {
        to: stringAt(value, 'to', `${path}.to`),
        from: stringAt(value, 'from', `${path}.from`),
        id: stringAt(value, 'id', `${path}.id`),
        type: stringAt(value, 'type', `${path}.type`),
        'xml:lang': stringAt(value, 'lang', `${path}.lang`),
      };
      return element('message', NS.client, attrs, writePayload(spellOut(value, 'message', path), table(), path));
    },
  };
}

/** A forwarded message with its time, XEP-0297. */
export function forwarded(table: () => Table): Shape<JsonObject> {
  return object('forwarded', NS.forward, {
    delay: one(() => attr('delay', NS.delay, 'stamp')),
    message: one(() => innerMessage(table)),
  });
}

/** A copy of a message that another client of the account sent or got, XEP-0280. */
export function carbon(name: 'sent' | 'received', table: () => Table): Shape<JsonObject> {
  const copy = forwarded(table);
  return {
    elements: [{ name, ns: NS.carbons }],
    schema: copy.schema,
    read(found) {
      const inner = childNamed(found, 'forwarded', NS.forward);
      return inner === undefined ? undefined : copy.read(inner);
    },
    write: (value, path) =>
      element(
        name,
        NS.carbons,
        {},
        [copy.write(value, path)].flatMap(inner => inner ?? []),
      ),
  };
}

/**
 * `muc_user`, `muc_admin` and `muc_owner`: multi-user chat (XEP-0045).
 *
 * Decides that one item reads as `item` and several as `items`, that status codes are numbers, and that an invitation says
 * `continue` and `thread` side by side, as a direct one (XEP-0249) does in mod_rest. Entering a room is the key `muc`.
 */
import { childElements, type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, own, wrongType } from '../json.ts';
import { attribute, child, inner, inners, many, object, type Place } from '../object.ts';
import { BOOLEAN, integer, STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';
import { formPlaces } from './form-places.ts';

const ITEM = {
  affiliation: attribute(),
  role: attribute(),
  jid: attribute(),
  nick: attribute(),
  reason: child(),
  actor: inner({ jid: attribute(), nick: attribute() }),
};

const DESTROY = { jid: attribute(), reason: child(), password: child() };

/** XEP-0045 §16.6: what happened, or what the room is like. */
const CODE = integer(100, 999);

const STATUS: Shape<number> = {
  elements: [{ name: 'status', ns: NS.mucUser }],
  schema: CODE.schema,
  read: ({ attrs }) => (attrs['code'] === undefined ? undefined : CODE.parse(attrs['code'])),
  write: (value, path) => element('status', NS.mucUser, { code: CODE.print(value, path) }),
};

/** An invitation as its elements are: `continue` is an element with a `thread`. */
const INVITE_ELEMENTS = object('invite', NS.mucUser, {
  to: attribute(),
  from: attribute(),
  reason: child(),
  continue: inner({ thread: attribute() }),
});

/** An invitation with `continue` as true or false, and `thread` beside it. */
const INVITE: Shape<JsonObject> = {
  elements: INVITE_ELEMENTS.elements,
  schema: {
    ...INVITE_ELEMENTS.schema,
    properties: {
      ...INVITE_ELEMENTS.schema.properties,
      continue: BOOLEAN.schema,
      thread: STRING.schema,
    },
  },
  read(found) {
    const { continue: continued, ...rest } = INVITE_ELEMENTS.read(found) ?? {};
    return continued === undefined ? rest : { ...rest, continue: true, ...continued };
  },
  write(value, path) {
    if (!isObject(value)) return INVITE_ELEMENTS.write(value, path);
    return INVITE_ELEMENTS.write({ ...value, continue: continuedOf(value, path) }, path);
  },
};

/** A thread to go on with says that something is continued. */
function continuedOf(invite: JsonObject, path: string): Json {
  const [continued, thread] = [own(invite, 'continue'), own(invite, 'thread')];
  if (isPresent(continued) && typeof continued !== 'boolean') {
    throw wrongType(`${path}.continue`, BOOLEAN.expected, continued);
  }
  if (isPresent(thread)) return { thread: STRING.print(thread, `${path}.thread`) };
  return continued === true ? {} : null;
}

/** How many items there are in what a room says. */
function countItems(inside: Element): number {
  return childElements(inside).filter(({ name, ns }) => name === 'item' && ns === inside.ns).length;
}

/** A place that is only shown where a condition holds, and always written. */
function shownIf<Value extends Json>(condition: (inside: Element) => boolean, place: Place<Value>): Place<Value> {
  return (key, ns) => {
    const field = place(key, ns);
    return { ...field, read: inside => (condition(inside) ? field.read(inside) : undefined) };
  };
}

/** The shape of `muc_user`. */
export const MUC_USER = object('x', NS.mucUser, {
  item: shownIf(inside => countItems(inside) === 1, inner(ITEM)),
  items: shownIf(inside => countItems(inside) > 1, inners('item', ITEM)),
  statuses: many(() => STATUS),
  invites: many(() => INVITE),
  decline: inner({ to: attribute(), from: attribute(), reason: child() }),
  password: child(),
  destroy: inner(DESTROY),
});

/** The shape of `muc_admin`. */
export const MUC_ADMIN = object('query', NS.mucAdmin, { items: inners('item', ITEM) });

/** The shape of `muc_owner`. */
export const MUC_OWNER = object('query', NS.mucOwner, {
  ...formPlaces('http://jabber.org/protocol/muc#roomconfig'),
  destroy: inner(DESTROY),
});

/**
 * `pubsub`, `pubsub_owner` and `pubsub_event`: publish-subscribe (XEP-0060), personal eventing (XEP-0163) included.
 *
 * Decides that each element of the protocol is a key of the same name, that what it holds several of is an array inside it,
 * and that its forms can be given by their values. Which of the elements may stand together is left to the service.
 */
import { NS } from '../../xmpp/ns.ts';
import { RSM } from '../common.ts';
import { attribute, childFlag, inner, inners, many, object, one } from '../object.ts';
import { COUNT } from '../scalar.ts';
import { attr } from '../shape.ts';
import { TRUE_FALSE } from '../true-false.ts';
import { DATA_FORM } from './data-form.ts';
import { formPlaces } from './form-places.ts';
import { ITEM } from './pubsub-item.ts';

/** XEP-0060 §16.4: the kinds of form. */
const OPTIONS_FORM = formPlaces('http://jabber.org/protocol/pubsub#subscribe_options');
const PUBLISH_FORM = formPlaces('http://jabber.org/protocol/pubsub#publish-options');
const NODE_FORM = formPlaces('http://jabber.org/protocol/pubsub#node_config');

const NODE = { node: attribute() };
/** `ver` is the version of all that the node holds. */
const ITEMS = { ver: attribute(), items: inners('item', ITEM) };
const SUBSCRIBER = { ...NODE, jid: attribute(), subid: attribute() };
const SUBSCRIPTION = {
  ...SUBSCRIBER,
  subscription: attribute(),
  expiry: attribute(),
  subscribe_options: inner({ required: childFlag() }, 'subscribe-options'),
};
const SUBSCRIPTIONS = inner({ ...NODE, subscriptions: inners('subscription', SUBSCRIPTION) });
const AFFILIATIONS = inner({
  ...NODE,
  affiliations: inners('affiliation', { ...NODE, jid: attribute(), affiliation: attribute() }),
});
const CONFIGURE = inner({ ...NODE, ...NODE_FORM });
/** Only services say what the default is, so there are no values to submit. */
const DEFAULT = inner({ ...NODE, type: attribute(), form: one(() => DATA_FORM) });
const DELETE = inner({ ...NODE, redirect: one((key, ns) => attr(key, ns, 'uri')) });

/** The shape of `pubsub`: what subscribers and publishers ask for. */
export const PUBSUB = object('pubsub', NS.pubsub, {
  create: inner(NODE),
  configure: CONFIGURE,
  subscribe: inner(SUBSCRIBER),
  unsubscribe: inner(SUBSCRIBER),
  options: inner({ ...SUBSCRIBER, ...OPTIONS_FORM }),
  publish: inner({ ...NODE, ...ITEMS }),
  publish_options: inner(PUBLISH_FORM, 'publish-options'),
  items: inner({ ...SUBSCRIBER, max_items: attribute(COUNT), ...ITEMS }),
  retract: inner({ ...NODE, notify: attribute(TRUE_FALSE), items: inners('item', ITEM) }),
  subscription: inner(SUBSCRIPTION),
  subscriptions: SUBSCRIPTIONS,
  affiliations: AFFILIATIONS,
  default: DEFAULT,
  page: one(() => RSM),
});

/** The shape of `pubsub_owner`: what the owners of a node ask for. */
export const PUBSUB_OWNER = object('pubsub', NS.pubsubOwner, {
  configure: CONFIGURE,
  default: DEFAULT,
  delete: DELETE,
  purge: inner(NODE),
  subscriptions: SUBSCRIPTIONS,
  affiliations: AFFILIATIONS,
  page: one(() => RSM),
});

/** The shape of `pubsub_event`: what subscribers are told. */
export const PUBSUB_EVENT = object('event', NS.pubsubEvent, {
  items: inner({ ...NODE, ...ITEMS, retracts: many(ns => attr('retract', ns, 'id')) }),
  purge: inner(NODE),
  delete: DELETE,
  configuration: inner({ ...NODE, form: one(() => DATA_FORM) }),
  subscription: inner(SUBSCRIPTION),
  collection: inner({
    ...NODE,
    associate: one((key, ns) => attr(key, ns, 'node')),
    disassociate: one((key, ns) => attr(key, ns, 'node')),
  }),
});

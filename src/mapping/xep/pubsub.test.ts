/**
 * What `pubsub`, `pubsub_owner` and `pubsub_event` show, accept and refuse.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childElements, type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Json } from '../json.ts';
import { formTypeOf } from './data-form.ts';
import { PUBSUB, PUBSUB_EVENT, PUBSUB_OWNER } from './pubsub.ts';

const pubsub = (name: string, attrs = {}, children: readonly Element[] = []) =>
  element(name, NS.pubsub, attrs, children);

test('a payload may be given as XML', () => {
  const payload = element('geoloc', 'urn:x', {}, [element('lat', 'urn:x', {}, ['45.4'])]);
  const publish = pubsub('publish', { node: 'n' }, [pubsub('item', {}, [payload])]);
  assert.deepEqual(
    PUBSUB.write(
      { publish: { node: 'n', items: [{ payload: "<geoloc xmlns='urn:x'><lat>45.4</lat></geoloc>" }] } },
      'pubsub',
    ),
    pubsub('pubsub', {}, [publish]),
  );
});

test('a bookmark among payloads reads as both', () => {
  const children = [element('conference', NS.bookmarks), element('conference', 'urn:x')];
  const items = pubsub('items', {}, [pubsub('item', {}, children)]);
  assert.deepEqual(PUBSUB.read(pubsub('pubsub', {}, [items])), {
    items: { items: [{ bookmark: {}, payload: { name: 'conference', xmlns: 'urn:x' } }] },
  });
});

test('what was displayed has no value without a stanza id', () => {
  const items = pubsub('items', {}, [pubsub('item', { id: 'a' }, [element('displayed', NS.mdsDisplayed)])]);
  assert.deepEqual(PUBSUB.read(pubsub('pubsub', {}, [items])), { items: { items: [{ id: 'a' }] } });
});

const FORM_TYPES: readonly (readonly [shape: typeof PUBSUB | typeof PUBSUB_OWNER, key: string, formType: string])[] = [
  [PUBSUB, 'options', 'http://jabber.org/protocol/pubsub#subscribe_options'],
  [PUBSUB, 'publish_options', 'http://jabber.org/protocol/pubsub#publish-options'],
  [PUBSUB, 'configure', 'http://jabber.org/protocol/pubsub#node_config'],
  [PUBSUB_OWNER, 'configure', 'http://jabber.org/protocol/pubsub#node_config'],
];

for (const [shape, key, formType] of FORM_TYPES) {
  test(`the values of ${key} are submitted as ${formType}`, () => {
    const written = shape.write({ [key]: { data: { 'pubsub#x': '1' } } }, 'pubsub');
    const forms = [written].flatMap(made => (made === undefined ? [] : childElements(made))).flatMap(childElements);
    assert.deepEqual(forms.map(formTypeOf), [formType]);
  });
}

const SHAPES = { pubsub: PUBSUB, pubsub_owner: PUBSUB_OWNER, pubsub_event: PUBSUB_EVENT };

const WRONG: readonly (readonly [key: keyof typeof SHAPES, value: Exclude<Json, null>, message: string])[] = [
  ['pubsub', 'n', "'pubsub' must be an object, not a string"],
  ['pubsub', { items: 'n' }, "'pubsub.items' must be an object, not a string"],
  ['pubsub', { items: { node: 5 } }, "'pubsub.items.node' must be a string, not a number"],
  [
    'pubsub',
    { items: { max_items: '2' } },
    "'pubsub.items.max_items' must be an integer from 0 to 999999999999999, not a string",
  ],
  ['pubsub', { publish: { items: {} } }, "'pubsub.publish.items' must be an array, not an object"],
  ['pubsub', { publish: { items: ['a'] } }, "'pubsub.publish.items[0]' must be an object, not a string"],
  [
    'pubsub',
    { publish: { items: [{ payload: { name: 5 } }] } },
    "'pubsub.publish.items[0].payload.name' must be a string, not a number",
  ],
  [
    'pubsub',
    { publish: { items: [{ bookmark: { autojoin: 'yes' } }] } },
    "'pubsub.publish.items[0].bookmark.autojoin' must be true or false, not a string",
  ],
  [
    'pubsub',
    { publish: { items: [{ bookmark: { extensions: {} } }] } },
    "'pubsub.publish.items[0].bookmark.extensions' must be an array, not an object",
  ],
  [
    'pubsub',
    { publish: { items: [{ displayed: 's1' }] } },
    "'pubsub.publish.items[0].displayed' must be an object, not a string",
  ],
  ['pubsub', { publish_options: { form: [] } }, "'pubsub.publish_options.form' must be an object, not an array"],
  ['pubsub', { publish_options: { data: 'x' } }, "'pubsub.publish_options.data' must be an object, not a string"],
  ['pubsub', { retract: { notify: 1 } }, "'pubsub.retract.notify' must be true or false, not a number"],
  [
    'pubsub',
    { subscription: { subscribe_options: { required: 'x' } } },
    "'pubsub.subscription.subscribe_options.required' must be true or false, not a string",
  ],
  ['pubsub', { page: { max: -1 } }, "'pubsub.page.max' must be an integer from 0 to 999999999999999"],
  ['pubsub_owner', { delete: { redirect: {} } }, "'pubsub_owner.delete.redirect' must be a string, not an object"],
  [
    'pubsub_owner',
    { affiliations: { affiliations: [{ jid: 5 }] } },
    "'pubsub_owner.affiliations.affiliations[0].jid' must be a string, not a number",
  ],
  ['pubsub_event', { items: { retracts: 'i' } }, "'pubsub_event.items.retracts' must be an array, not a string"],
  ['pubsub_event', { items: { retracts: [{}] } }, "'pubsub_event.items.retracts[0]' must be a string, not an object"],
  ['pubsub_event', { purge: true, delete: 5 }, "'pubsub_event.delete' must be an object, not a number"],
];

for (const [key, value, message] of WRONG) {
  test(`${key}: ${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => SHAPES[key].write(value, key), { name: 'MappingError', message }));
}

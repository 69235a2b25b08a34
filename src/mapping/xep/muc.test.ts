/**
 * What `muc_user`, `muc_admin` and `muc_owner` show, accept and refuse.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Json } from '../json.ts';
import { MUC_ADMIN, MUC_OWNER, MUC_USER } from './muc.ts';

const of = (...children: readonly Element[]) => element('x', NS.mucUser, {}, children);
const user = (name: string, attrs = {}, children: readonly Element[] = []) =>
  element(name, NS.mucUser, attrs, children);

test('one item is an object, several are an array', () => {
  const [one, two] = [user('item', { jid: 'a@x.example' }), user('item', { jid: 'b@x.example' })];
  assert.deepEqual(MUC_USER.read(of(one)), { item: { jid: 'a@x.example' } });
  assert.deepEqual(MUC_USER.read(of(one, two)), { items: [{ jid: 'a@x.example' }, { jid: 'b@x.example' }] });
});

test('one item may be given in an array', () => {
  assert.deepEqual(
    MUC_USER.write({ items: [{ jid: 'a@x.example' }] }, 'muc_user'),
    of(user('item', { jid: 'a@x.example' })),
  );
});

test('a status that is no code is not shown', () => {
  assert.deepEqual(
    MUC_USER.read(of(user('status', { code: 'x' }), user('status'), user('status', { code: '99' }))),
    {},
  );
});

test('a thread continues, with or without the flag', () => {
  const continued = of(user('invite', {}, [user('continue', { thread: 't' })]));
  assert.deepEqual(MUC_USER.write({ invites: [{ thread: 't' }] }, 'muc_user'), continued);
  assert.deepEqual(MUC_USER.write({ invites: [{ thread: 't', continue: true }] }, 'muc_user'), continued);
});

test('an invitation that does not continue says nothing of it', () => {
  assert.deepEqual(MUC_USER.write({ invites: [{ continue: false, thread: null }] }, 'muc_user'), of(user('invite')));
});

test('the values of a configuration make its form', () => {
  const value = (text: string) => element('value', NS.dataForms, {}, [text]);
  const form = element('x', NS.dataForms, { type: 'submit' }, [
    element('field', NS.dataForms, { var: 'FORM_TYPE', type: 'hidden' }, [
      value('http://jabber.org/protocol/muc#roomconfig'),
    ]),
    element('field', NS.dataForms, { var: 'muc#roomconfig_persistentroom' }, [value('1')]),
  ]);
  assert.deepEqual(
    MUC_OWNER.write({ data: { 'muc#roomconfig_persistentroom': true } }, 'muc_owner'),
    element('query', NS.mucOwner, {}, [form]),
  );
});

const WRONG: readonly (readonly [value: Exclude<Json, null>, message: string])[] = [
  [[], "'muc_user' must be an object, not an array"],
  [{ statuses: 110 }, "'muc_user.statuses' must be an array, not a number"],
  [{ statuses: ['110'] }, "'muc_user.statuses[0]' must be an integer from 100 to 999, not a string"],
  [{ statuses: [110, 1000] }, "'muc_user.statuses[1]' must be an integer from 100 to 999"],
  [{ item: [] }, "'muc_user.item' must be an object, not an array"],
  [{ item: { actor: 'Prince' } }, "'muc_user.item.actor' must be an object, not a string"],
  [{ item: { role: 5 } }, "'muc_user.item.role' must be a string, not a number"],
  [{ items: {} }, "'muc_user.items' must be an array, not an object"],
  [{ invites: {} }, "'muc_user.invites' must be an array, not an object"],
  [{ invites: ['a@x.example'] }, "'muc_user.invites[0]' must be an object, not a string"],
  [{ invites: [{ continue: 'yes' }] }, "'muc_user.invites[0].continue' must be true or false, not a string"],
  [{ invites: [{ thread: 5 }] }, "'muc_user.invites[0].thread' must be a string, not a number"],
  [{ decline: 'x' }, "'muc_user.decline' must be an object, not a string"],
  [{ password: 5 }, "'muc_user.password' must be a string, not a number"],
  [{ destroy: { reason: {} } }, "'muc_user.destroy.reason' must be a string, not an object"],
];

for (const [value, message] of WRONG) {
  test(`${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => MUC_USER.write(value, 'muc_user'), { name: 'MappingError', message }));
}

test('what admins and owners ask for is checked too', () => {
  assert.throws(() => MUC_ADMIN.write({ items: [5] }, 'muc_admin'), {
    message: "'muc_admin.items[0]' must be an object, not a number",
  });
  assert.throws(() => MUC_OWNER.write({ form: 'x' }, 'muc_owner'), {
    message: "'muc_owner.form' must be an object, not a string",
  });
  assert.throws(() => MUC_OWNER.write({ destroy: { jid: 5 } }, 'muc_owner'), {
    message: "'muc_owner.destroy.jid' must be a string, not a number",
  });
});

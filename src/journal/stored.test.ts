/**
 * What is stored comes back as it was, and what was changed on the disk is found.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { messageOf } from '../../test/support/journal-place.ts';
import { draftAtRandom } from '../../test/support/stanzas-at-random.ts';
import { parseJid } from '../xmpp/jid.ts';
import { makeStanza } from '../xmpp/stanza.ts';
import { presenceKey } from './presence-key.ts';
import {
  deliveryOf,
  entryOf,
  idOf,
  ownerOf,
  positionOf,
  secretOf,
  stanzaOf,
  sumOf,
  sumOfDelivery,
  xmlOf,
} from './stored.ts';

test('every stanza comes back as it was', () => {
  fc.assert(
    fc.property(draftAtRandom, draft => {
      const stanza = makeStanza(draft);
      assert.deepEqual(stanzaOf(xmlOf(stanza)), stanza);
    }),
    { numRuns: 1_000 },
  );
});

test('an id tells where its delivery stands, and any other text does not', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(999), (seq, place) => {
      const id = idOf({ seq, place });
      assert.deepEqual(positionOf(id), { seq, place });
      assert.equal(secretOf(id).length, 22);
    }),
  );
  for (const text of ['', '1', '1-0', '1-0-', '1-0-short', `1-0-${'x'.repeat(23)}`, `-0-${'x'.repeat(22)}`, '１-0-x']) {
    assert.equal(positionOf(text), undefined);
    assert.equal(secretOf(text), '');
  }
});

test('a stanza belongs to the bare address that it was sent to', () => {
  const link = parseJid('bot@b.example');
  assert.equal(ownerOf(messageOf('a', 'x@y.example', 'juliet@c.example/balcony'), link), 'juliet@c.example');
  assert.equal(ownerOf(makeStanza({ kind: 'message', payload: [] }), link), link);
});

const stanza = xmlOf(messageOf('hello'));
const ENTRY = { seq: 7, at: 5, link: 'l.example', owner: 'o.example', event: 'bare', stanza };
const ITEM = { link: 'l.example', target: 't', sender: 's@m.example', size: 9, tries: 1, made: 2, next: 3 };

test('a row that differs in any column from what was written is damaged', () => {
  const entry = { ...ENTRY, sum: sumOf(...Object.values(ENTRY)) };
  assert.deepEqual(entryOf(entry).stanza, messageOf('hello'));
  const changedEntries = [
    { seq: 8 },
    { at: 6 },
    { link: 'k.example' },
    { owner: '' },
    { event: 'full' },
    { event: 'x' },
  ];
  for (const change of [...changedEntries, { stanza: stanza.replace('hello', 'hallo') }, { sum: 1 }, { sum: null }]) {
    assert.throws(() => entryOf({ ...entry, ...change }), { name: 'Damage', message: /the entry [78] is damaged/ });
  }
  const secret = 'x'.repeat(22);
  const item = { seq: 7, place: 0, id: idOf({ seq: 7, place: 0 }, secret), ...ITEM };
  const delivery = { entry: 7, place: 0, secret, ...ITEM, state: 'queued', sum: sumOfDelivery(item, 'queued') };
  assert.deepEqual(deliveryOf(delivery), { item, state: 'queued' });
  const changes = [
    { entry: 6 },
    { place: 1 },
    { link: '' },
    { target: 'u' },
    { sender: '' },
    { size: 8 },
    { tries: 2 },
  ];
  for (const change of [...changes, { made: 3 }, { next: 4 }, { state: 'done' }, { secret: 'y'.repeat(22) }]) {
    assert.throws(() => deliveryOf({ ...delivery, ...change }), {
      name: 'Damage',
      message: /the delivery [01] of the/,
    });
  }
});

test('what was written well and is no stanza is damage, not a crash', () => {
  for (const xml of ['<message', '<body/>', "<message from='@'/>", '<iq/>']) {
    const row = { ...ENTRY, stanza: xml };
    assert.throws(() => entryOf({ ...row, sum: sumOf(...Object.values(row)) }), {
      name: 'Damage',
      message: /cannot be read/,
    });
  }
});

test('presence is replaced by presence of the same resource to the same address, and by nothing else', () => {
  const [from, to] = ['a@m.example/x', 'b@m.example'];
  const key = presenceKey(makeStanza({ kind: 'presence', from, to, payload: [] }));
  assert.ok(key !== undefined);
  assert.equal(presenceKey(makeStanza({ kind: 'presence', type: 'unavailable', from, to, payload: [] })), key);
  for (const other of [{ from: 'a@m.example/y', to }, { from, to: 'c@m.example' }, { from }, { to }]) {
    assert.notEqual(presenceKey(makeStanza({ kind: 'presence', ...other, payload: [] })), key);
  }
  assert.equal(presenceKey(messageOf('a', from, to)), undefined);
  assert.equal(presenceKey(makeStanza({ kind: 'presence', type: 'subscribe', from, to, payload: [] })), undefined);
});

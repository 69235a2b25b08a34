/**
 * Receiving as a component of servers that others have written, with slixmpp as the client.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ejabberdPlace, prosodyPlace } from '../black-box/places.ts';
import { receivingContract } from '../black-box/receiving.ts';
import { conditionOf, idOf, json, type Make, message, messageFrom } from '../black-box/scene.ts';
import { having } from '../support/peer.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

/** Milliseconds for what comes only after the link was slowed down for ten seconds. */
const SLOWED = 30_000;

/** What only a component has. */
function componentCases(make: Make): void {
  it('tells of requests that a server would answer, and of those for any of its addresses', async t => {
    const { bob, receiver, place } = await make(t, { answer: () => json({ kind: 'iq' }) });
    for (const to of [place.own, `bot@${place.own}`, `bot@${place.own}/x`]) {
      bob.send(`<iq type='get' to='${to}' id='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`);
      const answer = await bob.next(having({ id: to }), 'the answer');
      assert.deepEqual([answer.attrs['type'], answer.attrs['from']], ['result', to]);
      assert.equal(JSON.parse((await receiver.calls.take(() => true, 'the call')).body).to, to);
    }
  });

  it('is always online for who has added it, with presence: accept', async t => {
    const { bob, receiver, place } = await make(t, { keys: { presence: 'accept' } });
    const bot = `bot@${place.own}`;
    const item = `<query xmlns='jabber:iq:roster'><item jid='${bot}' name='Bot'/></query>`;
    // Only who has asked for his contacts is told of changes (RFC 6121 §2.1.6).
    bob.send("<iq type='get' id='contacts'><query xmlns='jabber:iq:roster'/></iq>");
    await bob.next(having({ id: 'contacts' }), 'the contacts');
    bob.send(`<iq type='set' id='add'>${item}</iq>`);
    bob.send(`<presence to='${bot}' type='subscribe'/>`);
    await bob.next(having({ type: 'subscribed', from: bot }), 'the agreement');
    const isOnline = having({ from: `${bot}/default` });
    assert.equal((await bob.next(isOnline, 'its presence')).attrs['type'], undefined);
    // Who comes back asks again (RFC 6121 §4.3).
    bob.send("<presence type='unavailable'/>");
    bob.send('<presence/>');
    assert.equal((await bob.next(isOnline, 'its presence again')).attrs['type'], undefined);
    bob.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    const roster = await bob.next(having({ id: 'roster' }), 'the roster');
    assert.match(JSON.stringify(roster), /"subscription":"to"/);
    bob.send(`<presence to='${bot}' type='unsubscribe'/>`);
    assert.equal((await bob.next(isOnline, 'its farewell')).attrs['type'], 'unavailable');
    assert.deepEqual(receiver.all, []);
  });

  it('refuses with resource-constraint what has no room, and goes on when there is some', async t => {
    const { bob, receiver, place } = await make(t, { keys: { max_entries: 3, stanzas: ['message', 'iq'] } });
    await receiver.leave();
    for (const id of ['m1', 'm2', 'm3']) bob.send(message(place.own, id));
    // What is answered was read, and what was read is kept before more is read.
    bob.send(`<iq type='get' to='${place.own}' id='read'><query xmlns='urn:example:q'/></iq>`);
    await bob.next(having({ id: 'read' }), 'the answer');
    for (const id of ['m4', 'm5']) bob.send(message(place.own, id));
    for (const id of ['m4', 'm5']) {
      const error = await bob.next(messageFrom(place.own), 'the error', SLOWED);
      assert.deepEqual([error.attrs['id'], conditionOf(error)], [id, 'resource-constraint']);
    }
    await receiver.listen();
    for (const id of ['m1', 'm2', 'm3']) {
      assert.equal(idOf(await receiver.calls.take(() => true, 'a call', SLOWED)), id);
    }
    bob.send(message(place.own, 'm6'));
    assert.equal(idOf(await receiver.calls.take(() => true, 'the next call', SLOWED)), 'm6');
  });
}

receivingContract({
  name: 'component of Prosody, slixmpp',
  place: prosodyPlace,
  peer: connectSlixmpp,
  more: componentCases,
});
receivingContract({
  name: 'component of ejabberd, slixmpp',
  place: ejabberdPlace,
  peer: connectSlixmpp,
  more: componentCases,
});

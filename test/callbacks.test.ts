/**
 * Receiving, through the whole gateway: a client of the embedded host at one end, a service over HTTP at the other.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { embeddedPlace } from './black-box/places.ts';
import { receivingContract } from './black-box/receiving.ts';
import { connectNative } from './support/native-peer.ts';
import { having } from './support/peer.ts';

receivingContract({
  name: 'embedded host, native peer',
  place: embeddedPlace,
  peer: connectNative,
  more: make => {
    it('does not tell of what the domain answers itself', async t => {
      const { bob, receiver, place } = await make(t, { answer: () => ({ status: 500 }) });
      bob.send(`<iq type='get' to='${place.own}' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`);
      const pong = await bob.next(having({ id: 'p1' }), 'the answer');
      assert.equal(pong.attrs['type'], 'result');
      assert.deepEqual(receiver.all, []);
    });
  },
});

/**
 * Receiving: services that are away, that break, and gateways that are started again.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { having } from '../support/peer.ts';
import { conditionOf, idOf, type Make, message, messageFrom } from './scene.ts';

/** Milliseconds for what comes when a service has been away. */
const LATER = 30_000;
/** How many messages wait for a service that is away. */
const BACKLOG = 50;

/** Registers the tests of this file. */
export function failureCases(make: Make): void {
  it('gives a service that was away everything once it is back, in order', async t => {
    const { bob, receiver, place } = await make(t);
    await receiver.leave();
    const ids = Array.from({ length: BACKLOG }, (_, number) => `m${number}`);
    for (const id of ids) bob.send(message(place.own, id));
    await receiver.listen();
    for (const id of ids) assert.equal(idOf(await receiver.calls.take(() => true, `call ${id}`, LATER)), id);
  });

  it('repeats a call that broke, with the same id', async t => {
    let cut = true;
    const answer = () => {
      const broken = { cut };
      cut = false;
      return broken;
    };
    const { bob, receiver, place } = await make(t, { answer });
    bob.send(message(place.own, 'm1'));
    const first = await receiver.calls.take(() => true, 'the first call');
    const second = await receiver.calls.take(() => true, 'the second call', LATER);
    assert.ok(first.headers['webhook-id'] !== undefined);
    assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
  });

  it('tells after a restart what was not told before', async t => {
    const { bob, receiver, gateway, place, again } = await make(t);
    await receiver.leave();
    for (const id of ['m1', 'm2']) bob.send(message(place.own, id));
    bob.send(`<iq type='get' to='${place.own}' id='sync'><query xmlns='urn:example:q'/></iq>`);
    await bob.next(having({ id: 'sync' }), 'the answer');
    await gateway.stop();
    await receiver.listen();
    await again();
    for (const id of ['m1', 'm2']) assert.equal(idOf(await receiver.calls.take(() => true, 'a call', LATER)), id);
  });

  it('makes of a failed call an error at once with delivery: bounce, as mod_rest does', async t => {
    const { bob, receiver, place } = await make(t, { answer: () => ({ status: 500 }), keys: { delivery: 'bounce' } });
    bob.send(message(place.own, 'm1'));
    assert.equal(conditionOf(await bob.next(messageFrom(place.own), 'the error')), 'internal-server-error');
    assert.equal(receiver.all.length, 1);
  });
}

/**
 * Black box: SIGTERM lets requests finish that are under way. Must be registered last: there is no gateway after it.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { having, payloadOf } from '../support/peer.ts';
import { xmlOf } from '../support/rest-client.ts';
import { type House, newId } from './house.ts';

const SILENCE = 'urn:example:silence';

/** Registers the tests of this file. */
export function endCases(house: () => House): void {
  it('answers what waits after SIGTERM, then exits with 0, a clean log and nothing on standard error', async () => {
    const { bob, backend } = house();
    await bob.ignore(SILENCE);
    const id = newId();
    const request = `<iq type='get' to='${bob.jid}' id='${id}'><query xmlns='${SILENCE}'/></iq>`;
    const answered = house().xml(request, { headers: { 'prosody-rest-timeout': '15' } });
    const { from = '' } = (await bob.next(having({ id }), 'the request')).attrs;
    const stopped = backend.gateway.stop();
    bob.send(`<iq type='result' id='${id}' to='${from}'><query xmlns='${SILENCE}' who='bob'/></iq>`);
    const reply = await answered;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(payloadOf(xmlOf(reply))?.attrs['who'], 'bob');
    await stopped;
    await assert.rejects(house().json({ to: bob.jid, body: 'too late' }), 'it still takes requests');
  });
}

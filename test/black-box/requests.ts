/**
 * Black box: an iq that is posted is answered with the answer of the one that was asked, and of nobody else.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { childElements, childNamed } from '../../src/xml/element.ts';
import { having, payloadOf } from '../support/peer.ts';
import { JSON_TYPE, jsonOf, XML, xmlOf } from '../support/rest-client.ts';
import { type House, newId } from './house.ts';

/** Requests that every client and server answers, by the namespace of their payload. */
const REQUESTS = {
  ping: { xml: `<ping xmlns='urn:xmpp:ping'/>`, ns: undefined },
  version: { xml: `<query xmlns='jabber:iq:version'/>`, ns: 'jabber:iq:version' },
  disco: {
    xml: `<query xmlns='http://jabber.org/protocol/disco#info'/>`,
    ns: 'http://jabber.org/protocol/disco#info',
  },
} as const;

/** The namespace of requests that the peer is told not to answer. */
const SILENCE = 'urn:example:silence';
const silent = (to: string, id: string) => `<iq type='get' to='${to}' id='${id}'><query xmlns='${SILENCE}'/></iq>`;

/** Registers the tests of this file. */
export function requestCases(house: () => House): void {
  answered(house);
  unanswered(house);
}

function answered(house: () => House): void {
  for (const [name, { xml, ns }] of Object.entries(REQUESTS)) {
    it(`answers a ${name} request with what the peer and the server say, as XML and as JSON`, async () => {
      const { bob, backend } = house();
      for (const to of [bob.jid, backend.domain]) {
        const id = newId();
        const stanza = `<iq type='get' to='${to}' id='${id}'>${xml}</iq>`;
        const asXml = await house().xml(stanza);
        assert.equal(asXml.status, 200, asXml.text);
        const iq = xmlOf(asXml);
        const { type, from, id: answered } = iq.attrs;
        assert.deepEqual({ name: iq.name, type, from, id: answered }, { name: 'iq', type: 'result', from: to, id });
        assert.equal(payloadOf(iq)?.ns, ns);
        const asJson = await house().xml(stanza, { headers: { accept: JSON_TYPE } });
        assert.equal(asJson.status, 200, asJson.text);
        assert.partialDeepStrictEqual(jsonOf(asJson), { kind: 'iq', type: 'result', from: to, id });
      }
    });
  }

  it('takes requests as JSON, and maps their answers to JSON', async () => {
    const { bob } = house();
    const ping = await house().json({ kind: 'iq', type: 'get', to: bob.jid, ping: true });
    assert.partialDeepStrictEqual(jsonOf(ping), { kind: 'iq', type: 'result', from: bob.jid });
    const version = await house().json({ to: bob.jid, version: {} });
    assert.partialDeepStrictEqual(jsonOf(version), { kind: 'iq', type: 'result', from: bob.jid });
    assert.match(version.text, /"version":\{[^}]*"name":"(slixmpp|native) peer"/);
  });

  it('answers in the format that Accept asks for', async () => {
    const { bob } = house();
    const reply = await house().json(
      { kind: 'iq', type: 'get', to: bob.jid, ping: true },
      { headers: { accept: XML } },
    );
    assert.equal(xmlOf(reply).attrs['type'], 'result');
  });

  it('answers 200 with the error stanza when there is nobody at the address', async () => {
    const to = `bob@${house().backend.domain}/nowhere`;
    const asXml = await house().xml(`<iq type='get' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    assert.equal(asXml.status, 200, asXml.text);
    const error = childNamed(xmlOf(asXml), 'error');
    assert.ok(error !== undefined && xmlOf(asXml).attrs['type'] === 'error', asXml.text);
    assert.ok(
      childElements(error).some(({ name }) => name === 'service-unavailable'),
      asXml.text,
    );
    const asJson = await house().json({ kind: 'iq', type: 'get', to, ping: true });
    assert.equal(asJson.status, 200, asJson.text);
    assert.partialDeepStrictEqual(jsonOf(asJson), {
      kind: 'iq',
      type: 'error',
      from: to,
      error: { type: 'cancel', condition: 'service-unavailable' },
    });
  });

  it('answers many requests at once, each with its own answer', async () => {
    const { bob } = house();
    const ids = Array.from({ length: 40 }, newId);
    const replies = await Promise.all(
      ids.map(id => house().json({ kind: 'iq', type: 'get', to: bob.jid, id, ping: true })),
    );
    const answers = replies.map(reply => jsonOf(reply));
    for (const [index, id] of ids.entries()) assert.partialDeepStrictEqual(answers[index], { type: 'result', id });
  });
}

function unanswered(house: () => House): void {
  it('answers 504 when the answer does not come within Prosody-Rest-Timeout', async () => {
    const { bob } = house();
    await bob.ignore(SILENCE);
    const before = performance.now();
    const headers = { 'prosody-rest-timeout': '1', accept: JSON_TYPE };
    const reply = await house().xml(silent(bob.jid, newId()), { headers });
    const took = performance.now() - before;
    assert.equal(reply.status, 504, reply.text);
    assert.partialDeepStrictEqual(jsonOf(reply), {
      type: 'error',
      code: 504,
      error: { type: 'wait', condition: 'remote-server-timeout' },
    });
    assert.ok(took > 900 && took < 10_000, `it took ${took} ms`);
  });

  it('does not take an answer from another client that knows the id', async () => {
    const { bob, carol } = house();
    await bob.ignore(SILENCE);
    const id = newId();
    const answered = house().xml(silent(bob.jid, id), { headers: { 'prosody-rest-timeout': '15' } });
    const { from = '' } = (await bob.next(having({ id }), 'the request')).attrs;
    for (const type of ['result', 'error']) {
      carol.send(`<iq type='${type}' id='${id}' to='${from}'><query xmlns='${SILENCE}' who='carol'/></iq>`);
    }
    // Her ping follows her answers on the same streams: once it is answered, they have been seen.
    carol.send(`<iq type='get' id='p${id}' to='${from}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await carol.next(having({ id: `p${id}` }), 'an answer to the ping');
    bob.send(`<iq type='result' id='${id}' to='${from}'><query xmlns='${SILENCE}' who='bob'/></iq>`);
    const reply = await answered;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(payloadOf(xmlOf(reply))?.attrs['who'], 'bob');
  });

  it('forgets a request that nobody waits for any more', async () => {
    const { bob } = house();
    await bob.ignore(SILENCE);
    const id = newId();
    const late = await house().xml(silent(bob.jid, id), { headers: { 'prosody-rest-timeout': '1' } });
    assert.equal(late.status, 504, late.text);
    const { from = '' } = (await bob.next(having({ id }), 'the request')).attrs;
    bob.send(`<iq type='result' id='${id}' to='${from}'/>`);
    const again = await house().json({ kind: 'iq', type: 'get', to: bob.jid, id, ping: true });
    assert.equal(again.status, 200, again.text);
  });
}

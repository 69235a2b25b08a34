/**
 * Receiving: the call that a stanza makes, and the reply that an answer makes.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { childNamed } from '../../src/xml/element.ts';
import { having, until } from '../support/peer.ts';
import { childText } from './house.ts';
import { conditionOf, idOf, json, type Make, message, messageFrom } from './scene.ts';

const RECEIPTS = 'urn:xmpp:receipts';
/** The base64 of 32 bytes, as Standard Webhooks wants keys. */
const [KEY, OLD_KEY, OTHER_KEY] = ['a', 'b', 'c'].map(
  text => `whsec_${Buffer.from(text.repeat(32)).toString('base64')}`,
);

/** Registers the tests of this file. */
export function callCases(make: Make): void {
  replyCases(make);
  automaticCases(make);
  signatureCases(make);
  dialectCases(make);
}

function replyCases(make: Make): void {
  it('tells of a message, and sends back what the service says', async t => {
    const { bob, receiver, place } = await make(t, { answer: () => json({ kind: 'message', body: 'Yes' }) });
    bob.send(message(place.own, 'm1'));
    const { url, headers, body } = await receiver.calls.take(() => true, 'the call');
    assert.equal(url, `/stanzas/message?from=${encodeURIComponent(bob.jid).toLowerCase()}`);
    assert.equal(headers['content-type'], 'application/json');
    const { kind, type, to, from, id, body: text } = JSON.parse(body);
    assert.deepEqual([kind, type, to, from, id, text], ['message', 'chat', place.own, bob.jid, 'm1', 'hi']);
    const reply = await bob.next(messageFrom(place.own), 'the reply');
    assert.deepEqual([childText(reply, 'body'), reply.attrs['type']], ['Yes', undefined]);
  });

  it('sends back an error status as a stanza error, at once and once', async t => {
    const { bob, receiver, place } = await make(t, { answer: () => ({ status: 501 }) });
    bob.send(message(place.own, 'm1'));
    const error = await bob.next(messageFrom(place.own), 'the error');
    assert.deepEqual([error.attrs['type'], error.attrs['id']], ['error', 'm1']);
    assert.equal(conditionOf(error), 'feature-not-implemented');
    assert.equal(receiver.all.length, 1);
  });

  it('answers an iq with what the service says, and with an error when it is away', async t => {
    const answer = () => json({ kind: 'iq', version: { name: 'bot', version: '1' } });
    const { bob, receiver, place } = await make(t, { answer });
    const ask = (id: string) =>
      bob.send(`<iq type='get' to='${place.own}' id='${id}'><query xmlns='urn:example:q'/></iq>`);
    ask('q1');
    const result = await bob.next(having({ id: 'q1' }), 'the answer');
    assert.equal(result.attrs['type'], 'result');
    assert.ok(childNamed(result, 'query', 'jabber:iq:version') !== undefined);
    await receiver.leave();
    ask('q2');
    assert.equal(conditionOf(await bob.next(having({ id: 'q2' }), 'the error')), 'recipient-unavailable');
  });

  it('lets the service choose the format with its answer to the probe', async t => {
    const accept = (url: string) => ({ only: { url } });
    const { bob, receiver, gateway, place } = await make(t, { callbacks: accept });
    await gateway.logged(['the callback answers']);
    bob.send(message(place.own, 'm1'));
    assert.equal((await receiver.calls.take(() => true, 'a call')).headers['content-type'], 'application/xmpp+xml');
    receiver.accept = 'application/json';
    await receiver.leave();
    bob.send(message(place.own, 'm2'));
    await gateway.logged(['the callback is not well']);
    await receiver.listen();
    await gateway.logged(['the callback answers']);
    bob.send(message(place.own, 'm3'));
    const call = await receiver.calls.take(({ body }) => body.includes('m3'), 'a call');
    assert.equal(call.headers['content-type'], 'application/json');
  });
}

function automaticCases(make: Make): void {
  it('answers a request for a receipt with the id of the message, whatever else the service says', async t => {
    let said = false;
    const answer = () => {
      said = !said;
      return said ? {} : json({ body: 'Yes' });
    };
    const { bob, place } = await make(t, { answer });
    for (const [id, text] of [['m1'], ['m2', 'Yes']] as const) {
      bob.send(message(place.own, id, `<request xmlns='${RECEIPTS}'/>`));
      const reply = await bob.next(messageFrom(place.own), 'the receipt');
      assert.equal(childNamed(reply, 'received', RECEIPTS)?.attrs['id'], id);
      assert.equal(childText(reply, 'body'), text);
      assert.notEqual(reply.attrs['id'], id);
    }
  });

  it('answers nothing of itself to a room', async t => {
    const statuses = [501, 202];
    const { bob, receiver, place } = await make(t, { answer: () => ({ status: statuses.shift() ?? 202 }) });
    for (const id of ['g1', 'g2']) {
      const receipt = `<request xmlns='${RECEIPTS}'/>`;
      bob.send(`<message to='${place.own}' type='groupchat' id='${id}'><body>hi all</body>${receipt}</message>`);
      assert.equal(idOf(await receiver.calls.take(() => true, 'the call')), id);
    }
    // Of what follows on the same lane, the reply comes after all that came before.
    receiver.answer = () => json({ body: 'end', id: 'end' });
    bob.send(message(place.own, 'm1'));
    const before = (await until(bob, 'end')).slice(0, -1);
    assert.deepEqual(before.filter(messageFrom(place.own)), []);
  });
}

function signatureCases(make: Make): void {
  it('signs calls, so that others can verify them with the new secret and with the old one', async t => {
    const keys = { secret: KEY, old_secret: OLD_KEY, bearer: 'let-the-gateway-in' };
    const { bob, receiver, place } = await make(t, { keys });
    bob.send(`<message to='${place.own}' id='m1'><body>\u{1F600} &lt;&amp;\n\u2028</body></message>`);
    const { headers, body } = await receiver.calls.take(() => true, 'the call');
    assert.equal(headers.authorization, 'Bearer let-the-gateway-in');
    const fields = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => [name, String(headers[name])]),
    );
    for (const key of [KEY, OLD_KEY]) assert.ok(new Webhook(key ?? '').verify(body, fields));
    assert.throws(() => new Webhook(OTHER_KEY ?? '').verify(body, fields), /No matching signature/);
    assert.throws(() => new Webhook(KEY ?? '').verify(`${body} `, fields), /No matching signature/);
    assert.throws(() => new Webhook(KEY ?? '').verify(body, { ...fields, 'webhook-id': 'another' }), /No matching/);
  });
}

function dialectCases(make: Make): void {
  it('speaks the JSON of mod_component_http both ways', async t => {
    const keys = { format: 'component_http', stanzas: ['message'] };
    const { bob, receiver, place } = await make(t, { keys, answer: () => json({ body: 'Yes' }) });
    bob.send(message(place.own, 'm1'));
    const { body, headers } = await receiver.calls.take(() => true, 'the call');
    assert.equal(headers['content-type'], 'application/json');
    const { stanza, ...told } = JSON.parse(body);
    assert.deepEqual(told, { to: place.own, from: bob.jid, kind: 'message', body: 'hi' });
    assert.match(stanza, /^<message .*<body>hi<\/body>.*<\/message>$/);
    const reply = await bob.next(messageFrom(place.own), 'the reply');
    assert.deepEqual([reply.attrs['type'], childText(reply, 'body')], ['chat', 'Yes']);
    receiver.answer = () =>
      json({ stanza: "<message type='headline' to='nobody@elsewhere.test'><body>No</body></message>" });
    bob.send(message(place.own, 'm2'));
    const whole = await bob.next(messageFrom(place.own), 'the second reply');
    assert.deepEqual([whole.attrs['type'], whole.attrs['to'], childText(whole, 'body')], ['headline', bob.jid, 'No']);
    assert.deepEqual(receiver.probes, [], 'it knows no OPTIONS');
  });
}

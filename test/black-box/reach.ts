/**
 * Receiving: which callbacks get a stanza, and who may answer it.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { having, until } from '../support/peer.ts';
import { childText } from './house.ts';
import { idOf, json, type Make, message, messageFrom } from './scene.ts';

const ORDER = 'urn:example:order';

/** Registers the tests of this file. */
export function reachCases(make: Make): void {
  it('tells all callbacks whose filters fit, and hears the first that does not only observe', async t => {
    const callbacks = (url: string) => ({
      watch: { url: `${url}/watch`, content_type: 'json', observe: true },
      orders: { url: `${url}/orders`, content_type: 'json', payload: [ORDER] },
      strangers: { url: `${url}/strangers`, content_type: 'json', from: ['*@elsewhere.test'] },
      chats: { url: `${url}/chats`, content_type: 'json', types: ['chat'] },
      rest: { url: `${url}/rest`, content_type: 'json' },
    });
    const { bob, receiver, place } = await make(t, { callbacks, answer: ({ url }) => json({ body: url }) });
    const sent: Readonly<Record<string, string>> = {
      '/orders': message(place.own, 'm1', `<order xmlns='${ORDER}'/>`),
      '/chats': message(place.own, 'm2'),
      '/rest': `<message to='${place.own}' id='m3'><body>hi</body></message>`,
    };
    for (const [path, stanza] of Object.entries(sent)) {
      bob.send(stanza);
      const reply = await bob.next(messageFrom(place.own), 'the reply');
      assert.equal(childText(reply, 'body'), path);
    }
    const told: readonly (readonly [string, readonly string[]])[] = [
      ['/watch', ['m1', 'm2', 'm3']],
      ['/orders', ['m1']],
      ['/chats', ['m1', 'm2']],
      ['/rest', ['m1', 'm2', 'm3']],
    ];
    for (const [path, ids] of told) {
      for (const id of ids) {
        assert.equal(idOf(await receiver.calls.take(({ url }) => url === path, `${id} at ${path}`)), id);
      }
    }
    assert.equal(receiver.all.length, told.flatMap(([, ids]) => ids).length);
    bob.send(message(bob.jid, 'end'));
    assert.deepEqual((await until(bob, 'end')).filter(messageFrom(place.own)), []);
  });

  it('answers itself, as if it were not there, what no callback wants', async t => {
    const keys = { stanzas: ['message'], types: ['chat'] };
    const { bob, receiver, place } = await make(t, { keys });
    bob.send(`<iq type='get' to='${place.own}' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`);
    bob.send(`<iq type='get' to='${place.own}' id='q1'><query xmlns='urn:example:q'/></iq>`);
    assert.equal((await bob.next(having({ id: 'p1' }), 'the pong')).attrs['type'], 'result');
    assert.equal((await bob.next(having({ id: 'q1' }), 'the error')).attrs['type'], 'error');
    assert.deepEqual(receiver.all, []);
  });
}

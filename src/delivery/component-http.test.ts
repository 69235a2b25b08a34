/**
 * Services that were written for mod_component_http.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { element } from '../xml/element.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { makeStanza, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import { writeComponentHttp } from './component-http.ts';
import { replyTo } from './reply.ts';

const ADDRESSES = { from: 'bob@example.org/w', to: 'bot@hook.example.org' };
const MESSAGE = makeStanza({
  kind: 'message',
  type: 'chat',
  id: 'm1',
  ...ADDRESSES,
  payload: [element('body', NS.client, {}, ['Hi']), element('request', NS.receipts)],
});
const IQ = makeStanza({ kind: 'iq', type: 'get', id: 'q1', ...ADDRESSES, payload: [element('query', NS.version)] });

test('a call tells what mod_component_http tells', () => {
  const call = JSON.parse(writeComponentHttp(IQ));
  assert.deepEqual(call, {
    to: 'bot@hook.example.org',
    from: 'bob@example.org/w',
    kind: 'iq',
    stanza: call.stanza,
  });
  assert.match(call.stanza, /^<iq .*<query xmlns='jabber:iq:version'\/><\/iq>$/);
  assert.equal(JSON.parse(writeComponentHttp(MESSAGE)).body, 'Hi');
  const others = makeStanza({ kind: 'message', payload: [element('body', NS.xhtml, {}, ['not ours'])] });
  assert.ok(!('body' in JSON.parse(writeComponentHttp(others))));
});

interface Response {
  readonly status?: number;
  readonly type?: string;
  readonly body?: unknown;
}

/** The reply as XML with the random id taken out; nothing where there is none. */
function replied(request: Stanza, { status = 200, type = 'application/json', body }: Response): string | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? null);
  const reply = replyTo(
    request,
    { name: 'answer', status, contentType: type, body: Buffer.from(text) },
    'component_http',
  );
  if (reply.name === 'none') return undefined;
  const { id: _id, ...rest } = stanzaElement(reply.stanza).attrs;
  const id = request.kind === 'iq' || reply.stanza.type === 'error' ? { id: reply.stanza.id ?? '' } : {};
  return write({ ...stanzaElement(reply.stanza), attrs: { ...rest, ...id } }, { defaultNs: NS.client });
}

const SWAPPED = "to='bob@example.org/w' from='bot@hook.example.org'";

const REPLIES: readonly (readonly [request: Stanza, response: Response, reply: string | undefined])[] = [
  [MESSAGE, { body: { body: 'hello' } }, `<message ${SWAPPED} type='chat'><body>hello</body></message>`],
  [MESSAGE, { body: { body: 7, type: 'normal' } }, `<message ${SWAPPED} type='normal'><body>7</body></message>`],
  [
    MESSAGE,
    { body: { body: 'x', to: 'al@example.net', from: 'you@hook.example.org/r' } },
    "<message to='al@example.net' from='you@hook.example.org/r' type='chat'><body>x</body></message>",
  ],
  [MESSAGE, { body: { body: 'x', from: 'admin@example.org' } }, undefined],
  [MESSAGE, { body: { body: 'x', to: 'a b@@' } }, undefined],
  [MESSAGE, { body: { kind: 'presence', type: 'unavailable' } }, `<presence ${SWAPPED} type='unavailable'/>`],
  [
    MESSAGE,
    { body: { stanza: "<message from='evil@x' to='y@z' type='chat'><x xmlns='urn:x'/></message>" } },
    `<message ${SWAPPED} type='chat'><x xmlns='urn:x'/></message>`,
  ],
  [
    IQ,
    { body: { stanza: "<iq id='other'><query xmlns='jabber:iq:version'/></iq>" } },
    `<iq ${SWAPPED} type='result' id='q1'><query xmlns='jabber:iq:version'/></iq>`,
  ],
  [IQ, { body: { body: 'a message' } }, `<iq ${SWAPPED} type='result' id='q1'/>`],
  [IQ, { status: 204 }, `<iq ${SWAPPED} type='result' id='q1'/>`],
  [MESSAGE, { body: 'not json' }, undefined],
  [MESSAGE, { body: [] }, undefined],
  [MESSAGE, { body: { stanza: '<message>' } }, undefined],
  [MESSAGE, { body: { stanza: 7, body: 'x' } }, `<message ${SWAPPED} type='chat'><body>x</body></message>`],
  [MESSAGE, { body: { kind: 'other' } }, undefined],
  [MESSAGE, { type: 'text/plain', body: 'hello' }, undefined],
  [MESSAGE, { status: 201, body: { body: 'hello' } }, undefined],
  [MESSAGE, { status: 202 }, undefined],
];

describe('an answer', () => {
  for (const [request, response, reply] of REPLIES) {
    test(`${JSON.stringify(response)} to a ${request.kind}`, () => assert.equal(replied(request, response), reply));
  }

  for (const [status, type, condition] of [
    [400, 'modify', 'bad-request'],
    [402, 'auth', 'forbidden'],
    [409, 'cancel', 'service-unavailable'],
    [301, 'cancel', 'service-unavailable'],
    [500, 'cancel', 'internal-server-error'],
    [503, 'wait', 'remote-server-timeout'],
  ] as const) {
    test(`with status ${status} is ${type} ${condition}`, () => {
      const reply = replied(MESSAGE, { status, body: { body: 'not said' } }) ?? '';
      assert.ok(reply.includes(`<error type='${type}'><${condition} `), reply);
      assert.ok(!reply.includes('not said'));
    });
  }
});

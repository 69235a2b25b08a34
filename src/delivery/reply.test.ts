/**
 * What the sender of a stanza gets: the rules of mod_rest, and those of XMPP where it breaks them.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ASKING, answer, BODY, FORM, iq, JSON_TYPE, replied, stanza, TEXT, XML } from '../../test/support/replies.ts';
import { element } from '../xml/element.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { type Kind, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import type { FaultName } from './call-fault.ts';
import type { Answer, CallResult } from './exchange.ts';
import { refusalOf, replyTo } from './reply.ts';
import { REFUSALS } from './statuses.ts';

const RESULT = "<iq type='result' id='q1'/>";

const REPLIES: readonly (readonly [what: string, request: Stanza, answer: Answer, reply: string | undefined])[] = [
  ['202 says nothing', stanza(), answer(202), undefined],
  ['204 says nothing', stanza(), answer(204), undefined],
  ['202 with a stanza says nothing', stanza(), answer(202, JSON_TYPE, '{"body":"x"}'), undefined],
  ['202 to an iq is its empty result', iq(), answer(202), RESULT],
  [
    'XML is the reply',
    stanza(),
    answer(200, XML, '<message><body>x</body></message>'),
    "<message id='*'><body>x</body></message>",
  ],
  [
    'text/xml is XML',
    stanza(),
    answer(200, 'text/xml', '<message><body>x</body></message>'),
    "<message id='*'><body>x</body></message>",
  ],
  [
    'JSON is the reply, and its type is not inherited',
    stanza({ type: 'chat' }),
    answer(200, JSON_TYPE, '{"body":"x"}'),
    "<message id='*'><body>x</body></message>",
  ],
  [
    'its id and language stay',
    stanza(),
    answer(200, JSON_TYPE, '{"body":"x","id":"i","lang":"cs"}'),
    "<message xml:lang='cs' id='*'><body>x</body></message>",
  ],
  [
    'a form is the reply',
    stanza(),
    answer(201, FORM, 'body=x+y&type=chat'),
    "<message type='chat' id='*'><body>x y</body></message>",
  ],
  [
    'text is a chat message',
    stanza(),
    answer(200, `${TEXT}; charset=utf-8`, 'x\n'),
    "<message type='chat' id='*'><body>x\n</body></message>",
  ],
  [
    'addresses cannot be chosen',
    stanza(),
    answer(200, XML, "<message to='a@b' from='c@d'><body>x</body></message>"),
    "<message id='*'><body>x</body></message>",
  ],
  [
    'a room is answered as a room',
    stanza({ type: 'groupchat' }),
    answer(200, JSON_TYPE, '{"body":"x","type":"groupchat"}'),
    "<message type='groupchat' id='*' to='bare'><body>x</body></message>",
  ],
  [
    'an occupant is answered in private',
    stanza({ type: 'groupchat' }),
    answer(200, JSON_TYPE, '{"body":"x"}'),
    "<message id='*'><body>x</body></message>",
  ],
  [
    'an error has the id of the request',
    stanza(),
    answer(200, XML, "<message id='i' type='error'><error type='wait'/></message>"),
    "<message type='error' id='m1'><error type='wait'/></message>",
  ],
  [
    'what has an error in it is one',
    stanza(),
    answer(200, XML, "<message><error type='wait'/></message>"),
    "<message type='error' id='m1'><error type='wait'/></message>",
  ],
  [
    'what has an error of its own making in it is none',
    stanza(),
    answer(200, XML, "<message><error xmlns='urn:x'/></message>"),
    "<message id='*'><error xmlns='urn:x'/></message>",
  ],
  [
    'a type of an iq follows',
    iq(),
    answer(200, JSON_TYPE, '{"type":"set","version":{"name":"N"}}'),
    "<iq type='result' id='q1'><query xmlns='jabber:iq:version'><name>N</name></query></iq>",
  ],
  [
    'the type response is a result',
    iq(),
    answer(200, JSON_TYPE, '{"type":"response","version":{}}'),
    "<iq type='result' id='q1'><query xmlns='jabber:iq:version'/></iq>",
  ],
  [
    'an iq without type is a result',
    iq(),
    answer(200, XML, "<iq id='x'><x xmlns='urn:x'/></iq>"),
    "<iq type='result' id='q1'><x xmlns='urn:x'/></iq>",
  ],
  [
    'an iq without type is a result as text/xml too',
    iq(),
    answer(200, 'text/xml', "<iq id='x'><x xmlns='urn:x'/></iq>"),
    "<iq type='result' id='q1'><x xmlns='urn:x'/></iq>",
  ],
  [
    'an iq with an error is an error',
    iq(),
    answer(200, XML, "<iq><error type='wait'/></iq>"),
    "<iq type='error' id='q1'><error type='wait'/></iq>",
  ],
  ['another kind says nothing', iq(), answer(200, JSON_TYPE, '{"body":"x"}'), RESULT],
  [
    'presence is the reply',
    stanza({ kind: 'presence', type: 'subscribe' }),
    answer(200, JSON_TYPE, '{"type":"subscribed"}'),
    "<presence type='subscribed' id='*'/>",
  ],
  ['an empty 200 says nothing to presence', stanza({ kind: 'presence', type: 'subscribe' }), answer(200), undefined],
  ['an empty object says nothing', stanza(), answer(200, JSON_TYPE, '{}'), undefined],
  ['JSON about something else says nothing', stanza(), answer(200, JSON_TYPE, '{"ok":true}'), undefined],
  ['a page says nothing', stanza(), answer(200, 'text/html', '<p>x</p>'), undefined],
  ['a body without a type says nothing', stanza(), answer(200, undefined, 'x'), undefined],
  [
    'a receipt names its message',
    stanza({ type: 'chat', payload: [BODY, ASKING] }),
    answer(204),
    "<message type='chat' id='*'><received xmlns='urn:xmpp:receipts' id='m1'/></message>",
  ],
  [
    'a receipt comes without a reply',
    stanza({ payload: [ASKING] }),
    answer(200),
    "<message id='*'><received xmlns='urn:xmpp:receipts' id='m1'/></message>",
  ],
  [
    'a receipt comes with a reply',
    stanza({ payload: [ASKING] }),
    answer(200, JSON_TYPE, '{"body":"x"}'),
    "<message id='*'><body>x</body><received xmlns='urn:xmpp:receipts' id='m1'/></message>",
  ],
  [
    'no receipt comes with an error',
    stanza({ payload: [ASKING] }),
    answer(200, XML, "<message type='error'><error type='wait'/></message>"),
    "<message type='error' id='m1'><error type='wait'/></message>",
  ],
  [
    'no receipt comes with a reply in an error status',
    stanza({ payload: [ASKING] }),
    answer(400, JSON_TYPE, '{"body":"x"}'),
    "<message id='*'><body>x</body></message>",
  ],
  ['presence gets no receipt', stanza({ kind: 'presence', payload: [ASKING] }), answer(204), undefined],
  [
    'a service may make the receipt itself',
    stanza({ payload: [ASKING] }),
    answer(200, XML, "<message><received xmlns='urn:xmpp:receipts' id='m1'/></message>"),
    "<message id='*'><received xmlns='urn:xmpp:receipts' id='m1'/></message>",
  ],
  ['no receipt names a message without id', stanza({ id: undefined, payload: [ASKING] }), answer(204), undefined],
  ['a room gets no receipt', stanza({ type: 'groupchat', payload: [ASKING] }), answer(204), undefined],
  ['a delayed copy gets no receipt', stanza({ payload: [ASKING, element('delay', NS.delay)] }), answer(204), undefined],
  [
    'what is in an archive gets no receipt',
    stanza({ payload: [ASKING, element('result', NS.archive)] }),
    answer(204),
    undefined,
  ],
  [
    'what is forwarded gets no receipt',
    stanza({ payload: [ASKING, element('forwarded', NS.forward)] }),
    answer(204),
    undefined,
  ],
  [
    'a stanza in an error status is the reply',
    stanza(),
    answer(400, JSON_TYPE, '{"body":"usage: …"}'),
    "<message id='*'><body>usage: …</body></message>",
  ],
  [
    'a text in an error status is for the operator',
    stanza(),
    answer(404, TEXT, 'stack trace'),
    errorXml('message', 'm1', 'cancel', 'item-not-found', '404 Not Found'),
  ],
  [
    'JSON about something else in an error status is not the reply',
    stanza(),
    answer(404, JSON_TYPE, '{"message":"x"}'),
    errorXml('message', 'm1', 'cancel', 'item-not-found', '404 Not Found'),
  ],
  [
    'an empty result in an error status is an error',
    iq(),
    answer(403, JSON_TYPE, '{"kind":"iq","type":"result"}'),
    errorXml('iq', 'q1', 'auth', 'forbidden', '403 Forbidden'),
  ],
  [
    'a redirect is an error, whatever its text says',
    iq(),
    answer(302, TEXT, 'Found'),
    errorXml('iq', 'q1', 'cancel', 'undefined-condition', '302 Found'),
  ],
  [
    'a text in a redirect is for the operator',
    stanza(),
    answer(302, TEXT, 'Found'),
    errorXml('message', 'm1', 'cancel', 'undefined-condition', '302 Found'),
  ],
  [
    '501 is feature-not-implemented',
    iq(),
    answer(501, 'text/html', '<h1>'),
    errorXml('iq', 'q1', 'cancel', 'feature-not-implemented', '501 Not Implemented'),
  ],
  [
    '402 is payment-required',
    iq(),
    answer(402),
    errorXml('iq', 'q1', 'auth', 'payment-required', '402 Payment Required'),
  ],
  ['a room gets no error', stanza({ type: 'groupchat' }), answer(500), undefined],
  ['a headline gets no error', stanza({ type: 'headline' }), answer(404), undefined],
];

function errorXml(kind: Kind, id: string, type: string, condition: string, text?: string): string {
  const ns = `xmlns='${NS.stanzaErrors}'`;
  const said = text === undefined ? '' : `<text ${ns}>${text}</text>`;
  return `<${kind} type='error' id='${id}'><error type='${type}'><${condition} ${ns}/>${said}</error></${kind}>`;
}

describe('the reply', () => {
  for (const [what, request, result, reply] of REPLIES) test(what, () => assert.equal(replied(request, result), reply));

  test('to nobody is none', () => {
    for (const result of [answer(200, JSON_TYPE, '{"body":"x"}'), answer(404)])
      assert.equal(replyTo(stanza({ from: undefined }), result, XML).name, 'none');
    assert.equal(refusalOf(stanza({ from: undefined }), 'full').name, 'none');
  });

  test('to a call that failed says no more than mod_rest', () => {
    const fault = (name: FaultName): CallResult => ({ name: 'fault', fault: name, text: 'http://secret/' });
    assert.equal(replied(iq(), fault('refused')), errorXml('iq', 'q1', 'wait', 'recipient-unavailable'));
    assert.equal(replied(iq(), fault('timeout')), errorXml('iq', 'q1', 'wait', 'remote-server-timeout'));
  });

  test('tells the operator why an answer says nothing', () => {
    const notes = [
      answer(200, 'text/html', '<p>'),
      answer(200, JSON_TYPE, '{'),
      answer(200, JSON_TYPE, '{"kind":"iq","type":"result"}'),
      answer(200, JSON_TYPE, '{"ok":true}'),
    ].map(result => {
      const reply = replyTo(stanza(), result, XML);
      return reply.name === 'none' ? (reply.note ?? '') : '';
    });
    assert.match(notes[0] ?? '', /^the answer cannot be read: Unsupported media type/);
    assert.match(notes[1] ?? '', /^the answer cannot be read: .* JSON is not valid at line 1/);
    assert.match(notes[2] ?? '', /^the answer is of the kind iq, not message/);
    assert.match(notes[3] ?? '', /nothing in it that XMPP knows/);
  });

  test('of a refusal has the error of its reason', () => {
    for (const reason of ['unsendable', 'full', 'disabled', 'late'] as const) {
      const reply = refusalOf(iq(), reason);
      assert.ok(reply.name === 'stanza' && reply.stanza.type === 'error');
      assert.ok(write(stanzaElement(reply.stanza)).includes(`<${REFUSALS[reason].condition} `));
    }
  });
});

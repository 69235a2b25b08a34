/**
 * Answers that are made to harm, or by mistake: none becomes a stanza.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answer, FORM, iq, JSON_TYPE, replied, stanza, TEXT, XML } from '../../test/support/replies.ts';
import { replyTo } from './reply.ts';
import { FORMATS } from './target.ts';

const RESULT = "<iq type='result' id='q1'/>";

describe('a hostile answer', () => {
  const LAUGHS = "<!DOCTYPE a [<!ENTITY b 'c'>]><message><body>&b;</body></message>";
  const nested = (depth: number) => `${'<x xmlns="urn:x">'.repeat(depth)}${'</x>'.repeat(depth)}`;
  const XMLS = [
    LAUGHS,
    '<message><body>&xxe;</body></message>',
    '<?xml version="1.1"?><message/>',
    '<!-- c --><message><body>x</body></message>',
    '<message><body>x</body></message><message><body>y</body></message>',
    '<message><body>x</message>',
    '<message xmlns="urn:x"><body>x</body></message>',
    '<stream:stream xmlns:stream="http://etherx.jabber.org/streams">',
    `<message>${nested(200)}</message>`,
    `<message>${'<x xmlns="urn:x"/>'.repeat(11_000)}</message>`,
    `<message ${Array.from({ length: 300 }, (_, n) => `a${n}='x'`).join(' ')}><body>x</body></message>`,
    "<message type='weird'><body>x</body></message>",
    '<message><body>\u0000</body></message>',
    'x'.repeat(256 * 1024),
  ];
  const JSONS = [
    '[]',
    '[{"body":"x"},{"body":"y"}]',
    '{"xmpp":[{"body":"x"},{"body":"y"}]}',
    'null',
    '"x"',
    '{"body":1}',
    '{"body":"\\u0000"}',
    '{"body":"\\ud800"}',
    '{"kind":"other","body":"x"}',
    '{"type":"weird","body":"x"}',
    '{"body":"x","to":"a b@@"}',
    '{"body":"x"}{"body":"y"}',
    `{"extra":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    '{"extra":["<x"]}',
    '{"html":"<script>"}',
  ];
  const BODIES = [
    ...XMLS.map(body => answer(200, XML, body)),
    ...JSONS.map(body => answer(200, JSON_TYPE, body)),
    ...[XML, JSON_TYPE, TEXT, FORM].map(type => answer(200, type, Buffer.from([0x62, 0x3d, 0xff, 0xfe]))),
    ...['body=%00', 'body=%ff', 'type=weird&body=x', 'body[]=x'].map(body => answer(200, FORM, body)),
    ...[[0xff], [0x9f], [0x1b, 0, 0, 0, 0, 0, 0, 0, 1], [0xbf, 0x61], [0xa1, 0x61, 0x61], [0x81, 0xf6]].map(bytes =>
      answer(200, 'application/cbor', Buffer.from(bytes)),
    ),
    ...['text/plain; charset=utf-16', 'application/json\r\nx: y', '', ';', 'application/x-ndjson', 'image/png'].map(
      type => answer(200, type, '{"body":"x"}'.slice(0, type.startsWith('application/json') ? 1 : 20)),
    ),
    answer(200, TEXT, '\u0007'),
  ];

  for (const kind of ['message', 'presence', 'iq'] as const) {
    test(`to a ${kind} is no reply, and to an iq its empty result or an error`, t => {
      t.diagnostic(`${BODIES.length} answers`);
      const request = kind === 'iq' ? iq() : stanza({ kind });
      for (const body of BODIES) {
        const expected = kind === 'iq' ? RESULT : undefined;
        assert.equal(
          replied(request, body),
          expected,
          JSON.stringify([body.contentType, body.body.toString().slice(0, 80)]),
        );
      }
    });
  }

  test('of long text ends in time', () => {
    const began = performance.now();
    for (const format of FORMATS) {
      for (const type of [XML, JSON_TYPE, FORM, TEXT, 'application/cbor'])
        replyTo(stanza(), answer(200, type, '<'.repeat(256 * 1024)), format);
    }
    assert.ok(performance.now() - began < 10_000);
  });
});

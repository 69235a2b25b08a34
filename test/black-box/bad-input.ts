/**
 * Black box: what cannot be meant is refused with the right status, and nothing of it comes near the wire.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { JSON_TYPE, jsonOf, XML } from '../support/rest-client.ts';
import { type House, newId } from './house.ts';

/** A request body made for the address `to`. */
type Body = (to: string) => string | Uint8Array<ArrayBuffer>;

/** What is posted, the media type, the status of the answer. */
type Row = readonly [body: Body, type: string | undefined, status: number];

const KIB = 1024;
const text = (body: string) => () => body;
const json =
  (value: (to: string) => unknown): Body =>
  to =>
    JSON.stringify(value(to));
const bytes = (before: string, middle: readonly number[], after: string) =>
  Uint8Array.from([...Buffer.from(before), ...middle, ...Buffer.from(after)]);
const badBytes =
  (...middle: number[]): Body =>
  to =>
    bytes(`<message to='${to}'><body>`, middle, '</body></message>');
const badJsonBytes =
  (...middle: number[]): Body =>
  to =>
    bytes(`{"to":"${to}","body":"`, middle, '"}');

const ROWS: Readonly<Record<string, Row>> = {
  'an empty body as XML': [text(''), XML, 400],
  'an empty body as JSON': [text(''), JSON_TYPE, 400],
  'XML that is not well-formed': [to => `<message to='${to}'><body>hi</message>`, XML, 400],
  'XML that ends early': [to => `<message to='${to}'><body>hi`, XML, 400],
  'XML with text after it': [to => `<message to='${to}'/>and more`, XML, 400],
  'two stanzas in XML': [to => `<message to='${to}'/><message to='${to}'/>`, XML, 400],
  'XML with an undeclared prefix': [to => `<message to='${to}'><x:y/></message>`, XML, 400],
  'XML with a document type': [
    to => `<!DOCTYPE m [<!ENTITY e 'x'>]><message to='${to}'><body>&e;</body></message>`,
    XML,
    400,
  ],
  'XML with a comment': [to => `<message to='${to}'><!-- x --></message>`, XML, 400],
  'XML with a processing instruction': [to => `<message to='${to}'><?x y?></message>`, XML, 400],
  'XML 1.1': [to => `<?xml version='1.1'?><message to='${to}'><body>&#1;</body></message>`, XML, 400],
  'XML with U+0000': [to => `<message to='${to}'><body>&#0;</body></message>`, XML, 400],
  'XML with U+FFFE': [to => `<message to='${to}'><body>\uFFFE</body></message>`, XML, 400],
  'XML with bytes that are not UTF-8': [badBytes(0xff), XML, 400],
  'XML with an overlong U+0000': [badBytes(0xc0, 0x80), XML, 400],
  'XML with an encoded surrogate': [badBytes(0xed, 0xa0, 0x80), XML, 400],
  'XML that is nested too deep': [
    to => `<message to='${to}'>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</message>`,
    XML,
    400,
  ],
  'XML in which a stream is opened': [
    text(`<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>`),
    XML,
    400,
  ],
  'an element that is no stanza': [to => `<stanza to='${to}'/>`, XML, 422],
  'a stanza of another namespace': [to => `<message xmlns='jabber:server' to='${to}'/>`, XML, 422],
  'an address with a space': [text(`<message to='a b@xmpp.test'><body>hi</body></message>`), XML, 422],
  'an address with nothing after the at': [json(() => ({ to: 'bob@', body: 'hi' })), JSON_TYPE, 422],
  'a sender that is no address': [json(to => ({ to, from: '@', body: 'hi' })), JSON_TYPE, 422],
  'a message type that is none': [to => `<message to='${to}' type='shout'/>`, XML, 422],
  'a presence type that is none': [to => `<presence to='${to}' type='busy'/>`, XML, 422],
  'an iq of type result': [to => `<iq to='${to}' type='result' id='x'/>`, XML, 422],
  'an iq without a payload': [to => `<iq to='${to}' type='get' id='x'/>`, XML, 422],
  'an iq with two payloads': [to => `<iq to='${to}' type='get' id='x'><a xmlns='u:x'/><b xmlns='u:x'/></iq>`, XML, 422],
  'JSON that ends early': [to => `{"to":"${to}","body":"hi`, JSON_TYPE, 400],
  'JSON with something after it': [to => `{"to":"${to}","body":"hi"} x`, JSON_TYPE, 400],
  'two objects of JSON': [to => `{"to":"${to}","body":"hi"}{"to":"${to}","body":"hi"}`, JSON_TYPE, 400],
  'a JSON array': [json(to => [{ to, body: 'hi' }]), JSON_TYPE, 400],
  'a JSON string': [text('"hi"'), JSON_TYPE, 400],
  'JSON null': [text('null'), JSON_TYPE, 400],
  'JSON with bytes that are not UTF-8': [badJsonBytes(0xff), JSON_TYPE, 400],
  'JSON with an encoded surrogate': [badJsonBytes(0xed, 0xa0, 0x80), JSON_TYPE, 400],
  'a kind that is none': [json(to => ({ kind: 'letter', to, body: 'hi' })), JSON_TYPE, 400],
  'a body that is a number': [json(to => ({ kind: 'message', to, body: 1 })), JSON_TYPE, 422],
  'an address that is a number': [json(() => ({ kind: 'message', to: 1, body: 'hi' })), JSON_TYPE, 422],
  'a body of more than 192 KiB as XML': [
    to => `<message to='${to}'><body>${'x'.repeat(192 * KIB)}</body></message>`,
    XML,
    413,
  ],
  'a body of more than 192 KiB as JSON': [json(to => ({ to, body: 'x'.repeat(192 * KIB) })), JSON_TYPE, 413],
  'a media type that is not understood': [json(to => ({ to, body: 'hi' })), 'text/html', 415],
  'a body without a media type': [json(to => ({ to, body: 'hi' })), undefined, 415],
};

/** Characters that XML 1.0 does not have (§2.2), which JSON can spell in any string. */
const NOT_XML = ['\\u0000', '\\u0008', '\\u000b', '\\u001b', '\\ud800', '\\udc00', '\\ufffe', '\\uffff'];
/** Keys whose strings end up in text and in attributes. */
const KEYS = ['body', 'subject', 'id', 'lang', 'to'];

/** Registers the tests of this file. */
export function badInputCases(house: () => House): void {
  for (const [what, [body, type, status]] of Object.entries(ROWS)) {
    it(`refuses ${what} with ${status} and sends nothing`, async () => {
      const { bob, backend } = house();
      const options = { as: backend.sender, headers: { accept: JSON_TYPE }, ...(type !== undefined && { type }) };
      const reply = await house().request({ ...options, body: body(bob.jid) });
      assert.equal(reply.status, status, reply.text);
      const said = jsonOf(reply);
      assert.partialDeepStrictEqual(said, { type: 'error', code: status });
      assert.match(reply.text, /"condition":"[a-z-]+".*"text":"[^"]{10,}/);
      assert.doesNotMatch(reply.text, /\.ts:\d+|node:internal|\bat [A-Z]/, 'it shows a stack trace');
      await house().nothingElse();
    });
  }

  for (const key of KEYS) {
    it(`refuses characters that XML does not have in '${key}', and keeps its link`, async () => {
      const { bob } = house();
      for (const character of NOT_XML) {
        const fields = { kind: 'message', to: bob.jid, id: newId(), body: 'hi', [key]: 'CHARACTER' };
        const reply = await house().post(JSON.stringify(fields).replace('CHARACTER', `a${character}b`), JSON_TYPE);
        assert.ok(reply.status === 400 || reply.status === 422, `${character}: ${reply.status} ${reply.text}`);
      }
      await house().nothingElse();
    });
  }
}

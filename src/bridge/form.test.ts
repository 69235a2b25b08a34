/**
 * Forms as stanzas, and stanzas as forms.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { IQ } from '../mapping/iq.ts';
import { MESSAGE } from '../mapping/message.ts';
import { PRESENCE } from '../mapping/presence.ts';
import type { Row } from '../mapping/row.ts';
import { FORM_CODEC } from './form.ts';
import { JSON_CODEC } from './json.ts';
import { readPath } from './path.ts';
import { XML_CODEC } from './xml.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function decode(body: string | Uint8Array, path?: string) {
  const hints = { limit: 200_000, ...(path !== undefined && { path: readPath(path) }) };
  return FORM_CODEC.decode(typeof body === 'string' ? bytes(body) : body, hints);
}

const FORMS: readonly (readonly [body: string, xml: string, path?: string])[] = [
  [
    'kind=message&type=chat&to=user%40example.org&body=Hello%21',
    "<message to='user@example.org' type='chat'><body>Hello!</body></message>",
  ],
  ['body=a+b%2Bc%20d', '<message><body>a b+c d</body></message>'],
  ['body=gr%C3%BC%C3%9F%20%F0%9F%98%80', '<message><body>grüß 😀</body></message>'],
  ['body=grüß 😀', '<message><body>grüß 😀</body></message>'],
  ['body=100% of 5%5', '<message><body>100% of 5%5</body></message>'],
  ['body=a%250', '<message><body>a%0</body></message>'],
  ['body=a=b&subject=', '<message><body>a=b</body><subject/></message>'],
  ['body=one&body=two', '<message><body>two</body></message>'],
  ['&&body=x&', '<message><body>x</body></message>'],
  ['=x&body=y', '<message><body>y</body></message>'],
  ['__proto__=x&constructor=y&body=z', '<message><body>z</body></message>'],
  ['body=%EF%BB%BFx', '<message><body>\ufeffx</body></message>'],
  ['state=composing', "<message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"],
  ['body=x&markable=true', "<message><body>x</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>"],
  ['body=x&markable=', "<message><body>x</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>"],
  ['body=x&markable', "<message><body>x</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>"],
  ['body=x&markable=false', '<message><body>x</body></message>'],
  ['body=5', '<message><body>5</body></message>'],
  ['body=true', '<message><body>true</body></message>'],
  ['body=x&hints=store', "<message><body>x</body><store xmlns='urn:xmpp:hints'/></message>"],
  [
    'body=x&hints=no-store&hints=no-copy',
    "<message><body>x</body><no-store xmlns='urn:xmpp:hints'/><no-copy xmlns='urn:xmpp:hints'/></message>",
  ],
  ['priority=5', '<presence><priority>5</priority></presence>'],
  ['priority=-5&show=away', '<presence><show>away</show><priority>-5</priority></presence>'],
  ['join=true&to=room@muc', "<presence to='room@muc'><x xmlns='http://jabber.org/protocol/muc'/></presence>"],
  ['ping=true&to=a@b', "<iq to='a@b' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
  ['ping=&to=a@b', "<iq to='a@b' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
  ['version=true', "<iq type='get'><query xmlns='jabber:iq:version'/></iq>"],
  ['disco=true', "<iq type='get'><query xmlns='http://jabber.org/protocol/disco#info' node='true'/></iq>"],
  ['disco=', "<iq type='get'><query xmlns='http://jabber.org/protocol/disco#info' node=''/></iq>"],
  ['thread=', '<message><thread/></message>'],
  ['', "<message type='chat'><body/></message>"],
  ['Hello World!', "<message type='chat'><body>Hello World!</body></message>"],
  ['1+1%20is 2 %', "<message type='chat'><body>1+1 is 2 %</body></message>"],
  ['body=Hi', "<message to='a@b' type='chat'><body>Hi</body></message>", 'message/chat/a@b'],
  [
    'kind=iq&type=get&to=x@y&body=Hi',
    "<message to='a@b' type='headline'><body>Hi</body></message>",
    'message/headline/a@b',
  ],
  ['to=x@y&body=Hi', "<message to='x@y' type='chat'><body>Hi</body></message>", 'message/chat/'],
  ['', "<presence to='a@b' type='subscribe'/>", 'presence/subscribe/a@b'],
  [
    'node=x',
    "<iq to='a@b' type='get'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>",
    'iq/disco/a@b',
  ],
  [
    'filename=a.txt&size=10',
    "<iq to='a@b' type='get'><request xmlns='urn:xmpp:http:upload:0' filename='a.txt' size='10'/></iq>",
    'iq/upload_request/a@b',
  ],
  ['', "<iq to='a@b' type='get'><query xmlns='jabber:iq:version'/></iq>", 'iq/version/a@b'],
];

for (const [body, xml, path] of FORMS) {
  test(`the form ${JSON.stringify(body)}${path === undefined ? '' : ` at ${path}`} is ${xml}`, () => {
    assert.equal(XML_CODEC.encode([decode(body, path)]), xml);
  });
}

const REFUSED: readonly (readonly [body: string | Uint8Array, code: ErrorCode, message: RegExp, path?: string])[] = [
  ['body=%FF', 'body-malformed', /percent-encoding/],
  ['body=%ED%A0%80', 'body-malformed', /percent-encoding/],
  ['%C3=x', 'body-malformed', /percent-encoding/],
  [Uint8Array.of(0x61, 0x3d, 0xff), 'body-malformed', /UTF-8/],
  [Uint8Array.of(0xff), 'body-malformed', /UTF-8/],
  ['body=%00', 'value-invalid', /'body' holds/],
  ['body=%EF%BF%BF', 'value-invalid', /'body' holds/],
  ['priority=high', 'value-invalid', /'priority' must be an integer from -128 to 127, not a string/],
  ['priority=5.5', 'value-invalid', /'priority' must be an integer/],
  ['priority=', 'value-invalid', /'priority' must be an integer/],
  ['priority=99999', 'value-invalid', /'priority' must be an integer from -128 to 127/],
  ['priority=9999999999999999', 'value-invalid', /'priority' must be an integer/],
  ['ping=maybe', 'value-invalid', /'ping' must be true or false/],
  ['thread=x', 'value-invalid', /'thread' must be an object/],
  ['version=1', 'value-invalid', /'version' must be an object/],
  ['kind=Message', 'body-malformed', /'kind'/],
  ['to=&body=x', 'to-invalid', /'to'/],
  ['Hello', 'body-malformed', /text\/plain/, 'message/chat/a@b'],
  ['node', 'body-malformed', /text\/plain/, 'iq/disco/a@b'],
];

for (const [body, code, message, path] of REFUSED) {
  test(`the form ${JSON.stringify(body)}${path === undefined ? '' : ` at ${path}`} is ${code}`, () => {
    assert.throws(() => decode(body, path), { name: 'RestanzaError', code, message });
  });
}

test('a form with very many names is read in linear time', () => {
  const stanza = decode(`${'body=x&'.repeat(28_000)}body=y`);
  assert.equal(XML_CODEC.encode([stanza]), '<message><body>y</body></message>');
  assert.throws(() => decode('%'.repeat(190_000).concat('=&priority=x')), { code: 'value-invalid' });
});

const ANSWERS: readonly (readonly [json: string, form: string])[] = [
  [
    '{"kind":"presence","to":"a@b","from":"c@d/e f","id":"i","priority":5,"show":"away"}',
    'kind=presence&type=available&to=a%40b&from=c%40d%2Fe+f&id=i&show=away&priority=5',
  ],
  ['{"kind":"message","body":"ü&=%+","markable":true}', 'kind=message&body=%C3%BC%26%3D%25%2B&markable='],
  ['{"kind":"iq","type":"get","ping":true}', 'kind=iq&type=get&ping='],
  ['{"kind":"iq","type":"result","version":{"name":"x"}}', 'kind=iq&type=result'],
  ['{"kind":"message","hints":["store"],"extra":["<x/>"]}', 'kind=message'],
];

for (const [json, form] of ANSWERS) {
  test(`${json} is answered as ${form}`, () => {
    const stanza = JSON_CODEC.decode(bytes(json), { limit: 1000 });
    assert.equal(FORM_CODEC.encode([stanza]), form);
  });
}

test('nothing of several stanzas fits into a form', () => {
  const stanza = decode('body=x');
  assert.equal(FORM_CODEC.encode([stanza, stanza]), '');
});

test('a key that several kinds have takes the same type in all of them', () => {
  const types = new Map<string, unknown>();
  for (const [key, { schema }] of [MESSAGE, PRESENCE, IQ].flatMap(({ rows }) => Object.entries<Row>(rows))) {
    const { type, $ref } = schema;
    if (types.has(key)) assert.deepEqual([type, $ref], types.get(key), key);
    types.set(key, [type, $ref]);
  }
});

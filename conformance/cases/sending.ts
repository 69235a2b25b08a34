/**
 * Cases of the conformance suite: stanzas that are sent, in each format and by path.
 *
 * Messages and presences arrive at the peer; an iq goes to the domain's server, which answers it.
 */
import { type Case, CBOR, type Exchange, FORM, JSON_TYPE, TEXT, XML } from '../case.ts';

const ACCEPTED = [{ status: 202 }] as const;

/** What is sent to the peer and accepted. */
const TO_PEER: readonly (readonly [name: string, request: Exchange])[] = [
  ['JSON', { path: '{rest}', type: JSON_TYPE, body: '{"kind":"message","type":"chat","to":"{peer}","body":"1"}' }],
  ['XML', { path: '{rest}', type: XML, body: "<message type='chat' to='{peer}'><body>2</body></message>" }],
  ['a form', { path: '{rest}', type: FORM, body: 'kind=message&type=chat&to={peer}&body=3' }],
  ['text by path', { path: '{rest}/message/chat/{peer}', type: TEXT, body: '4' }],
  [
    'text by path, with a charset',
    { path: '{rest}/message/chat/{peer}', type: `${TEXT}; charset=utf-8`, body: 'Ahoj 🐢' },
  ],
  ['JSON by path', { path: '{rest}/message/headline/{peer}', type: JSON_TYPE, body: '{"body":"5"}' }],
  ['a form by path', { path: '{rest}/message/normal/{peer}', type: FORM, body: 'body=6' }],
  ['a slash in the resource', { path: '{rest}/message/chat/{peer}/a/b', type: TEXT, body: '7' }],
  ['XML, which has no use for the path', { path: '{rest}/no/such/path', type: XML, body: "<message to='{peer}'/>" }],
  ['a resource of the own address', { path: '{rest}', type: XML, body: "<message from='{me}/x' to='{peer}'/>" }],
  ['presence as text', { path: '{rest}/presence/available/{peer}', type: TEXT, body: 'away' }],
  ['presence as JSON', { path: '{rest}/presence/unavailable/{peer}', type: JSON_TYPE, body: '{"status":"bye"}' }],
];

const PONG = { kind: 'iq', type: 'result', from: '{domain}', to: '{me}', id: 'c1' } as const;

/** What is sent to the domain and answered, as JSON. */
const TO_DOMAIN: readonly (readonly [name: string, request: Exchange, answer: object])[] = [
  ['an iq as JSON', { path: '{rest}', body: '{"kind":"iq","type":"get","to":"{domain}","ping":true,"id":"c1"}' }, PONG],
  ['an iq that its key tells', { path: '{rest}', body: '{"to":"{domain}","ping":true,"id":"c1"}' }, PONG],
  [
    'an iq that the server does not know',
    { path: '{rest}', type: XML, body: "<iq type='get' to='{domain}' id='c1'><x xmlns='urn:example:x'/></iq>" },
    { ...PONG, type: 'error', error: { type: 'cancel', condition: 'service-unavailable' } },
  ],
  [
    'a query by path, with its value',
    { path: '{rest}/iq/disco/{domain}', body: '{"node":"no such node"}' },
    { ...PONG, id: /./, type: 'error', error: { type: 'cancel', condition: 'item-not-found' } },
  ],
  [
    'an iq to a resource that is not there',
    { path: '{rest}', body: '{"to":"{me}/none","ping":true,"id":"c1"}' },
    { ...PONG, from: '{me}/none', type: 'error', error: { type: 'cancel', condition: 'service-unavailable' } },
  ],
];

/** Sends as each row says. */
export const SENDING: readonly Case[] = [
  ...TO_PEER.map(([name, request]): Case => ({ name: `send ${name}`, needs: ['peer'], request, original: ACCEPTED })),
  {
    name: 'send CBOR',
    needs: ['peer'],
    request: {
      path: '{rest}',
      type: CBOR,
      accept: JSON_TYPE,
      body: { cbor: { kind: 'message', to: '{peer}', body: '8' } },
    },
    original: [
      { status: 202 },
      { of: 'built without CBOR', status: 415, body: { json: { type: 'error', code: 415 } } },
    ],
  },
  ...TO_DOMAIN.map(
    ([name, request, answer]): Case => ({
      name: `send ${name}`,
      request: { type: JSON_TYPE, accept: JSON_TYPE, ...request },
      original: [{ status: 200, body: { json: { ...answer } } }],
    }),
  ),
  {
    name: 'send an iq as XML',
    request: {
      path: '{rest}',
      type: XML,
      body: "<iq type='get' to='{domain}' id='c1'><ping xmlns='urn:xmpp:ping'/></iq>",
    },
    original: [{ status: 200, body: { xml: "<iq type='result' from='{domain}' to='{me}' id='c1'/>" } }],
  },
  {
    name: 'send to an account that is not there',
    request: { path: '{rest}/message/chat/no-such-account@{domain}', type: TEXT, accept: JSON_TYPE, body: 'x' },
    original: [
      { status: 200, body: { json: { kind: 'message', type: 'error', error: { condition: 'service-unavailable' } } } },
    ],
    mended: { status: 202, row: 'answers 200 with the bounce of a message where its server makes one at once' },
  },
  {
    name: 'send to what is no address',
    request: { path: '{rest}', type: JSON_TYPE, accept: JSON_TYPE, body: '{"kind":"message","to":"@@"}' },
    original: [{ status: 202 }],
    mended: {
      status: 422,
      body: { json: { type: 'error', code: 422, error: { type: 'modify' } } },
      row: 'drops a recipient that is not an address, so that the stanza goes to oneself',
    },
  },
  {
    name: 'send a query to what is no address',
    request: { method: 'GET', path: '{rest}/ping/%40%40', accept: JSON_TYPE },
    original: [{ status: 200, body: { json: { kind: 'iq', type: 'result' } } }],
    mended: {
      status: 422,
      body: { json: { type: 'error', code: 422, error: { type: 'modify' } } },
      row: 'drops a recipient that is not an address, so that the stanza goes to oneself',
    },
  },
];

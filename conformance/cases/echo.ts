/**
 * Cases of the conformance suite that are answered without sending: each pair of formats, what keys tell about kind and
 * type, and which format an answer has.
 */
import {
  type Body,
  type Case,
  CBOR,
  type CborBody,
  type Exchange,
  FORM,
  JSON_TYPE,
  type Original,
  type Shape,
  TEXT,
  XML,
} from '../case.ts';

const STANZA = { kind: 'message', type: 'chat', to: 'a@example.org', id: 'c1', subject: 'Hi', body: 'Hello' } as const;
const STANZA_XML = "<message type='chat' to='a@example.org' id='c1'><subject>Hi</subject><body>Hello</body></message>";
const SHOWN_XML = STANZA_XML.replace('<message', "<message from='{me}'");
/** Text makes a message to oneself. */
const PLAIN = { kind: 'message', type: 'chat', to: undefined, id: /./, body: 'Hello' } as const;
const PLAIN_XML = "<message from='{me}' type='chat' id='*'><body>Hello</body></message>";

/** A format, a body in it, and the stanza that the body is. */
const INPUTS: readonly (readonly [
  type: string,
  body: string | CborBody,
  json: typeof STANZA | typeof PLAIN,
  xml: string,
])[] = [
  [JSON_TYPE, JSON.stringify(STANZA), STANZA, SHOWN_XML],
  [XML, STANZA_XML, STANZA, SHOWN_XML],
  [FORM, new URLSearchParams(STANZA).toString(), STANZA, SHOWN_XML],
  [CBOR, { cbor: STANZA }, STANZA, SHOWN_XML],
  [TEXT, 'Hello', PLAIN, PLAIN_XML],
];

/** The stanza in each format that answers have. */
const OUTPUTS: Readonly<Record<string, (json: typeof STANZA | typeof PLAIN, xml: string) => Body>> = {
  [JSON_TYPE]: json => ({ json: { ...json, from: '{me}' } }),
  [XML]: (_json, xml) => ({ xml }),
  [FORM]: ({ to, ...json }) => ({ form: { ...json, ...(to !== undefined && { to }), from: '{me}' } }),
  [CBOR]: json => ({ cbor: { ...json, from: '{me}' } }),
};

const NO_CBOR_INPUT: Readonly<Record<string, Body>> = {
  [XML]: { fault: 'bad-format' },
  [JSON_TYPE]: { json: { type: 'error', code: 415 } },
};

/** What a mod_rest that lacks the library says where CBOR is sent or asked for. */
function withoutCbor(type: string, accept: string, shown: (accept: string) => Body | undefined): readonly Original[] {
  const of = 'built without CBOR';
  if (type === CBOR) return [{ of, status: 415, body: NO_CBOR_INPUT[accept] ?? { html: true } }];
  const body = shown(type) ?? shown(XML);
  return accept === CBOR && body !== undefined ? [{ of, status: 200, body }] : [];
}

const PAIRS: readonly Case[] = INPUTS.flatMap(([type, body, json, xml]) =>
  Object.entries(OUTPUTS).map(
    ([accept, output]): Case => ({
      name: `echo ${type} as ${accept}`,
      request: { path: '{rest}/echo', type, accept, body },
      original: [
        { status: 200, body: output(json, xml) },
        ...withoutCbor(type, accept, known => OUTPUTS[known]?.(json, xml)),
      ],
    }),
  ),
);

/** JSON without kind or type, and what it is taken for. */
const IMPLIED: readonly (readonly [body: string, kind: string, type: string | undefined])[] = [
  ['{"body":"x"}', 'message', undefined],
  ['{"subject":"x"}', 'message', undefined],
  ['{"state":"composing"}', 'message', undefined],
  ['{"type":"headline"}', 'message', 'headline'],
  ['{"id":"c1"}', 'message', undefined],
  ['{"show":"away"}', 'presence', 'available'],
  ['{"status":"x"}', 'presence', 'available'],
  ['{"priority":5}', 'presence', 'available'],
  ['{"join":true}', 'presence', 'available'],
  ['{"type":"subscribe"}', 'presence', 'subscribe'],
  ['{"ping":true}', 'iq', 'get'],
  ['{"version":true}', 'iq', 'get'],
  ['{"disco":true}', 'iq', 'get'],
  ['{"items":true}', 'iq', 'get'],
  ['{"command":"uptime"}', 'iq', 'set'],
  ['{"archive":{"max":1}}', 'iq', 'set'],
  ['{"type":"result"}', 'iq', 'result'],
];

const SHOWN: Shape = { kind: 'message', from: '{me}', id: 'c1', body: 'x' };
const ONE = '{"body":"x","id":"c1"}';
const ONE_XML = "<message from='{me}' id='c1'><body>x</body></message>";
const PONG_XML = "<iq type='result' from='{domain}' to='{me}' id='*'/>";
const PONG: Shape = { kind: 'iq', type: 'result', from: '{domain}', to: '{me}', id: /./ };
const PING: Exchange = { method: 'GET', path: '{rest}/ping/{domain}' };

const NEGOTIATION: readonly (readonly [name: string, request: Exchange, body: Body])[] = [
  ['JSON for JSON, if nothing is said', { path: '{rest}/echo', type: JSON_TYPE, body: ONE }, { json: SHOWN }],
  [
    'JSON for JSON, if anything will do',
    { path: '{rest}/echo', type: JSON_TYPE, accept: '*/*', body: ONE },
    { json: SHOWN },
  ],
  [
    'a charset makes no difference',
    { path: '{rest}/echo', type: `${JSON_TYPE}; charset=utf-8`, accept: XML, body: ONE },
    { xml: ONE_XML },
  ],
  ['XML, if nothing is said', PING, { xml: PONG_XML }],
  ['XML, if text is asked for', { ...PING, accept: TEXT }, { xml: PONG_XML }],
  ['XML, if a browser asks', { ...PING, accept: 'text/html,application/xml;q=0.9,*/*;q=0.8' }, { xml: PONG_XML }],
  ['JSON, if the request has its type', { ...PING, type: JSON_TYPE }, { json: PONG }],
];

/** Shows what a request becomes. */
export const ECHO: readonly Case[] = [
  ...PAIRS,
  ...IMPLIED.map(
    ([body, kind, type]): Case => ({
      name: `imply ${kind}${type === undefined ? '' : ` ${type}`} from ${body}`,
      request: { path: '{rest}/echo', type: JSON_TYPE, accept: JSON_TYPE, body },
      original: [{ status: 200, body: { json: { kind, type, from: '{me}', id: /./ } } }],
    }),
  ),
  ...NEGOTIATION.map(
    ([name, request, body]): Case => ({
      name: `answer: ${name}`,
      request,
      original: [{ status: 200, body }],
    }),
  ),
  {
    name: 'answer: the first of two types',
    request: { ...PING, accept: `${JSON_TYPE};q=0.1, ${XML}` },
    original: [{ status: 200, body: { json: PONG } }],
    mended: { status: 200, body: { xml: PONG_XML }, row: 'takes the first name in `Accept`, whatever its weight' },
  },
  {
    name: 'answer: a type in capitals',
    request: { path: '{rest}/echo', type: 'Application/JSON', accept: XML, body: ONE },
    original: [{ status: 415, body: { fault: 'bad-format' } }],
    mended: { status: 200, body: { xml: ONE_XML }, row: 'takes a media type in one spelling only' },
  },
];

/**
 * Single cases of the mapping that only go one way.
 *
 * Decides nothing: `envelope.test.ts` runs them, and `schema.test.ts` holds the schema to the same values.
 */
import type { JsonObject } from '../../src/mapping/json.ts';
import { NS } from '../../src/xmpp/ns.ts';

/** JSON that is written, but is not what we read from that XML. */
export const WRITTEN: readonly (readonly [why: string, json: JsonObject, xml: string])[] = [
  ['a body implies a message', { body: 'x' }, '<message><body>x</body></message>'],
  ['a show implies a presence', { show: 'away' }, '<presence><show>away</show></presence>'],
  ['a ping implies an iq of type get', { ping: true }, "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
  ['a command implies an iq of type set', { command: 'n' }, iq('set', `<command xmlns='${NS.commands}' node='n'/>`)],
  ['an archive implies an iq of type set', { archive: {} }, "<iq type='set'><query xmlns='urn:xmpp:mam:2'/></iq>"],
  ['a type implies a kind', { type: 'unavailable' }, "<presence type='unavailable'/>"],
  ['a type wins over a key', { type: 'chat', show: 'x' }, "<message type='chat'/>"],
  ['a kind wins over a type', { kind: 'presence', type: 'available' }, '<presence/>'],
  ['a key that says false implies nothing', { ping: false, body: 'x' }, '<message><body>x</body></message>'],
  ['null is no value', { kind: 'message', type: null, to: null, body: null }, '<message/>'],
  ['null inside an object is no value', { version: { name: null } }, iq('get', "<query xmlns='jabber:iq:version'/>")],
  ['false is no element', { kind: 'message', markable: false, omemo: false, disco: false }, '<message/>'],
  ['true asks for an object without values', { version: true }, iq('get', "<query xmlns='jabber:iq:version'/>")],
  ['true asks for a list without items', { kind: 'iq', stats: true }, iq('get', `<query xmlns='${NS.stats}'/>`)],
  ['unknown keys are ignored', { body: 'x', foo: { bar: 1 } }, '<message><body>x</body></message>'],
  ['keys of another kind are ignored', { kind: 'iq', type: 'set', body: 'x' }, "<iq type='set'/>"],
  [
    'no key of an object prototype is special',
    JSON.parse('{"body":"x","__proto__":1,"toString":2}'),
    '<message><body>x</body></message>',
  ],
  ['an inherited value is no value', Object.create({ body: 'x' }), '<message/>'],
  [
    'a condition brings its type',
    { kind: 'message', type: 'error', error: { condition: 'gone' } },
    "<message type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  ],
  [
    'a code and a body are an error',
    { kind: 'message', type: 'error', error_code: 404, body: 'Who?' },
    `<message type='error'><error type='cancel'><item-not-found xmlns='${NS.stanzaErrors}'/>` +
      `<text xmlns='${NS.stanzaErrors}'>Who?</text></error><body>Who?</body></message>`,
  ],
  [
    'a code may be text, and be unknown',
    { kind: 'presence', type: 'error', error_code: '999' },
    `<presence type='error'><error type='modify'><undefined-condition xmlns='${NS.stanzaErrors}'/></error></presence>`,
  ],
  [
    'a code means nothing beside an error',
    { kind: 'iq', type: 'error', error_code: 404, error: { condition: 'gone' } },
    `<iq type='error'><error type='cancel'><gone xmlns='${NS.stanzaErrors}'/></error></iq>`,
  ],
  [
    'a code means nothing in a stanza of another type',
    { body: 'x', error_code: 404 },
    '<message><body>x</body></message>',
  ],
  ['an empty error is no element', { kind: 'iq', type: 'error', error: {} }, "<iq type='error'/>"],
  ['join enters a room', { join: true }, `<presence><x xmlns='${NS.muc}'/></presence>`],
  [
    'join adds nothing to muc',
    { join: true, muc: { password: 'p' } },
    `<presence><x xmlns='${NS.muc}'><password>p</password></x></presence>`,
  ],
  ['join can be false', { join: false, show: 'away' }, '<presence><show>away</show></presence>'],
  ['an address alone', { oob_url: 'u' }, "<message><x xmlns='jabber:x:oob'><url>u</url></x></message>"],
  [
    'another address than that of oob is one more',
    { oob: { url: 'u' }, oob_url: 'v' },
    "<message><x xmlns='jabber:x:oob'><url>u</url></x><x xmlns='jabber:x:oob'><url>v</url></x></message>",
  ],
  ['fallback can be false', { body: 'x', fallback: false, fallbacks: [{}] }, '<message><body>x</body></message>'],
  [
    'fallback says nothing that fallbacks does not say',
    { fallback: true, fallbacks: [{ for: 'urn:x' }] },
    "<message><fallback xmlns='urn:xmpp:fallback:0' for='urn:x'/></message>",
  ],
  [
    'the values of a form',
    { kind: 'message', formdata: { a: '1', b: ['2', '3'], c: true, d: 4, e: null, f: [] } },
    `<message><x xmlns='jabber:x:data' type='submit'>${field('a', '1')}${field('b', '2', '3')}${field('c', '1')}` +
      `${field('d', '4')}<field var='e'/><field var='f'/></x></message>`,
  ],
  [
    'the values of the form of a command',
    { command: { node: 'n', data: { a: '1' } } },
    iq(
      'set',
      `<command xmlns='${NS.commands}' node='n'><x xmlns='jabber:x:data' type='submit'>${field('a', '1')}</x></command>`,
    ),
  ],
  ['a list of addresses', { type: 'result', items: ['a.example'] }, items("<item jid='a.example'/>")],
  ['a node of items', { items: { node: 'n' } }, iq('get', `<query xmlns='${NS.discoItems}' node='n'/>`)],
  ['features alone', { type: 'result', disco: { features: ['urn:x'] } }, info("<feature var='urn:x'/>")],
  [
    'text that is no body element',
    { html: 'O <b>no</b>' },
    `<message><html xmlns='${NS.xhtmlIm}'>O <b xmlns='${NS.xhtml}'>no</b></html></message>`,
  ],
  [
    'an archive is asked by words',
    {
      archive: {
        queryid: 'q',
        with: 'a@b.example',
        start: 'S',
        end: 'E',
        'before-id': 'B',
        'after-id': 'A',
        ids: '1,,2',
      },
    },
    archive(
      `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', 'urn:xmpp:mam:2')}${field('with', 'a@b.example')}` +
        `${field('start', 'S')}${field('end', 'E')}${field('before-id', 'B')}${field('after-id', 'A')}` +
        `${field('ids', '1', '2')}</x>`,
    ),
  ],
  [
    'a page of an archive is asked by words',
    { archive: { queryid: 'q', after: 'a', before: '', max: '10' } },
    archive(`<set xmlns='${NS.rsm}'><after>a</after><before/><max>10</max></set>`),
  ],
  [
    'several ids may be an array',
    { archive: { queryid: 'q', ids: ['1', '2'] } },
    archive(
      `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', 'urn:xmpp:mam:2')}${field('ids', '1', '2')}</x>`,
    ),
  ],
  [
    'words beside the form of an archive query mean nothing',
    { archive: { queryid: 'q', form: { type: 'submit' }, with: 'a@b.example', max: 5 } },
    archive("<x xmlns='jabber:x:data' type='submit'/>"),
  ],
  [
    'words of an archive query mean nothing in a get, which asks for its form',
    { type: 'get', archive: { queryid: 'q', with: 'a@b.example' } },
    iq('get', "<query xmlns='urn:xmpp:mam:2' queryid='q'/>"),
  ],
  ['a mark of encryption alone is nothing', { body: 'x', omemo: true }, '<message><body>x</body></message>'],
  [
    'an element as a string',
    { extra: ["<a xmlns='urn:x'>1<b/></a>"] },
    "<message><a xmlns='urn:x'>1<b/></a></message>",
  ],
  [
    'a string without a namespace is in that of stanzas',
    { kind: 'message', extra: ['<body>x</body>', { name: 'subject' }] },
    '<message><body>x</body><subject/></message>',
  ],
  [
    'an element with values that are null',
    { extra: [{ name: 'a', xmlns: 'urn:x', attrs: { b: null }, children: null, key: null }] },
    "<message><a xmlns='urn:x'/></message>",
  ],
  ['the value of a key wins over another exact form', { ...inItalian('Ciao'), body: 'Salve' }, italian('Salve', '')],
  ['an exact form of another key is used', { ...inItalian('Ciao'), body: 'Ciao' }, italian('Ciao')],
  ['an exact form without its key is not used', { kind: 'message', ...inItalian('Ciao') }, '<message/>'],
  [
    'an exact form of a key that is unknown is an element like any other',
    { kind: 'message', extra: [{ key: 'weather', name: 'weather', xmlns: 'urn:x' }] },
    "<message><weather xmlns='urn:x'/></message>",
  ],
];

function iq(type: string, payload: string): string {
  return `<iq type='${type}'>${payload}</iq>`;
}

function field(name: string, ...values: readonly string[]): string {
  return `<field var='${name}'>${values.map(value => `<value>${value}</value>`).join('')}</field>`;
}

function archive(inside: string): string {
  return iq('set', `<query xmlns='urn:xmpp:mam:2' queryid='q'>${inside}</query>`);
}

function items(inside: string): string {
  return iq('result', `<query xmlns='${NS.discoItems}'>${inside}</query>`);
}

function info(inside: string): string {
  return iq('result', `<query xmlns='${NS.discoInfo}'>${inside}</query>`);
}

/** `extra` with the exact form of a body. */
function inItalian(text: string): JsonObject {
  return { extra: [{ key: 'body', name: 'body', xmlns: NS.client, attrs: { 'xml:lang': 'it' }, children: [text] }] };
}

function italian(text: string, lang = " xml:lang='it'"): string {
  return `<message><body${lang}>${text}</body></message>`;
}

const inExtra = (name: string, children: readonly string[] = [], key = {}) => [
  { ...key, name, xmlns: NS.client, ...(children.length > 0 && { children }) },
];

/** XML that is read, but is not what we write for that JSON. */
export const READ: readonly (readonly [why: string, xml: string, json: JsonObject])[] = [
  [
    'the first body counts',
    '<message><body>a</body><body>b</body></message>',
    {
      kind: 'message',
      body: 'a',
      extra: [...inExtra('body', ['a'], { key: 'body' }), ...inExtra('body', ['b'], { key: 'body' })],
    },
  ],
  [
    'a body of another namespace is none',
    "<message><body xmlns='urn:x'>a</body></message>",
    { kind: 'message', extra: [{ name: 'body', xmlns: 'urn:x', children: ['a'] }] },
  ],
  ['an empty subject is kept', '<message><subject></subject></message>', { kind: 'message', subject: '' }],
  [
    'white space between elements is no text',
    '<message>\n  <body>x</body>\n</message>',
    { kind: 'message', body: 'x' },
  ],
  [
    'white space around a number is allowed',
    '<presence><priority> 5 </priority></presence>',
    { kind: 'presence', type: 'available', priority: 5, extra: inExtra('priority', [' 5 '], { key: 'priority' }) },
  ],
  [
    'the order of payloads is that of the table',
    "<message><subject>s</subject><nick xmlns='http://jabber.org/protocol/nick'>n</nick><body>b</body></message>",
    { kind: 'message', nick: 'n', body: 'b', subject: 's' },
  ],
  [
    'of two chat states the first of the table counts',
    `<message><paused xmlns='${NS.chatStates}'/><active xmlns='${NS.chatStates}'/></message>`,
    {
      kind: 'message',
      state: 'active',
      extra: ['paused', 'active'].map(name => ({ key: 'state', name, xmlns: NS.chatStates })),
    },
  ],
];

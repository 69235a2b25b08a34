/**
 * The mapping against fixture pairs, both ways, and against values of the wrong type.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { makeStanza, readStanza, stanzaElement } from '../xmpp/stanza.ts';
import { readStanzaJson, writeStanzaJson } from './envelope.ts';
import { IQ } from './iq.ts';
import type { Json, JsonObject } from './json.ts';
import { MESSAGE } from './message.ts';
import { PRESENCE } from './presence.ts';

/** One fixture: a stanza as JSON and as XML, each the exact form that we write. */
interface Pair {
  readonly name: string;
  readonly json: JsonObject;
  readonly xml: string;
}

const FOLDER = new URL('../../test/fixtures/mapping/', import.meta.url);
const PAIRS: readonly Pair[] = readdirSync(FOLDER).flatMap(
  file => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Pair[],
);

const toXml = (json: JsonObject) => write(stanzaElement(makeStanza(writeStanzaJson(json))), { defaultNs: NS.client });
const toJson = (xml: string) => readStanzaJson(readStanza(parseDocument(xml, CLIENT_LIMITS, NS.client)));

for (const { name, json, xml } of PAIRS) {
  test(`${name}: JSON is written as the XML`, () => assert.equal(toXml(json), xml));
  test(`${name}: XML is read as the JSON`, () => assert.deepEqual(toJson(xml), json));
}

test('every key has a fixture', () => {
  const used = new Set(PAIRS.flatMap(({ json }) => Object.keys(json)));
  const keys = [MESSAGE, PRESENCE, IQ].flatMap(({ rows }) => Object.keys(rows));
  assert.deepEqual(
    [...new Set(keys)].filter(key => !used.has(key)),
    [],
  );
});

const WRITTEN: readonly (readonly [why: string, json: JsonObject, xml: string])[] = [
  ['a body implies a message', { body: 'x' }, '<message><body>x</body></message>'],
  ['a show implies a presence', { show: 'away' }, '<presence><show>away</show></presence>'],
  ['a ping implies an iq of type get', { ping: true }, "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
  ['a type implies a kind', { type: 'unavailable' }, "<presence type='unavailable'/>"],
  ['a type wins over a key', { type: 'chat', show: 'x' }, "<message type='chat'/>"],
  ['a kind wins over a type', { kind: 'presence', type: 'available' }, '<presence/>'],
  ['a key that says false implies nothing', { ping: false, body: 'x' }, '<message><body>x</body></message>'],
  ['null is no value', { kind: 'message', type: null, to: null, body: null }, '<message/>'],
  [
    'true asks for an object without values',
    { version: true },
    "<iq type='get'><query xmlns='jabber:iq:version'/></iq>",
  ],
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
];

for (const [why, json, xml] of WRITTEN) test(why, () => assert.equal(toXml(json), xml));

const READ: readonly (readonly [why: string, xml: string, json: JsonObject])[] = [
  ['an element with children is no text', '<message><body>a<b/></body></message>', { kind: 'message' }],
  ['the first body counts', '<message><body>a</body><body>b</body></message>', { kind: 'message', body: 'a' }],
  ['a body of another namespace is none', "<message><body xmlns='urn:x'>a</body></message>", { kind: 'message' }],
  ['an empty subject is kept', '<message><subject/></message>', { kind: 'message', subject: '' }],
  [
    'a priority that is no number is left out',
    '<presence><priority>high</priority></presence>',
    { kind: 'presence', type: 'available' },
  ],
  [
    'white space around a number is allowed',
    '<presence><priority> 5 </priority></presence>',
    { kind: 'presence', type: 'available', priority: 5 },
  ],
  [
    'an error without a defined condition',
    "<message type='error'><error/></message>",
    { kind: 'message', type: 'error', error: { condition: 'undefined-condition' } },
  ],
];

for (const [why, xml, json] of READ) test(why, () => assert.deepEqual(toJson(xml), json));

const WRONG: readonly (readonly [json: { readonly [key: string]: Json }, message: string])[] = [
  [{ body: 5 }, "'body' must be a string, not a number"],
  [{ body: ['x'] }, "'body' must be a string, not an array"],
  [{ body: 'a\u0000b' }, "'body' holds a character that XML 1.0 does not allow; leave it out"],
  [{ body: 'a\ud800b' }, "'body' holds a character that XML 1.0 does not allow; leave it out"],
  [{ subject: {} }, "'subject' must be a string, not an object"],
  [{ thread: 'x' }, "'thread' must be an object, not a string"],
  [{ thread: { id: 5 } }, "'thread.id' must be a string, not a number"],
  [{ kind: 'presence', priority: '5' }, "'priority' must be an integer from -128 to 127, not a string"],
  [{ kind: 'presence', priority: 128 }, "'priority' must be an integer from -128 to 127"],
  [{ kind: 'presence', priority: 1.5 }, "'priority' must be an integer from -128 to 127"],
  [{ ping: 'yes' }, "'ping' must be true or false, not a string"],
  [{ version: { name: true } }, "'version.name' must be a string, not a boolean"],
  [{ kind: 'Message' }, "'kind' must be 'message', 'presence' or 'iq'"],
  [{ kind: 5 }, "'kind' must be a string, not a number"],
  [{ id: 5 }, "'id' must be a string, not a number"],
  [{ to: ['a'] }, "'to' must be a string, not an array"],
  [{ lang: '\u0001' }, "'lang' holds a character that XML 1.0 does not allow; leave it out"],
  [{ error: 'x' }, "'error' must be an object, not a string"],
  [{ error: {} }, "'error.condition' is missing; give a string"],
  [{ error: { condition: 'a b' } }, "'error.condition' must be a condition of RFC 6120, such as gone"],
];

for (const [json, message] of WRONG) {
  test(`${JSON.stringify(json)} is refused`, () =>
    assert.throws(() => writeStanzaJson(json), { name: 'MappingError', message }));
}

/**
 * The promises of the mapping, for stanzas and JSON at random: nothing is lost, nothing changes, nothing crashes.
 *
 * `RESTANZA_CASES` sets how many cases each promise is held to; fast-check prints the seed of a failure.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { draftAtRandom, hostileJson } from '../../test/support/stanzas-at-random.ts';
import { canonical } from '../../test/support/vectors.ts';
import { CLIENT_LIMITS, documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { makeStanza, readStanza, type Stanza, StanzaError, stanzaElement } from '../xmpp/stanza.ts';
import { CONVENIENCES } from './convenience.ts';
import { readStanzaJson, TABLES, writeStanzaJson } from './envelope.ts';
import { equivalent } from './equivalence.ts';
import { type JsonObject, MappingError } from './json.ts';
import { stanzaSchema } from './schema.ts';

const CASES = { numRuns: Number(process.env['RESTANZA_CASES'] ?? 2000) };

/** JSON as another process sees it. */
const jsonOf = (stanza: Stanza): JsonObject => JSON.parse(JSON.stringify(readStanzaJson(stanza))) as JsonObject;
const xmlOf = (stanza: Stanza) => write(stanzaElement(stanza), { defaultNs: NS.client });

test('XML to JSON to XML gives an equivalent stanza, and its JSON again the same', () => {
  fc.assert(
    fc.property(draftAtRandom, draft => {
      const stanza = readStanza(parseDocument(xmlOf(makeStanza(draft)), CLIENT_LIMITS, NS.client));
      const json = jsonOf(stanza);
      const back = makeStanza(writeStanzaJson(json));
      const [there, here] = [stanzaElement(stanza), stanzaElement(back)];
      assert.equal(canonical(here), canonical(there), `${xmlOf(stanza)}\n${xmlOf(back)}`);
      assert.ok(equivalent(there, here));
      assert.deepEqual(jsonOf(back), json);
    }),
    CASES,
  );
});

test('what is read is valid by the schema', () => {
  const validate = new Ajv2020({ strictTypes: false }).compile(stanzaSchema());
  fc.assert(
    fc.property(draftAtRandom, draft => {
      assert.ok(validate(jsonOf(makeStanza(draft))), JSON.stringify(validate.errors));
    }),
    CASES,
  );
});

const KEYS = Object.values(TABLES).flatMap(({ rows }) => Object.keys(rows));
const BESIDE = Object.values(CONVENIENCES).flatMap(rows => Object.keys(rows));
const ENVELOPE = ['kind', 'type', 'to', 'from', 'id', 'lang', 'extra'];

test('any JSON becomes a stanza that can be read, or a fault that names its place', () => {
  fc.assert(
    fc.property(hostileJson([...KEYS, ...BESIDE, ...ENVELOPE]), json => {
      const stanza = attempt(json);
      if (stanza === undefined) return;
      const read = readStanza(parseDocument(xmlOf(stanza), documentLimits(1024 * 1024), NS.client));
      assert.ok(equivalent(stanzaElement(stanza), stanzaElement(read)));
    }),
    CASES,
  );
});

/** The stanza of some JSON, or `undefined` when it is refused as it should be. */
function attempt(json: JsonObject): Stanza | undefined {
  try {
    return makeStanza(writeStanzaJson(json));
  } catch (error) {
    if (error instanceof MappingError || error instanceof StanzaError) return undefined;
    throw error;
  }
}

/**
 * The mapping against what was recorded from mod_rest: equal, or a row of `docs/compatibility.md`, and never lossy.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Decoder } from '../src/bridge/codec.ts';
import { JSON_CODEC } from '../src/bridge/json.ts';
import { XML_CODEC } from '../src/bridge/xml.ts';
import { RestanzaError } from '../src/errors.ts';
import { equivalent } from '../src/mapping/equivalence.ts';
import type { Json, JsonObject } from '../src/mapping/json.ts';
import { element } from '../src/xml/element.ts';
import type { Stanza } from '../src/xmpp/stanza.ts';
import { stanzaElement } from '../src/xmpp/stanza.ts';
import { compare, type Direction } from './support/compatibility.ts';
import {
  canonical,
  holds,
  type JsonVector,
  MISSING,
  parseRecorded,
  vectors,
  type XmlVector,
} from './support/vectors.ts';

/** Whom mod_rest takes for the sender when nothing is said, and what stands for an id that it made. */
const SENDER = 'alice@localhost';
const MADE_ID = 'GENERATED-ID';

const HINTS = { limit: 1024 * 1024 };

/** A stanza, or `undefined` for a body that we refuse. */
function decode(codec: Decoder, body: string): Stanza | undefined {
  try {
    return codec.decode(Buffer.from(body), HINTS);
  } catch (error) {
    if (error instanceof RestanzaError) return undefined;
    throw error;
  }
}

/** JSON as it comes over HTTP: without the keys that only exist in memory. */
const jsonOf = (stanza: Stanza): JsonObject => JSON.parse(JSON_CODEC.encode([stanza])) as JsonObject;

/** What makes two written stanzas equal, beyond what makes all XML equal. */
interface Rules {
  /** Equally named siblings may stand in any order. */
  readonly inAnyOrder: boolean;
  /** Sender and id of the stanza do not count. */
  readonly anonymous: boolean;
}

/** Whether a stanza is the recorded one, with what mod_rest adds to it. */
function isRecorded(stanza: Stanza, recorded: string, { inAnyOrder, anonymous }: Rules): boolean {
  const theirs = parseRecorded(recorded);
  if (theirs === undefined) return false;
  const ours = stanzaElement(stanza);
  const made = theirs.attrs['id'] === MADE_ID ? { id: MADE_ID } : {};
  const same = anonymous ? { from: theirs.attrs['from'], id: theirs.attrs['id'] } : made;
  const attrs = { from: SENDER, ...ours.attrs, ...same };
  return canonical(element(ours.name, ours.ns, attrs, ours.children), inAnyOrder) === canonical(theirs, inAnyOrder);
}

const isUnordered = (unstable: readonly string[] = []) =>
  unstable.some(part => part.endsWith('order-of-same-named-siblings'));

/** Reading: every recorded key is there, or both refuse. */
function readsAlike({ xml_norm, xml_in, status_json, json }: XmlVector): boolean {
  const stanza = decode(XML_CODEC, xml_norm ?? xml_in);
  if (stanza === undefined) return status_json !== 200;
  return json !== null && holds(json as Json, jsonOf(stanza));
}

/** Writing: the same XML, or both refuse. */
function writesAlike(body: string, recorded: readonly string[], rules: Rules): boolean {
  const stanza = decode(JSON_CODEC, body);
  if (stanza === undefined) return recorded.length === 0;
  return recorded.some(xml => isRecorded(stanza, xml, rules));
}

/** JSON to XML. */
function isWrittenAlike({ json_in_raw, xml, variants, unstable }: JsonVector): boolean {
  const rules = { inAnyOrder: isUnordered(unstable), anonymous: false };
  return writesAlike(json_in_raw, [xml ?? [], variants ?? []].flat(), rules);
}

/** What mod_rest read, back to XML. It forgets the sender where there is no recipient. */
function isWrittenBackAlike({ json, xml_back, unstable }: XmlVector): boolean {
  const rules = { inAnyOrder: isUnordered(unstable), anonymous: true };
  return writesAlike(JSON.stringify(json), xml_back === null ? [] : [xml_back], rules);
}

const XML_VECTORS = vectors<XmlVector>('xml.json');
const READ_VECTORS = XML_VECTORS.filter(({ json }) => json !== null);
const JSON_VECTORS = vectors<JsonVector>('json.json');

function direction<Vector extends { readonly id: string }>(
  heading: string,
  recorded: readonly Vector[],
  alike: (vector: Vector) => boolean,
): Direction {
  const idOf = ({ id }: Vector) => id;
  return { heading, all: recorded.map(idOf), different: recorded.filter(one => !alike(one)).map(idOf) };
}

test('XML is read as recorded, or a deviation is meant', { skip: MISSING }, t =>
  compare(t, direction('XML to JSON', XML_VECTORS, readsAlike)),
);

test('JSON is written as recorded, or a deviation is meant', { skip: MISSING }, t =>
  compare(t, direction('JSON to XML', JSON_VECTORS, isWrittenAlike)),
);

test('the JSON of mod_rest is written as recorded, or a deviation is meant', { skip: MISSING }, t =>
  compare(t, direction('JSON of mod_rest to XML', READ_VECTORS, isWrittenBackAlike)),
);

test('every recorded stanza survives JSON whole', { skip: MISSING }, t => {
  const stanzas = XML_VECTORS.map(({ id, xml_in }) => ({ id, stanza: decode(XML_CODEC, xml_in) }));
  const lossy = stanzas.filter(({ stanza }) => stanza !== undefined && !survives(stanza)).map(({ id }) => id);
  const refused = stanzas.filter(({ stanza }) => stanza === undefined).length;
  t.diagnostic(`whole ${stanzas.length - refused - lossy.length}, lossy ${lossy.length}, no stanza ${refused}`);
  assert.deepEqual(lossy, []);
});

function survives(stanza: Stanza): boolean {
  const json = jsonOf(stanza);
  const back = JSON_CODEC.decode(Buffer.from(JSON.stringify(json)), HINTS);
  return equivalent(stanzaElement(stanza), stanzaElement(back)) && isDeepStrictEqual(jsonOf(back), json);
}

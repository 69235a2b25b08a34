/**
 * The fixture pairs of the mapping: a stanza as JSON and as XML, each the exact form that we write.
 *
 * Decides that a file which cannot be read is a fault to report, not a reason to have fewer pairs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readStanzaJson, type StanzaJson, writeStanzaJson } from '../../src/mapping/envelope.ts';
import { isObject, type Json, type JsonObject } from '../../src/mapping/json.ts';
import { CLIENT_LIMITS } from '../../src/xml/limits.ts';
import { parseDocument } from '../../src/xml/parse.ts';
import { write } from '../../src/xml/write.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { makeStanza, readStanza, stanzaElement } from '../../src/xmpp/stanza.ts';

/** One stanza. */
export interface Pair {
  /** What it shows; no two pairs have the same name. */
  readonly name: string;
  readonly json: JsonObject;
  readonly xml: string;
}

const FOLDER = new URL('../fixtures/mapping/', import.meta.url);

/** The pairs, and what is wrong with the files. */
export function loadPairs(folder: URL = FOLDER): {
  readonly pairs: readonly Pair[];
  readonly faults: readonly string[];
} {
  const pairs: Pair[] = [];
  const faults: string[] = [];
  for (const file of readdirSync(folder)) {
    for (const entry of entriesOf(new URL(file, folder))) {
      if (isPair(entry) && !pairs.some(({ name }) => name === entry.name)) pairs.push(entry);
      else faults.push(`${file}: ${isPair(entry) ? `the name ${entry.name} is used twice` : 'this is not a pair'}`);
    }
  }
  return { pairs, faults };
}

/** The entries of a file; one that is no pair for a file that holds no array. */
function entriesOf(file: URL): readonly Json[] {
  try {
    const entries: Json = JSON.parse(readFileSync(file, 'utf8')) as Json;
    return Array.isArray(entries) && entries.length > 0 ? entries : [null];
  } catch {
    return [null];
  }
}

function isPair(entry: unknown): entry is Pair {
  return (
    isObject(entry) && typeof entry['name'] === 'string' && isObject(entry['json']) && typeof entry['xml'] === 'string'
  );
}

/** JSON as the XML of its stanza, without the namespace that all stanzas have. */
export function toXml(json: JsonObject): string {
  return write(stanzaElement(makeStanza(writeStanzaJson(json))), { defaultNs: NS.client });
}

/** The XML of a stanza as JSON. */
export function toJson(xml: string): StanzaJson {
  return readStanzaJson(readStanza(parseDocument(xml, CLIENT_LIMITS, NS.client)));
}

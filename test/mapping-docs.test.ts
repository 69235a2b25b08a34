/**
 * `docs/mapping.md` tells the truth: its tables are those of the mapping, and its examples are what the mapping does.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { KIND_OF_KEY, KIND_OF_TYPE, TABLES } from '../src/mapping/envelope.ts';
import type { JsonObject } from '../src/mapping/json.ts';
import { TYPES } from '../src/xmpp/stanza.ts';
import { MAPPING_PAGE, withKeyTables } from './support/mapping-page.ts';
import { toJson, toXml } from './support/mapping-pairs.ts';

const page = await readFile(MAPPING_PAGE, 'utf8');

/** The contents of the fenced blocks of a language. */
function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, content = '']) => content);
}

test('the tables are those of the mapping', () => {
  assert.equal(page, withKeyTables(page), 'the tables are old; write them anew with: npm run docs');
});

test('every key has a row', () => {
  for (const { rows } of Object.values(TABLES)) {
    for (const key of Object.keys(rows)) assert.ok(page.includes(`\n| \`${key}\` | `), key);
  }
});

test('no row has an empty cell', () => {
  const rows = page.split('\n').filter(line => line.startsWith('| '));
  assert.ok(rows.length > 80);
  assert.deepEqual(
    rows.filter(row => row.includes('| |') || row.includes('``')),
    [],
  );
});

test('the examples are what is read and written', () => {
  const [first, second] = blocks('json').map(text => JSON.parse(text) as JsonObject);
  assert.deepEqual(toJson(blocks('xml')[0]?.trim() ?? ''), first);
  assert.ok(second !== undefined);
  assert.deepEqual(toJson(toXml(second)), second);
});

test('the page names all types, and the keys and types that imply a kind', () => {
  const rules = page.slice(page.indexOf('## The stanza itself'), page.indexOf('## Values'));
  const types = [...Object.values(TYPES).flat(), ...KIND_OF_TYPE.keys()];
  assert.deepEqual(
    [...types, ...IMPLYING].filter(word => !rules.includes(`\`${word}\``)),
    [],
  );
});

/** The keys of mod_rest that imply a kind. */
const IMPLYING = KIND_OF_KEY.map(([key]) => key).slice(0, 16);

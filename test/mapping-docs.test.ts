/**
 * `docs/mapping.md` tells the truth: its tables are those of the mapping, and its examples are what the mapping does.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CONVENIENCES } from '../src/mapping/convenience.ts';
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
  const keys = [...Object.values(TABLES).map(({ rows }) => rows), ...Object.values(CONVENIENCES)].flatMap(Object.keys);
  assert.deepEqual(
    keys.filter(key => !page.includes(`\n| \`${key}\` | `)),
    [],
  );
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

test('the page names all types, and tells which keys and types imply a kind', () => {
  const rules = page.slice(page.indexOf('## The stanza itself'), page.indexOf('## Values'));
  const byKey = rules.slice(rules.indexOf('3. A key implies a kind'), rules.indexOf('4. Everything else'));
  const named = [...byKey.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key);
  const types = [...Object.values(TYPES).flat(), ...KIND_OF_TYPE.keys()];
  assert.deepEqual(
    types.filter(type => !rules.includes(`\`${type}\``)),
    [],
  );
  const implying = KIND_OF_KEY.map(([key]) => key);
  assert.deepEqual(
    named.filter(key => !implying.includes(key)),
    [],
  );
  assert.deepEqual(
    KIND_OF_KEY.filter(([key, kind]) => kind !== 'iq' && !named.includes(key)),
    [],
  );
});

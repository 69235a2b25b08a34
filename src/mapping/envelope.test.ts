/**
 * The mapping against fixture pairs, both ways, and against single cases that go one way or are refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Folder } from '../../test/support/folder.ts';
import { READ, WRITTEN } from '../../test/support/mapping-cases.ts';
import { loadPairs, toJson, toXml } from '../../test/support/mapping-pairs.ts';
import { WRONG, WRONG_INSIDE } from '../../test/support/mapping-refusals.ts';
import type { Kind } from '../xmpp/stanza.ts';
import { COMMON } from './common.ts';
import { CONVENIENCES } from './convenience.ts';
import { ignoredKeys, writeStanzaJson } from './envelope.ts';
import { IQ } from './iq.ts';
import type { JsonObject } from './json.ts';
import { MESSAGE } from './message.ts';
import { PRESENCE } from './presence.ts';
import type { Rows, Table } from './table.ts';

const { pairs, faults } = loadPairs();

for (const { name, json, xml } of pairs) {
  test(`${name}: JSON is written as the XML`, () => assert.equal(toXml(json), xml));
  test(`${name}: XML is read as the JSON`, () => assert.deepEqual(toJson(xml), json));
}

test('every file of fixtures holds pairs, each with a name of its own', () => assert.deepEqual(faults, []));

test('a file that cannot be read, holds no pairs or repeats a name is a fault', async () => {
  await using folder = await Folder.make();
  const pair = { name: 'a', json: {}, xml: '' };
  await folder.write('a.json', JSON.stringify([pair]));
  await folder.write('b.json', JSON.stringify([{ ...pair, name: 'b' }, pair]));
  await folder.write('c.json', '[');
  await folder.write('d.json', '[]');
  await folder.write('e.json', JSON.stringify([{ ...pair, xml: undefined }]));
  await folder.makeFolders(['f']);
  const found = loadPairs(pathToFileURL(`${folder.path}/`));
  assert.deepEqual(found.pairs.map(({ name }) => name).toSorted(), ['a', 'b']);
  assert.equal(found.faults.length, 5);
});

const PAIRED = pairs.map(({ json }) => json);
const ONLY_WRITTEN = WRITTEN.map(([, json]) => json);

/** The keys of stanzas of a kind; of every kind when it is absent. */
function keysOf(stanzas: readonly JsonObject[], kind?: Kind): ReadonlySet<string> {
  const asked = stanzas.filter(json => kind === undefined || writeStanzaJson(json).kind === kind);
  return new Set(asked.flatMap(json => Object.keys(json)));
}

/** The keys of a table that no case shows; a row that all kinds share is the same in all. */
function unshown(rows: Rows, cases: readonly JsonObject[], kind: Kind): readonly string[] {
  const [here, anywhere] = [keysOf(cases, kind), keysOf(cases)];
  return Object.keys(rows).filter(key => !(Object.hasOwn(COMMON, key) ? anywhere : here).has(key));
}

const TABLES: readonly (readonly [Kind, Table])[] = [
  ['message', MESSAGE],
  ['presence', PRESENCE],
  ['iq', IQ],
];

for (const [kind, { rows }] of TABLES) {
  const ways = Object.groupBy(Object.entries(rows), ([, { elements }]) => (elements.length > 0 ? 'both' : 'written'));

  test(`every key of the table for ${kind} has a pair`, () =>
    assert.deepEqual(unshown(Object.fromEntries(ways.both ?? []), PAIRED, kind), []));

  test(`every key of the table for ${kind} that is never read has a case of writing`, () =>
    assert.deepEqual(unshown(Object.fromEntries(ways.written ?? []), ONLY_WRITTEN, kind), []));

  test(`every key beside the table for ${kind} has a pair or a case of writing`, () => {
    const shown = keysOf([...PAIRED, ...ONLY_WRITTEN], kind);
    assert.deepEqual(
      Object.keys(CONVENIENCES[kind]).filter(key => !shown.has(key)),
      [],
    );
  });
}

test('no pair shows a key that its kind does not have', () => {
  const orphans = PAIRED.flatMap(json => ignoredKeys(json, writeStanzaJson(json).kind));
  assert.deepEqual(orphans, []);
});

for (const [why, json, xml] of WRITTEN) test(why, () => assert.equal(toXml(json), xml));
for (const [why, xml, json] of READ) test(why, () => assert.deepEqual(toJson(xml), json));

for (const [json, message] of [...WRONG, ...WRONG_INSIDE]) {
  test(`${JSON.stringify(json)} is refused`, () =>
    assert.throws(() => writeStanzaJson(json), { name: 'MappingError', message }));
}

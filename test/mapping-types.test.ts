/**
 * The type `StanzaJson` against the fixtures of the mapping: a file that says so of each of them is given to the compiler.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Folder } from './support/folder.ts';
import { loadPairs } from './support/mapping-pairs.ts';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));

/** Values whose type is wrong, each with the kind of fault that the compiler must find. */
const WRONG: readonly string[] = [
  "{ kind: 'message', body: 5 }",
  "{ kind: 'Message', body: 'x' }",
  "{ kind: 'message', bodi: 'x' }",
  "{ kind: 'message', show: 'away' }",
  "{ kind: 'message', stanza_ids: { id: 'x' } }",
  "{ kind: 'message', stanza_ids: [{ id: 5 }] }",
  "{ kind: 'message', fallback: 'yes' }",
  "{ kind: 'message', fallbacks: [{ body: [{ start: '0' }] }] }",
  "{ kind: 'message', extra: [{ name: 'a' }] }",
  "{ kind: 'presence', muc: { history: { seconds: '5' } } }",
  "{ kind: 'presence', priority: '5' }",
  "{ kind: 'iq', error: { condition: 5 } }",
  "{ kind: 'iq', version: { name: 5 } }",
  "{ kind: 'iq', stats: [{ value: '5' }] }",
];

/** The lines, from 0, of a list of values that the compiler does not take for stanzas. */
async function refused(values: readonly string[]): Promise<readonly number[]> {
  await using folder = await Folder.make();
  const types = JSON.stringify(`${PROJECT}src/mapping/envelope.ts`);
  const lines = values.map(value => `(${value}) satisfies StanzaJson;`);
  await folder.write('values.ts', [...lines, `import type { StanzaJson } from ${types};`].join('\n'));
  const options = {
    extends: `${PROJECT}tsconfig.json`,
    compilerOptions: { typeRoots: [`${PROJECT}node_modules/@types`] },
  };
  const config = await folder.write('tsconfig.json', JSON.stringify({ ...options, include: ['values.ts'] }));
  const output = await compile(config);
  const faults = [...output.matchAll(/values\.ts\((\d+),/g)].map(([, line]) => Number(line) - 1);
  assert.equal(output.split('error TS').length - 1, faults.length, output);
  return [...new Set(faults)];
}

/** Runs the compiler; what it says. */
function compile(config: string): Promise<string> {
  const tsc = `${PROJECT}node_modules/typescript/bin/tsc`;
  return new Promise(resolve => {
    execFile(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', config], (_error, stdout) =>
      resolve(stdout),
    );
  });
}

test('the JSON of every fixture has the type of what we read', async () => {
  const { pairs } = loadPairs();
  const found = await refused(pairs.map(({ json }) => JSON.stringify(json)));
  assert.deepEqual(
    found.map(line => pairs[line]?.name),
    [],
  );
});

test('JSON of another type is found', async () => {
  const found = await refused(WRONG);
  assert.deepEqual(
    WRONG.filter((_value, line) => !found.includes(line)),
    [],
  );
});

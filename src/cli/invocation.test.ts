/**
 * The words with which the program is called.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invocation } from './invocation.ts';

const WORDS = [
  ['token list', 'npm run -s token -- list'],
  ['start', 'npm run -s start'],
  ['start --help', 'npm run -s start -- --help'],
  ['--help', 'npx node src/main.ts --help'],
] as const;

for (const [words, script] of WORDS) {
  test(`'${words}' is '${script}' in a checkout alone`, () => {
    assert.equal(invocation(words, true), script);
    assert.equal(invocation(words, false), `restanza ${words}`);
  });
}

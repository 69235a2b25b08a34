/**
 * What a target says about itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallResult } from './exchange.ts';
import { readProbe } from './probe.ts';
import type { Format } from './target.ts';

const XML = 'application/xmpp+xml';
const JSON_TYPE = 'application/json';

const CHOICES: readonly (readonly [accept: string | undefined, format: Format])[] = [
  [undefined, XML],
  ['', XML],
  ['*/*', XML],
  ['text/html, text/plain', XML],
  [JSON_TYPE, JSON_TYPE],
  ['Application/JSON; charset=utf-8', JSON_TYPE],
  [`${JSON_TYPE}, ${XML}`, JSON_TYPE],
  [`${XML}, ${JSON_TYPE}`, XML],
  [`${XML};q=0.5, ${JSON_TYPE}`, JSON_TYPE],
  [`${JSON_TYPE};q=0, ${XML}`, XML],
  ['application/cbor', 'application/cbor'],
  ['application/x-www-form-urlencoded, text/plain', 'application/x-www-form-urlencoded'],
  ['component_http', XML],
];

function options(status: number, accept?: string): CallResult {
  return { name: 'answer', status, ...(accept !== undefined && { accept }), body: new Uint8Array() };
}

for (const [accept, format] of CHOICES) {
  test(`${JSON.stringify(accept)} asks for ${format}`, () =>
    assert.deepEqual(readProbe(options(200, accept), XML), { format }));
}

test('only status 200 chooses, and anything else is told', () => {
  for (const status of [204, 301, 404, 405, 500]) {
    const problem = `the answer to OPTIONS has status ${status}`;
    assert.deepEqual(readProbe(options(status, JSON_TYPE), XML), { format: XML, problem });
  }
  const fault = { name: 'fault', fault: 'refused', text: 'not there' } as const;
  assert.deepEqual(readProbe(fault, JSON_TYPE), { format: JSON_TYPE, problem: 'not there' });
});

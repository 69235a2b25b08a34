/**
 * How fast the mapping is: JSON → wire XML and wire XML → JSON over the fixture stanzas, beside what is the floor of each
 * (`JSON.parse`, and the parser alone) in the same process.
 *
 * Run with `npm run bench:mapping`. The figures of one machine mean little; the ratios do.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readStanzaJson, writeStanzaJson } from '../src/mapping/envelope.ts';
import { CLIENT_LIMITS } from '../src/xml/limits.ts';
import { StreamReader } from '../src/xml/parse.ts';
import { write } from '../src/xml/write.ts';
import { insideStream, openStream } from '../src/xmpp/header.ts';
import { NS } from '../src/xmpp/ns.ts';
import { makeStanza, readStanza, stanzaElement } from '../src/xmpp/stanza.ts';

const FOLDER = new URL('../test/fixtures/mapping/', import.meta.url);
const SURROUNDINGS = insideStream(NS.client);
/** Milliseconds that each part is run, after half of that to warm up. */
const DURATION = 2_000;

type Pair = { readonly json: object; readonly xml: string };
const pairs = readdirSync(FOLDER).flatMap(file => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Pair[]);
const jsonTexts = pairs.map(({ json }) => JSON.stringify(json));
const wire = Buffer.from(pairs.map(({ xml }) => xml).join(''));
const header = Buffer.from(openStream({ contentNs: NS.client }));

/** Reads all stanzas from one stream. */
function readAll(onElement: (element: Parameters<typeof readStanza>[0]) => void): void {
  const nothing = () => {};
  const reader = new StreamReader(
    { open: nothing, element: onElement, refused: nothing, close: nothing },
    { limits: CLIENT_LIMITS },
  );
  reader.write(header);
  reader.write(wire);
}

const PARTS: Readonly<Record<string, () => void>> = {
  'JSON.parse': () => {
    for (const text of jsonTexts) JSON.parse(text);
  },
  'JSON → wire': () => {
    for (const text of jsonTexts) write(stanzaElement(makeStanza(writeStanzaJson(JSON.parse(text)))), SURROUNDINGS);
  },
  'parser alone': () => readAll(() => {}),
  'wire → JSON': () => readAll(element => JSON.stringify(readStanzaJson(readStanza(element)))),
};

/** Runs a part for some milliseconds and gives the stanzas per second. */
function rate(part: () => void, milliseconds: number): number {
  const start = performance.now();
  let rounds = 0;
  for (; performance.now() - start < milliseconds; rounds += 1) part();
  return (rounds * pairs.length * 1_000) / (performance.now() - start);
}

const rates = Object.entries(PARTS).map(([name, part]): [string, number] => {
  rate(part, DURATION / 2);
  return [name, rate(part, DURATION)];
});
const of = (name: string) => rates.find(([found]) => found === name)?.[1] ?? Number.NaN;
for (const [name, value] of rates)
  console.log(`${name.padEnd(14)} ${Math.round(value).toLocaleString('en').padStart(12)} stanzas/s`);
console.log(`JSON.parse ÷ JSON → wire   ${(of('JSON.parse') / of('JSON → wire')).toFixed(2)}`);
console.log(`parser alone ÷ wire → JSON ${(of('parser alone') / of('wire → JSON')).toFixed(2)}`);

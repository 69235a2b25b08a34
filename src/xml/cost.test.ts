/**
 * Four times the input takes about four times the work: nothing in the room is quadratic, where a ratio would be sixteen
 * (XML resource amplification).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPieces, readPieces, readStream } from '../../test/support/xml-events.ts';
import { element } from './element.ts';
import { COMPONENT_LIMITS, type XmlLimits } from './limits.ts';
import { parseDocument } from './parse.ts';
import { decodeUtf8 } from './utf8.ts';
import { write } from './write.ts';

const MIB = 1024 * 1024;
const BOUNDLESS: XmlLimits = { bytes: 64 * MIB, fatalBytes: 64 * MIB, depth: 1e6, attributes: 1e6, elements: 1e6 };
const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 20;
const LARGEST_RATIO = 8;

/** Prepares the input for a size and gives back the work to measure. */
type Workload = (size: number) => () => unknown;

function repeat(size: number, piece: (index: number) => string): string {
  return Array.from({ length: size }, (_, index) => piece(index)).join('');
}

function document(text: string, limits = BOUNDLESS): () => unknown {
  return () => parseDocument(text, limits);
}

function stream(text: string, limits = BOUNDLESS): () => unknown {
  const bytes = Buffer.from(`<s>${text}`);
  return () => readStream(bytes, { limits });
}

/** The larger size of each, and its work. */
const WORKLOADS: Readonly<Record<string, readonly [largest: number, workload: Workload]>> = {
  'nested elements': [36_000, n => document('<a>'.repeat(n) + '</a>'.repeat(n))],
  'nested elements of a refused stanza': [36_000, n => stream('<a>'.repeat(n) + '</a>'.repeat(n), COMPONENT_LIMITS)],
  'nested elements that each declare a namespace': [
    16_000,
    n => document(repeat(n, index => `<a xmlns='urn:${index}'>`) + '</a>'.repeat(n)),
  ],
  'a prefix of the root used below prefixes at every level': [
    8_000,
    n =>
      document(
        `<a xmlns:p='urn:p'>${repeat(n, index => `<p:a xmlns:p${index}='urn:q' p:b=''>`)}${'</p:a>'.repeat(n)}</a>`,
      ),
  ],
  'a prefix declared anew at every level': [
    16_000,
    n => document(repeat(n, index => `<p:a xmlns:p='urn:${index}'>`) + '</p:a>'.repeat(n)),
  ],
  'a prefix of the root used by many children': [
    40_000,
    n => document(`<a xmlns:p='urn:p'>${"<p:b p:c=''/>".repeat(n)}</a>`),
  ],
  'many prefixes on one element': [
    20_000,
    n => document(`<a ${repeat(n, index => `xmlns:p${index}='urn:${index}' p${index}:a='' `)}/>`),
  ],
  'attributes of one element': [40_000, n => document(`<a ${repeat(n, index => `b${index}='' `)}/>`)],
  'attributes of a refused stanza': [
    40_000,
    n => stream(`<a ${repeat(n, index => `b${index}='' `)}/>`, COMPONENT_LIMITS),
  ],
  'children of one element': [100_000, n => document(`<a>${'<b/>'.repeat(n)}</a>`)],
  'children of a refused stanza': [100_000, n => stream(`<a>${'<b/>'.repeat(n)}</a>`, COMPONENT_LIMITS)],
  'stanzas in one piece': [50_000, n => stream("<a b='c'>d</a>".repeat(n))],
  'stanzas refused in one piece': [20_000, n => stream('<a><b><c/></b></a>'.repeat(n), { ...BOUNDLESS, depth: 2 })],
  'references in one text': [100_000, n => document(`<a>${'&amp;'.repeat(n)}</a>`)],
  'CDATA sections in one text': [50_000, n => document(`<a>${'<![CDATA[b]]>'.repeat(n)}</a>`)],
  'a long name': [400_000, n => document(`<${'a'.repeat(n)}/>`)],
  'a text that comes byte by byte': [
    200_000,
    n => {
      const bytes = Buffer.from(`<s><a>${'b'.repeat(n)}</a>`);
      return () => readPieces(inPieces(bytes, 1), { limits: BOUNDLESS });
    },
  ],
  'stanzas that come byte by byte': [
    20_000,
    n => {
      const bytes = Buffer.from(`<s>${'<a>é</a> '.repeat(n)}`);
      return () => readPieces(inPieces(bytes, 1), { limits: BOUNDLESS });
    },
  ],
  'replacement characters before a wrong byte': [
    400_000,
    n => {
      const bytes = Buffer.concat([Buffer.from('\ufffd'.repeat(n)), Buffer.from([0xff])]);
      return () => decodeUtf8(bytes);
    },
  ],
  'children to write': [
    8000,
    n => {
      const value = element(
        'a',
        '',
        {},
        Array.from({ length: n }, () => element('b', 'urn:b', { c: "d'" }, ['e<'])),
      );
      return () => write(value);
    },
  ],
  'text to escape': [
    400_000,
    n => {
      const value = element('a', '', { b: '&'.repeat(n) }, ['<'.repeat(n)]);
      return () => write(value);
    },
  ],
};

const TIMES = [1, 2, 3, 4];

/** Milliseconds that a piece of work takes. */
function costOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/**
 * Compares the best rounds of both sizes. The small one is done four times in a row, so that both take as long as each other and are
 * interrupted as often; a busy machine gets more rounds, which cannot help a quadratic step.
 */
function ratioOf(small: () => unknown, large: () => unknown): number {
  let [smallCost, largeCost] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    smallCost = Math.min(smallCost, costOf(() => TIMES.map(small)) / TIMES.length);
    largeCost = Math.min(largeCost, costOf(large));
    if (round >= LEAST_ROUNDS && largeCost / smallCost < LARGEST_RATIO) break;
  }
  return largeCost / smallCost;
}

for (const [name, [largest, workload]] of Object.entries(WORKLOADS)) {
  test(`the work grows with the input: ${name}`, t => {
    const ratio = ratioOf(workload(largest / 4), workload(largest));
    t.diagnostic(`ratio ${ratio.toFixed(1)}`);
    assert.ok(ratio < LARGEST_RATIO, `four times the input took ${ratio.toFixed(1)} times the work`);
  });
}

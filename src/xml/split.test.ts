/**
 * The same events however the bytes are split (RFC 6120 §11; SAFETY of every link): fixtures with their expected events,
 * at every split, and mutations of them.
 *
 * A fixture is a pair under `test/fixtures/xml/`: `name.xml`, a component's stream, and `name.json`, what another XML
 * parser made of it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { inPieces, readPieces, readStream } from '../../test/support/xml-events.ts';

const FOLDER = new URL('../../test/fixtures/xml/', import.meta.url);
const NAMES = readdirSync(FOLDER).flatMap(file => (file.endsWith('.xml') ? [file.slice(0, -4)] : []));
const FIXTURES = new Map(NAMES.map(name => [name, readFileSync(new URL(`${name}.xml`, FOLDER))]));

test('there are fixtures', () => {
  assert.ok(FIXTURES.size >= 12);
});

for (const [name, bytes] of FIXTURES) {
  const expected = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));

  test(`${name}.xml gives the events of its pair`, () => {
    assert.deepStrictEqual(readStream(bytes), expected);
  });

  test(`${name}.xml gives them when it is split at any byte`, () => {
    for (let at = 1; at < bytes.length; at++) {
      const events = readPieces([bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepStrictEqual(events, expected, `split at byte ${at}`);
    }
  });

  test(`${name}.xml gives them in pieces of 1, 2, 3 and 7 bytes`, () => {
    for (const size of [1, 2, 3, 7]) {
      assert.deepStrictEqual(readPieces(inPieces(bytes, size)), expected, `pieces of ${size}`);
    }
  });
}

test('a piece may be empty, and its memory may be used again', () => {
  for (const bytes of FIXTURES.values()) {
    const memory = Buffer.alloc(1);
    const reused = function* () {
      for (const byte of bytes) {
        memory[0] = byte;
        yield memory;
        yield new Uint8Array();
      }
    };
    assert.deepStrictEqual(readPieces(reused()), readStream(bytes));
  }
});

/** Bytes that mean something to a reader, more likely to hit than random ones. */
const TELLING = [
  ...['<', '>', '/', '&', ';', '"', "'", '=', ':', '!', '?', '-', '[', ']', '#', ' ', '\r', '\n', '\0', '{', '}'],
  ...['<!--', '-->', '<?', '?>', ']]>', '<![CDATA[', '<!DOCTYPE', '</message>', '<message>', '</stream:stream>'],
  ...["xmlns='", "xmlns:a='", '&lt;', '&#10;', '&#0;', '&#xD800;', '\ufffe', '\ufeff', '😀', 'é'],
].map(text => Buffer.from(text));
const BROKEN = ['ff', 'c080', 'eda080', 'e23c', 'f4908080', 'e282', 'fe', '80'].map(hex => Buffer.from(hex, 'hex'));

const insertion = fc.oneof(
  fc.constantFrom(...TELLING, ...BROKEN),
  fc.uint8Array({ minLength: 0, maxLength: 4 }).map(bytes => Buffer.from(bytes)),
);
/** Replaces `cut` bytes at a place, given as a fraction of the length. */
const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(3), insertion });
type Edit = { readonly at: number; readonly cut: number; readonly insertion: Buffer };

function mutate(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let mutated = bytes;
  for (const { at, cut, insertion } of edits) {
    const from = Math.floor(at * mutated.length);
    mutated = Buffer.concat([mutated.subarray(0, from), insertion, mutated.subarray(from + cut)]);
  }
  return mutated;
}

test('mutated streams throw nothing but XmlError and read the same in any pieces', () => {
  const mutation = fc.record({
    name: fc.constantFrom(...NAMES),
    edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    size: fc.oneof(
      { weight: 1, arbitrary: fc.constant(1) },
      { weight: 9, arbitrary: fc.integer({ min: 2, max: 600 }) },
    ),
  });
  const property = fc.property(mutation, ({ name, edits, size }) => {
    const bytes = mutate(FIXTURES.get(name) ?? Buffer.alloc(0), edits);
    assert.deepStrictEqual(readPieces(inPieces(bytes, size)), readStream(bytes));
  });
  fc.assert(property, { numRuns: 12_000, seed: 6120 });
});

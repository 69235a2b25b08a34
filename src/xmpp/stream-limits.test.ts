import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { NS } from './ns.ts';
import { readStanzaLimit } from './stream-limits.ts';

describe('the bytes that a server takes as one stanza', () => {
  for (const [limits, expected] of [
    [
      "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes><idle-seconds>60</idle-seconds></limits>",
      10_000,
    ],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes> 4294967295\n</max-bytes></limits>", 4_294_967_295],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>60</idle-seconds></limits>", undefined],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>0</max-bytes></limits>", undefined],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>-1</max-bytes></limits>", undefined],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1e9</max-bytes></limits>", undefined],
    ["<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes/></limits>", undefined],
    ["<limits xmlns='urn:example'><max-bytes>10000</max-bytes></limits>", undefined],
    ['', undefined],
  ] as const) {
    it(`are ${expected ?? 'not told'} by ${limits || 'nothing'}`, () => {
      const features = parseDocument(
        `<features xmlns='${NS.stream}'>${limits}</features>`,
        documentLimits(10_000),
        NS.client,
      );
      assert.equal(readStanzaLimit(features), expected);
    });
  }
});

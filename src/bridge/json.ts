/**
 * `application/json`: a stanza as the JSON object of the mapping.
 *
 * Decides what JSON is acceptable: UTF-8 and RFC 8259. The place of a syntax error is found by a second parser, and only
 * then, because the built-in one does not always tell it.
 */
import { type ParseError, parse } from 'jsonc-parser';
import { RestanzaError } from '../errors.ts';
import { readStanzaJson } from '../mapping/envelope.ts';
import type { Json } from '../mapping/json.ts';
import type { TextCodec } from './codec.ts';
import { explainJsonFault } from './json-fault.ts';
import { stanzaOf } from './stanza-value.ts';
import { readUtf8 } from './utf8.ts';

/** The codec for JSON. */
export const JSON_CODEC: TextCodec = {
  mediaType: 'application/json',
  heedsPath: true,
  // RFC 8259 §8.1 lets a reader ignore a byte order mark.
  decode: (body, hints) => stanzaOf(parseJson(readUtf8(body).replace(/^\ufeff/, '')), hints),
  encode(stanzas) {
    const values = stanzas.map(readStanzaJson);
    return JSON.stringify(values.length === 1 ? values[0] : { xmpp: values });
  },
};

/**
 * Reads any JSON text.
 *
 * @throws RestanzaError `body-malformed` naming the place of the first fault
 */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new RestanzaError('body-malformed', `the JSON is not valid ${placeOfSyntaxError(text)}`.trim());
  }
}

/** Where the first syntax error is, and what it is; empty when the second parser cannot say. */
function placeOfSyntaxError(text: string): string {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true });
  } catch {
    // The second parser is recursive, and JSON nested many thousand levels deep ends it.
    return '';
  }
  const [first] = errors;
  if (first === undefined) return '';
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return `at line ${before.length}, column ${column} (${explainJsonFault(first, text)})`;
}

/**
 * `application/json`: a stanza as the JSON object of the mapping.
 *
 * Decides what JSON is acceptable: UTF-8, RFC 8259, one object with at least one key. The place of a syntax error is found
 * by a second parser, and only then, because the built-in one does not always tell it.
 */
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { RestanzaError } from '../errors.ts';
import { readStanzaJson, writeStanzaJson } from '../mapping/envelope.ts';
import { isObject, type JsonObject } from '../mapping/json.ts';
import { makeStanza } from '../xmpp/stanza.ts';
import type { Codec } from './codec.ts';
import { explained } from './faults.ts';

/** The codec for JSON. */
export const JSON_CODEC: Codec = {
  mediaType: 'application/json',
  decode: body => explained(() => makeStanza(writeStanzaJson(parseObject(body)))),
  encode(stanzas) {
    const values = stanzas.map(readStanzaJson);
    return JSON.stringify(values.length === 1 ? values[0] : { xmpp: values });
  },
};

function parseObject(body: Uint8Array): JsonObject {
  const value = parseJson(decodeUtf8(body));
  if (!isObject(value)) throw new RestanzaError('body-malformed', 'the JSON must be one object, {…}');
  if (Object.keys(value).length === 0) throw new RestanzaError('body-malformed', 'the JSON object has no keys');
  return value;
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new RestanzaError('body-malformed', 'the body is not UTF-8');
  }
}

function parseJson(text: string): unknown {
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
  return `at line ${before.length}, column ${column} (${printParseErrorCode(first.error)})`;
}

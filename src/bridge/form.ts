/**
 * `application/x-www-form-urlencoded`: a stanza as the names and values of a form.
 *
 * Decides how a form is cut and decoded (WHATWG URL §5), that its names are the keys of the JSON object, and that an answer
 * has those keys which a form can hold: texts, numbers, and an empty value for true. A body without `=` is no form but a
 * text, which is what curl sends for `-d Hello`; where a path says what the stanza is, it is an error.
 */
import { RestanzaError } from '../errors.ts';
import { readStanzaJson } from '../mapping/envelope.ts';
import type { Json } from '../mapping/json.ts';
import type { TextCodec } from './codec.ts';
import { decodeLeniently } from './percent.ts';
import { stanzaOf } from './stanza-value.ts';
import { stanzaOfText } from './text.ts';
import { type Texts, valuesOf } from './text-values.ts';
import { readUtf8 } from './utf8.ts';

const decode = (part: string) => decodeLeniently(part, 'the body');

/** The codec for forms. */
export const FORM_CODEC: TextCodec = {
  mediaType: 'application/x-www-form-urlencoded',
  heedsPath: true,
  decode(body, hints) {
    const text = readUtf8(body);
    if (text.includes('=')) return stanzaOf(valuesOf(parsePairs(text, decode), hints.path), hints);
    // A + is a space only between names and values; in a text it is a +.
    if (hints.path === undefined) return stanzaOfText(decode(text), hints);
    if (text === '') return stanzaOf(undefined, hints);
    throw new RestanzaError('body-malformed', 'the form has no name=value; send text as Content-Type text/plain');
  },
  encode(stanzas) {
    const [only] = stanzas;
    if (only === undefined || stanzas.length > 1) return '';
    const pairs = Object.entries(readStanzaJson(only)).flatMap(([key, value]) => pairOf(key, value));
    return String(new URLSearchParams(pairs));
  },
};

/** A key as a pair of a form; none for a value that a form cannot hold. */
function pairOf(key: string, value: Json | undefined): readonly [string, string][] {
  if (value === true) return [[key, '']];
  return typeof value === 'string' || typeof value === 'number' ? [[key, String(value)]] : [];
}

/**
 * Cuts a form or a query string into names and values. A name without `=` has an empty value.
 *
 * @param decode what undoes the percent-encoding of one name or value
 */
export function parsePairs(text: string, decode: (part: string) => string): Texts {
  const parts = text.split('&').filter(part => part !== '');
  const pairs = parts.map(part => {
    const end = part.includes('=') ? part.indexOf('=') : part.length;
    const [name, value] = [part.slice(0, end), part.slice(end + 1)];
    return { name: decode(name.replaceAll('+', ' ')), value: decode(value.replaceAll('+', ' ')) };
  });
  const byName = Map.groupBy(pairs, ({ name }) => name);
  return new Map([...byName].map(([name, group]) => [name, group.map(({ value }) => value)]));
}

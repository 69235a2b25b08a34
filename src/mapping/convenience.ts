/**
 * Shorter ways to say something in JSON, and values that are shown twice.
 *
 * Decides them as rewritings of the JSON object, before it is written by a table or after it was read by one: `join` is
 * an empty `muc`, `oob_url` the address of `oob`, `fallback` that there are `fallbacks`, and a query of an archive is given
 * by its words instead of a form. Values of the wrong type are refused here, by the key that the client wrote.
 */

import { NS } from '../xmpp/ns.ts';
import type { Kind } from '../xmpp/stanza.ts';
import { isObject, isPresent, type Json, type JsonObject, type JsonSchema, own, wrongType } from './json.ts';
import { BOOLEAN, COUNT, STRING } from './scalar.ts';
import { fallbackAsFallbacks, fallbacksAsFallback } from './xep/fallback.ts';

/** The full name of a key, for messages. */
type Path = (key: string) => string;

/** Rewrites the JSON of one kind of stanza. */
type Rewrite = (json: JsonObject, at: Path) => JsonObject;

function without(json: JsonObject, ...keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}

/** XEP-0045 §7.2: `join: true` enters a room. */
function joinAsMuc(json: JsonObject, at: Path): JsonObject {
  const join = own(json, 'join');
  if (isPresent(join) && typeof join !== 'boolean') throw wrongType(at('join'), BOOLEAN.expected, join);
  return join === true && !isPresent(own(json, 'muc')) ? { ...json, muc: {} } : json;
}

/** XEP-0066 §3: an address alone. When `oob` has it already, it is the same element; another one is one more. */
function urlAsOob(json: JsonObject, at: Path): JsonObject {
  const given = own(json, 'oob_url');
  if (!isPresent(given)) return json;
  const url = STRING.print(given, at('oob_url'));
  const oob = own(json, 'oob');
  if (!isPresent(oob)) return { ...json, oob: { url } };
  if (isObject(oob) && own(oob, 'url') === url) return json;
  const extra = own(json, 'extra');
  const other = { name: 'x', xmlns: NS.oob, children: [{ name: 'url', xmlns: NS.oob, children: [url] }] };
  return { ...json, extra: [...(Array.isArray(extra) ? extra : []), other] };
}

function oobAsUrl(json: JsonObject): JsonObject {
  const oob = own(json, 'oob');
  const url = isObject(oob) ? own(oob, 'url') : undefined;
  return url === undefined ? json : { ...json, oob_url: url };
}

/** What XEP-0313 §4.1 lets one ask for, in the order in which mod_rest writes the fields. */
const QUERY_WORDS = ['with', 'start', 'end', 'before-id', 'after-id', 'ids'];
/** Which page, XEP-0059. */
const PAGE_WORDS = ['after', 'before', 'max'];

/** XEP-0313: the words of an archive query as its form and page. */
function queryAsForm(json: JsonObject, at: Path): JsonObject {
  const archive = own(json, 'archive');
  if (!isObject(archive) || isPresent(own(archive, 'form')) || own(json, 'type') === 'get') return json;
  const words = QUERY_WORDS.filter(word => isPresent(own(archive, word)));
  const pages = PAGE_WORDS.filter(word => isPresent(own(archive, word)));
  const fields = words.map(word => ({ var: word, values: valuesOf(word, own(archive, word), at(`archive.${word}`)) }));
  const formType = { var: 'FORM_TYPE', values: ['urn:xmpp:mam:2'] };
  return {
    ...json,
    archive: {
      ...without(archive, ...words, ...pages),
      ...(words.length > 0 && { form: { type: 'submit', fields: [formType, ...fields] } }),
      ...(pages.length > 0 && {
        page: Object.fromEntries(pages.map(word => [word, pageValue(word, own(archive, word), at(`archive.${word}`))])),
      }),
    },
  };
}

/** Several ids may be given as one string with commas. */
function valuesOf(word: string, value: Json | undefined, path: string): readonly string[] {
  if (word === 'ids' && typeof value === 'string') return value.split(',').filter(id => id !== '');
  if (word !== 'ids' || !Array.isArray(value)) return [STRING.print(value ?? null, path)];
  return value.map((id: Json, index) => STRING.print(id, `${path}[${index}]`));
}

/** A number may be given as text, as it comes from a query string. */
function pageValue(word: string, value: Json | undefined, path: string): Json {
  if (word !== 'max') return STRING.print(value ?? null, path);
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : (value ?? null);
  return Number(COUNT.print(number, path));
}

const BEFORE_WRITING: Readonly<Record<Kind, readonly Rewrite[]>> = {
  message: [urlAsOob, fallbackAsFallbacks],
  presence: [joinAsMuc, urlAsOob],
  iq: [queryAsForm],
};

const AFTER_READING: Readonly<Record<Kind, readonly ((json: JsonObject) => JsonObject)[]>> = {
  message: [oobAsUrl, fallbacksAsFallback],
  presence: [oobAsUrl],
  iq: [],
};

/** The keys that `showTwice` adds. */
export interface ShownTwice {
  readonly message: { readonly fallback?: boolean; readonly oob_url?: string };
  readonly presence: { readonly oob_url?: string };
  readonly iq: object;
}

/** A key that the rewritings know beside those of the tables. */
export interface Convenience {
  /** The RFC or XEP that defines what it stands for. */
  readonly spec: string;
  /** One sentence about the key. */
  readonly doc: string;
  /** What it is short for, in words. */
  readonly means: string;
  readonly schema: JsonSchema;
}

const OOB_URL: Convenience = {
  spec: 'XEP-0066 §3',
  doc: 'An address outside XMPP, alone.',
  means: '`oob.url`',
  schema: STRING.schema,
};

const ERROR_CODE: Convenience = {
  spec: 'XEP-0086 §3',
  doc: 'The number of an error from before RFC 3920, in a stanza of type error without `error`; only written.',
  means: 'an `error` with its condition, and the body as its text',
  schema: { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^\\d{1,3}$' }] },
};

/** The keys beside those of the tables. */
export const CONVENIENCES: Readonly<Record<Kind, Readonly<Record<string, Convenience>>>> = {
  message: {
    fallback: {
      spec: 'XEP-0428',
      doc: 'Whether parts of the message only stand in for something else.',
      means: 'some `fallbacks`',
      schema: BOOLEAN.schema,
    },
    oob_url: OOB_URL,
    error_code: ERROR_CODE,
  },
  presence: {
    join: {
      spec: 'XEP-0045 §7.2',
      doc: 'Enters a room; only written.',
      means: 'an empty `muc`',
      schema: BOOLEAN.schema,
    },
    oob_url: OOB_URL,
    error_code: ERROR_CODE,
  },
  iq: { error_code: ERROR_CODE },
};

const WORD_OR_WORDS: JsonSchema = { anyOf: [STRING.schema, { type: 'array', items: STRING.schema }] };
const NUMBER_OR_DIGITS: JsonSchema = { anyOf: [COUNT.schema, { type: 'string', pattern: '^\\d{1,15}$' }] };

/** The words of an archive query, inside `archive` of an iq; only written. */
export const ARCHIVE_WORDS: Readonly<Record<string, JsonSchema>> = Object.fromEntries([
  ...QUERY_WORDS.map((word): [string, JsonSchema] => [word, word === 'ids' ? WORD_OR_WORDS : STRING.schema]),
  ...PAGE_WORDS.map((word): [string, JsonSchema] => [word, word === 'max' ? NUMBER_OR_DIGITS : STRING.schema]),
]);

/**
 * Turns the shorter ways into those that the tables know.
 *
 * @param path the key whose value the JSON is; empty for a whole stanza
 * @throws MappingError when such a key has a value of the wrong type
 */
export function spellOut(json: JsonObject, kind: Kind, path = ''): JsonObject {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return BEFORE_WRITING[kind].reduce((rewritten, rewrite) => rewrite(rewritten, at), json);
}

/** Adds the values that are shown twice. */
export function showTwice(json: JsonObject, kind: Kind): JsonObject {
  return AFTER_READING[kind].reduce((rewritten, rewrite) => rewrite(rewritten), json);
}

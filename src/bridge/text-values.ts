/**
 * From the texts of a form or of a query string to the values that JSON keys have.
 *
 * Decides, by the schema of a key's row, which texts are read as a number, as true or false, or as a list: only where the
 * text says exactly that. Any other text stays as it is, so that the mapping says what is wrong with it. mod_rest takes all
 * of them for strings, which writes an empty element or nothing.
 */
import { ARCHIVE_WORDS, CONVENIENCES } from '../mapping/convenience.ts';
import { IQ } from '../mapping/iq.ts';
import type { Json, JsonObject, JsonSchema } from '../mapping/json.ts';
import { MESSAGE } from '../mapping/message.ts';
import { PRESENCE } from '../mapping/presence.ts';
import { BOOLEAN, integer, NUMBER_VALUE, STRING } from '../mapping/scalar.ts';
import type { Rows } from '../mapping/table.ts';
import type { PathHints } from './path.ts';

/** Names with their texts, in the order in which they came; a name may have come several times. */
export type Texts = ReadonlyMap<string, readonly string[]>;

/** What rows and conveniences have in common. */
interface Described {
  readonly schema: JsonSchema;
  readonly list?: true;
}

const TABLES: readonly Rows[] = [MESSAGE.rows, PRESENCE.rows, IQ.rows];
const QUERIES: Rows = IQ.rows;

/** The schemas of the keys of all kinds; what kind the stanza is may depend on the values. */
const KEYS: ReadonlyMap<string, JsonSchema> = new Map(
  [...TABLES, ...Object.values(CONVENIENCES)]
    .flatMap(rows => Object.entries<Described>(rows))
    .map(([key, described]) => [
      key,
      described.list === true ? { type: 'array', items: described.schema } : described.schema,
    ]),
);

const WHOLE = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** How a text is read as a value of a type; `undefined` when it is none. */
const READINGS: Readonly<Record<string, (text: string) => Json | undefined>> = {
  // An empty value is true, as a form shows it in an answer.
  boolean: text => (text === '' ? true : BOOLEAN.parse(text)),
  integer: WHOLE.parse,
  number: NUMBER_VALUE.parse,
};

/**
 * The names and texts of a form or a query string as a JSON object: the keys of a stanza, or, where the path names a query,
 * what stands under that key.
 */
export function valuesOf(texts: Texts, path: PathHints | undefined): JsonObject {
  const schemas = path?.query === undefined ? KEYS : fieldSchemas(path.query);
  return Object.fromEntries([...texts].map(([name, values]) => [name, readTexts(values, schemas.get(name))]));
}

function fieldSchemas(query: string): ReadonlyMap<string, JsonSchema> {
  const words = query === 'archive' ? ARCHIVE_WORDS : {};
  return new Map(Object.entries({ ...propertiesOf(querySchema(query)), ...words }));
}

/**
 * The types, in the words of JSON Schema, that the value of an iq's key may have.
 *
 * @returns nothing for a key that does not exist
 */
export function queryTypes(query: string): readonly string[] {
  return typesOf(querySchema(query));
}

function querySchema(query: string): JsonSchema | undefined {
  // The rows have no prototype, so a query named toString has no row.
  return QUERIES[query]?.schema;
}

/** The last text counts, as in mod_rest, unless all of them can make a list. */
function readTexts(texts: readonly string[], schema: JsonSchema | undefined): Json {
  const last = texts.at(-1) ?? '';
  const types = typesOf(schema);
  const isText = types.length === 0 || types.includes('string');
  if (isListOfText(schema) && (!isText || texts.length > 1)) return texts;
  return isText ? last : (readText(last, types) ?? last);
}

/** A row that takes true or something that no text can say takes true for its element alone, as in `version=true`. */
function readText(text: string, types: readonly string[]): Json | undefined {
  const [type = ''] = types;
  if (types.length === 1) return READINGS[type]?.(text);
  return types.includes('boolean') && (text === '' || text === 'true') ? true : undefined;
}

function alternativesOf(schema: JsonSchema = {}): readonly JsonSchema[] {
  return schema.anyOf ?? [schema];
}

function typesOf(schema: JsonSchema | undefined): readonly string[] {
  return alternativesOf(schema).flatMap(({ type, $ref, const: constant }) => {
    if (constant === true) return 'boolean';
    return $ref !== undefined && $ref === STRING.schema.$ref ? 'string' : (type ?? []);
  });
}

function isListOfText(schema: JsonSchema | undefined): boolean {
  return alternativesOf(schema).some(({ items }) => items !== undefined && typesOf(items).includes('string'));
}

function propertiesOf(schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> {
  return alternativesOf(schema).find(({ properties }) => properties !== undefined)?.properties ?? {};
}

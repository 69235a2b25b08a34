/**
 * The tables of keys in `docs/mapping.md`, made from the tables of the mapping.
 *
 * Decides what a reader sees of a key: its value as a short form of its schema, its XML as the table writes it for a value
 * that has everything, the specification and the sentence of its row. Long forms are cut.
 */
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import type { Kind } from '../xmpp/stanza.ts';
import { COMMON } from './common.ts';
import { ARCHIVE_WORDS, CONVENIENCES } from './convenience.ts';
import { TABLES } from './envelope.ts';
import { isObject, type Json, type JsonSchema } from './json.ts';
import type { Row } from './row.ts';
import type { Rows } from './table.ts';

/** Characters of a value or an XML form; what is longer is cut. */
const LONG = 240;

const REFERENCES: Readonly<Record<string, string>> = {
  '#/$defs/text': 'string',
  '#/$defs/element': 'element',
  '#/$defs/inner_message': 'message',
};

/**
 * A schema in a few words: `{id, by}`, `[string]`, `one of a, b`. In an object, a key without a type is a string.
 *
 * @param depth how many objects and arrays inside each other are shown
 */
function shortForm(schema: JsonSchema, depth: number): string {
  if (schema.$ref !== undefined) return REFERENCES[schema.$ref] ?? 'object';
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema.properties !== undefined) return objectForm(schema, depth);
  if (schema.items !== undefined) return depth === 0 ? '[…]' : `[${shortForm(schema.items, depth - 1)}]`;
  if (isObject(schema.additionalProperties)) return `{name: ${shortForm(schema.additionalProperties, depth)}, …}`;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(one => shortForm(one, depth)))].join(' or ');
  const types = [schema.type ?? 'any JSON'].flat().join(' or ');
  const bounded = schema.minimum !== undefined && schema.minimum < 0;
  return bounded ? `${types} from ${schema.minimum} to ${schema.maximum}` : types;
}

function objectForm({ properties = {} }: JsonSchema, depth: number): string {
  if (depth === 0) return '{…}';
  const keys = Object.entries(properties).map(([key, inner]) => {
    const form = shortForm(inner, depth - 1);
    return form === 'string' ? key : `${key}: ${form}`;
  });
  return `{${keys.join(', ')}}`;
}

/** The short form of a value with as much of its depth as fits; of a long one, the names of its keys. */
function valueForm(schema: JsonSchema): string {
  const forms = [4, 3, 2, 1].map(depth => shortForm(schema, depth));
  return forms.find(({ length }) => length <= LONG) ?? `{${Object.keys(schema.properties ?? {}).join(', ')}}`;
}

/** A value that has everything the schema knows, with dots for texts. */
function sample(schema: JsonSchema): Json {
  const { $ref, type, enum: names, properties, items, anyOf } = schema;
  if ($ref !== undefined) return $ref === '#/$defs/text' ? '…' : $ref === '#/$defs/element' ? { name: 'any' } : {};
  if (names !== undefined) return names[0] ?? null;
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, sample(inner)]));
  if (items !== undefined) return [sample(items)];
  if (anyOf !== undefined) return sample(anyOf.find(one => one.properties !== undefined) ?? anyOf[0] ?? {});
  return SAMPLES.get([type ?? 'any'].flat()[0] ?? 'any') ?? {};
}

const SAMPLES: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['string', '…'],
  ['boolean', true],
  ['integer', 0],
  ['number', 0],
]);

/** The XML of a key; of its elements alone where a value with everything cannot be written, or is long. */
function xmlForm(row: Row): string {
  const written = writeSample(row);
  if (written !== undefined && written.length <= LONG) return written;
  return row.elements
    .map(({ name, ns }) => `<${name}${ns === NS.client ? '' : ` xmlns='${ns}'`}>…</${name}>`)
    .join(' or ');
}

function writeSample(row: Row): string | undefined {
  const value = sample(row.schema);
  try {
    const element = value === null ? undefined : row.write(value, 'sample');
    return element === undefined ? undefined : write(element, { defaultNs: NS.client });
  } catch {
    return undefined;
  }
}

function code(text: string): string {
  return `\`${text}\``;
}

const HEAD = ['Key', 'Value', 'XML', 'Specification', 'Meaning'];

function table(rows: readonly (readonly string[])[]): string {
  return [HEAD, HEAD.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

function tableOf(rows: Rows): readonly (readonly string[])[] {
  return Object.entries(rows).map(([key, row]) => {
    const form = valueForm(row.schema);
    return [code(key), code(row.list === true ? `[${form}]` : form), code(xmlForm(row)), row.spec, row.doc];
  });
}

function tableBeside(kind: Kind): readonly (readonly string[])[] {
  return Object.entries(CONVENIENCES[kind]).map(([key, { schema, means, spec, doc }]) => {
    return [code(key), code(valueForm(schema)), means, spec, doc];
  });
}

function wordTable(): string {
  const rows = Object.entries(ARCHIVE_WORDS).map(([word, schema]) => {
    return [code(`archive.${word}`), code(valueForm(schema))];
  });
  return [['Key', 'Value'], ['---', '---'], ...rows].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

/** The rows of a kind that the other kinds do not have. */
function ownRows(kind: Kind): Rows {
  return Object.fromEntries(Object.entries(TABLES[kind].rows).filter(([key]) => !Object.hasOwn(COMMON, key)));
}

function tableOfKind(kind: Kind): string {
  return table([...tableOf(ownRows(kind)), ...tableBeside(kind)]);
}

/**
 * The tables of all keys, as Markdown: those of every kind of stanza, and those of each kind.
 *
 * @returns headings of level 3 with a table each
 */
export function keyTables(): string {
  const parts = [
    ['Keys of every stanza', table(tableOf(COMMON))],
    ['Keys of messages', tableOfKind('message')],
    ['Keys of presences', tableOfKind('presence')],
    ['Keys of iqs', tableOfKind('iq')],
    ['Words of an archive query, only written', wordTable()],
  ];
  return parts.map(([heading, content]) => `### ${heading}\n\n${content}`).join('\n');
}

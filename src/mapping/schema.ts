/**
 * The JSON of stanzas as a JSON Schema (2020-12), made from the tables.
 *
 * Decides how the rules of the envelope are said in a schema: which kind an object has, and that its keys are then those of
 * that kind. A schema cannot say everything: strings of XML, names and addresses are only strings in it. `null`, which
 * means no value wherever it stands, is not mentioned, so that types made of the schema stay simple.
 */
import { type Kind, TYPES } from '../xmpp/stanza.ts';
import { ARCHIVE_WORDS, CONVENIENCES } from './convenience.ts';
import { KIND_OF_KEY, KIND_OF_TYPE, TABLES } from './envelope.ts';
import { ELEMENT_SCHEMA, EXTRA_SCHEMA } from './extra.ts';
import type { JsonSchema } from './json.ts';
import type { Row } from './row.ts';
import { STRING } from './scalar.ts';

/** XML 1.0 §2.2: what text is made of; the `u` flag makes the surrogate range match lone ones only. */
const TEXT: JsonSchema = {
  type: 'string',
  description: 'Text without the characters that XML 1.0 does not allow.',
  pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff]*$',
};

type Properties = Readonly<Record<string, JsonSchema>>;

/** What a key is, with its specification. */
function described(doc: string, spec: string, schema: JsonSchema): JsonSchema {
  return { description: `${doc} (${spec})`, ...schema };
}

const ADDRESSES: Properties = {
  to: described('Whom it is for: an address.', 'RFC 6120 §8.1.1', STRING.schema),
  from: described('Who sends it: an address.', 'RFC 6120 §8.1.2', STRING.schema),
  id: described('What replies are matched by.', 'RFC 6120 §8.1.3', STRING.schema),
  lang: described('The language of its texts.', 'RFC 6120 §8.1.5', STRING.schema),
};

const TYPE_SPECS: Readonly<Record<Kind, string>> = {
  message: 'RFC 6121 §5.2.2',
  presence: 'RFC 6121 §4.7.1',
  iq: 'RFC 6120 §8.2.3',
};

/**
 * The keys of a stanza's attributes.
 *
 * @returns by key, in the order in which we write them
 */
export function attributeProperties(kind: Kind): Properties {
  const types = kind === 'presence' ? ['available', ...TYPES.presence] : TYPES[kind];
  return {
    kind: described('What sort of stanza it is.', 'RFC 6120 §8.2', { const: kind }),
    type: described(`The type of the ${kind}.`, TYPE_SPECS[kind], { type: 'string', enum: types }),
    ...ADDRESSES,
  };
}

/** The keys of a stanza's payload, those beside the table and `extra` included. */
export function payloadProperties(kind: Kind): Properties {
  const rows = Object.entries(TABLES[kind].rows).map(([key, row]): [string, JsonSchema] => [
    key,
    described(row.doc, row.spec, valueSchema(kind, key, row)),
  ]);
  const beside = Object.entries(CONVENIENCES[kind]).map(([key, { doc, spec, schema }]): [string, JsonSchema] => [
    key,
    described(doc, spec, schema),
  ]);
  const extra = { description: 'What no key shows, or not exactly.', ...EXTRA_SCHEMA };
  return { ...Object.fromEntries([...rows, ...beside]), extra };
}

function valueSchema(kind: Kind, key: string, { list, schema }: Row): JsonSchema {
  if (kind === 'iq' && key === 'archive') return { ...schema, properties: { ...schema.properties, ...ARCHIVE_WORDS } };
  return list === true ? { type: 'array', items: schema } : schema;
}

/** A rule by which an object has a kind; without a kind, it is no stanza. */
interface Rule {
  readonly when: JsonSchema;
  readonly kind: Kind | undefined;
}

const KINDS: readonly Kind[] = ['message', 'presence', 'iq'];

const hasValue = (key: string, value: JsonSchema): JsonSchema => ({ required: [key], properties: { [key]: value } });

const isSaid = (key: string): JsonSchema => hasValue(key, { not: { const: false } });

/** The keys that imply a kind, in their order, those of one kind that stand together as one. */
function runsOfKeys(): readonly { readonly keys: readonly string[]; readonly kind: Kind }[] {
  const runs: { keys: string[]; kind: Kind }[] = [];
  for (const [key, kind] of KIND_OF_KEY) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.keys.push(key);
    else runs.push({ keys: [key], kind });
  }
  return runs;
}

/** The rules in their order: the first that fits decides. */
function rules(): readonly Rule[] {
  const typesOf = (kind: Kind) => [...KIND_OF_TYPE].filter(([, its]) => its === kind).map(([type]) => type);
  return [
    ...KINDS.map(kind => ({ when: hasValue('kind', { const: kind }), kind })),
    { when: hasValue('kind', {}), kind: undefined },
    ...KINDS.map(kind => ({ when: hasValue('type', { enum: typesOf(kind) }), kind })),
    ...runsOfKeys().map(({ keys, kind }) => ({ when: { anyOf: keys.map(isSaid) }, kind })),
    { when: {}, kind: 'message' },
  ];
}

/** When an object is a stanza of a kind: a rule of the kind fits, and none before it. */
function isOfKind(kind: Kind): JsonSchema {
  const all = rules();
  const cases = all.flatMap((rule, index) => {
    if (rule.kind !== kind) return [];
    const others = all.slice(0, index).filter(earlier => earlier.kind !== kind);
    return [{ allOf: [rule.when, ...others.map(({ when }) => ({ not: when }))] }];
  });
  return { anyOf: cases };
}

/**
 * The schema of the JSON of a stanza.
 *
 * @returns a document that stands for itself: `$defs` has `message`, `presence`, `iq` and `element`
 */
export function stanzaSchema(): JsonSchema {
  const inner = { ...ADDRESSES, type: described('The type of the message.', TYPE_SPECS.message, STRING.schema) };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A stanza of XMPP as JSON',
    type: 'object',
    anyOf: KINDS.map(kind => ({ allOf: [isOfKind(kind), { $ref: `#/$defs/${kind}` }] })),
    $defs: {
      ...Object.fromEntries(KINDS.map(kind => [kind, stanzaOf(kind)])),
      inner_message: { type: 'object', properties: { ...inner, ...payloadProperties('message') } },
      element: ELEMENT_SCHEMA,
      text: TEXT,
    },
  };
}

function stanzaOf(kind: Kind): JsonSchema {
  return { type: 'object', properties: { ...attributeProperties(kind), ...payloadProperties(kind) } };
}

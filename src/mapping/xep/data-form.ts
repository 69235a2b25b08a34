/**
 * `dataform`: data forms (XEP-0004), and the shorter ways to write one.
 *
 * Decides how the value of a field reads by its type (an array for the multi types, joined lines for text-multi, else the
 * first value), and that fields stand beside each other with their options, which mod_rest gets wrong. What a form holds
 * beyond that (reported columns, media, layout) stands in `extra`.
 */
import { childElements, childNamed, type Element, element, textOf } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, type JsonSchema, own, wrongType } from '../json.ts';
import { attribute, child, childFlag, inners, object, type Place } from '../object.ts';
import { STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';

/** The values of a field, in the order of its `value` elements. */
export function valuesOf(field: Element): readonly string[] {
  return childElements(field)
    .filter(({ name, ns }) => name === 'value' && ns === field.ns)
    .map(textOf);
}

const valueElement = (text: string): Element => element('value', NS.dataForms, {}, [text]);

type ReadValues = (values: readonly string[]) => string | readonly string[] | undefined;

/** How the values of a field are one JSON value, by the type of the field; `undefined` is no type. */
const READ_BY_TYPE: ReadonlyMap<string | undefined, ReadValues> = new Map<string, ReadValues>([
  ['jid-multi', values => values],
  ['list-multi', values => values],
  ['text-multi', values => values.join('\n')],
]);

const VALUE_SCHEMA: JsonSchema = { anyOf: [STRING.schema, { type: 'array', items: STRING.schema }] };

/** The value of a field. It is written by the field's type too, which stands beside it. */
const value: Place<string | readonly string[]> = () => ({
  schema: VALUE_SCHEMA,
  read(field) {
    const values = valuesOf(field);
    const read = READ_BY_TYPE.get(field.attrs['type']);
    return read === undefined ? values[0] : read(values);
  },
  write: (given, path) => ({ children: textsOf(given, path).map(valueElement) }),
});

function textsOf(given: Exclude<Json, null>, path: string): readonly string[] {
  if (typeof given === 'string') return [STRING.print(given, path)];
  if (!Array.isArray(given)) throw wrongType(path, 'a string or an array of strings', given);
  return given.map((text: Json, index) => STRING.print(text, `${path}[${index}]`));
}

const OPTION_PLACES = { label: attribute(), value: child() };
const FIELD = object('field', NS.dataForms, {
  var: attribute(),
  type: attribute(),
  label: attribute(),
  desc: child(),
  required: childFlag(),
  value,
  options: inners('option', OPTION_PLACES),
});

const LISTS = ['list-single', 'list-multi'];

/** A field, with options only where its type has them, and with a text of several lines split into them. */
const FIELD_SHAPE: Shape<JsonObject> = {
  ...FIELD,
  read(found) {
    const { options, ...rest } = FIELD.read(found) ?? {};
    return LISTS.includes(found.attrs['type'] ?? '') ? { ...rest, options: options ?? [] } : rest;
  },
  write(given, path) {
    const text = isObject(given) ? own(given, 'value') : undefined;
    const lines =
      isObject(given) && own(given, 'type') === 'text-multi' && typeof text === 'string' ? text.split('\n') : undefined;
    return FIELD.write(lines === undefined ? given : { ...(given as JsonObject), value: lines }, path);
  },
};

const fields: Place<readonly JsonObject[]> = () => ({
  schema: { type: 'array', items: FIELD.schema },
  read: form =>
    childElements(form)
      .filter(({ name, ns }) => name === 'field' && ns === NS.dataForms)
      .map(field => FIELD_SHAPE.read(field) ?? {}),
  write(given, path) {
    if (!Array.isArray(given)) throw wrongType(path, 'an array', given);
    return { children: given.flatMap((field: Json, index) => writeField(field, `${path}[${index}]`)) };
  },
});

function writeField(field: Json, path: string): readonly Element[] {
  if (!isObject(field)) throw wrongType(path, 'an object', field);
  return [FIELD_SHAPE.write(field, path) ?? element('field', NS.dataForms)];
}

/** The shape of `dataform`. */
export const DATA_FORM = object('x', NS.dataForms, {
  type: attribute(),
  title: child(),
  instructions: child(),
  fields,
});

/**
 * Writes the values of a form: `{var: value}` with strings, booleans, numbers, or arrays of strings.
 *
 * @param type of the form; `submit` to send one in, `result` to show one
 */
export function writeFormData(
  given: Json,
  path: string,
  type: 'submit' | 'result',
  first: readonly Element[] = [],
): Element {
  if (!isObject(given)) throw wrongType(path, 'an object', given);
  const written = Object.entries(given).map(([name, inner]) => {
    const texts = isPresent(inner) ? dataTexts(inner, `${path}.${name}`) : [];
    return element('field', NS.dataForms, { var: STRING.print(name, path) }, texts.map(valueElement));
  });
  return element('x', NS.dataForms, { type }, [...first, ...written]);
}

/** The values of a form as `{var: value}`. */
export const FORM_DATA_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: {
    anyOf: [{ type: ['boolean', 'number', 'null'] }, STRING.schema, { type: 'array', items: STRING.schema }],
  },
};

function dataTexts(given: Exclude<Json, null>, path: string): readonly string[] {
  if (typeof given === 'boolean') return [given ? '1' : '0'];
  if (typeof given === 'number') return [String(given)];
  return textsOf(given, path);
}

/** How the values of a field read where a form is an object of its variables; a field without type is an array. */
const DATA_BY_TYPE: ReadonlyMap<string, (values: readonly string[]) => Json> = new Map<
  string,
  (values: readonly string[]) => Json
>([
  ['list-single', values => values],
  ['list-multi', values => values],
  ['jid-multi', values => values],
  ['text-multi', values => values.join('\n')],
  ['boolean', ([text]) => text === '1' || text === 'true'],
]);

/** Reads the values of a form as `{var: value}`; fields without a variable are left out. */
export function readFormData(form: Element): JsonObject {
  const entries = childElements(form).flatMap((field): [string, Json][] => {
    const { var: name, type } = field.attrs;
    if (field.name !== 'field' || name === undefined) return [];
    const values = valuesOf(field);
    if (type === undefined) return [[name, values]];
    const read = DATA_BY_TYPE.get(type);
    return [[name, read === undefined ? (values[0] ?? null) : read(values)]];
  });
  return Object.fromEntries(entries);
}

/** The shape of `formdata`, a form given by its values. It is never read: `dataform` shows the same element. */
export const FORM_DATA: Shape<JsonObject> = {
  elements: [],
  schema: FORM_DATA_SCHEMA,
  read: () => undefined,
  write: (given, path) => writeFormData(given, path, 'submit'),
};

/** The text of the field `FORM_TYPE`, XEP-0068. */
export function formTypeOf(form: Element): string | undefined {
  const field = childElements(form).find(found => found.name === 'field' && found.attrs['var'] === 'FORM_TYPE');
  const text = field === undefined ? undefined : childNamed(field, 'value');
  return text === undefined ? undefined : textOf(text);
}

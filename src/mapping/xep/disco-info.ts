/**
 * `disco`: service discovery information (XEP-0030 §3) with its extensions (XEP-0128).
 *
 * Decides that a query reads as its node or `true`, and a result as `{node, identities, features, extensions}`. Extension
 * forms are named by their FORM_TYPE and written as XEP-0128 asks: of type result, with a hidden FORM_TYPE first.
 */
import { childElements, type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, type JsonSchema, own, wrongType } from '../json.ts';
import { attribute, object } from '../object.ts';
import { BOOLEAN, STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';
import { FORM_DATA_SCHEMA, formTypeOf, readFormData, writeFormData } from './data-form.ts';
import { nodeOf } from './disco-items.ts';

const IDENTITY = object('identity', NS.discoInfo, { category: attribute(), type: attribute(), name: attribute() });

const SCHEMA: JsonSchema = {
  anyOf: [
    BOOLEAN.schema,
    STRING.schema,
    {
      type: 'object',
      properties: {
        node: STRING.schema,
        identities: { type: 'array', items: IDENTITY.schema },
        features: { type: 'array', items: STRING.schema },
        extensions: { type: 'object', additionalProperties: FORM_DATA_SCHEMA },
      },
    },
  ],
};

/** The shape of `disco`. */
export const DISCO_INFO: Shape<true | string | JsonObject> = {
  elements: [{ name: 'query', ns: NS.discoInfo }],
  schema: SCHEMA,
  read(found) {
    const { node } = found.attrs;
    return childElements(found).length === 0
      ? (node ?? true)
      : { ...(node !== undefined && { node }), ...readResult(found) };
  },
  write(value, path) {
    if (value === false) return undefined;
    if (value === true) return element('query', NS.discoInfo);
    if (typeof value === 'string') return element('query', NS.discoInfo, { node: STRING.print(value, path) });
    if (isObject(value)) return element('query', NS.discoInfo, { node: nodeOf(value, path) }, writeResult(value, path));
    throw wrongType(path, 'true, a node, or an object', value);
  },
};

function readResult(query: Element): JsonObject {
  const children = childElements(query);
  const identities = children.filter(({ name, attrs }) => name === 'identity' && attrs['category'] && attrs['type']);
  const features = children.flatMap(({ name, attrs }) =>
    name === 'feature' && attrs['var'] !== undefined ? [attrs['var']] : [],
  );
  const extensions = children.filter(({ ns }) => ns === NS.dataForms).flatMap(readExtension);
  return {
    identities: identities.map(identity => IDENTITY.read(identity) ?? {}),
    features,
    ...(extensions.length > 0 && { extensions: Object.fromEntries(extensions) }),
  };
}

function readExtension(form: Element): readonly [string, JsonObject][] {
  const formType = formTypeOf(form);
  if (formType === undefined) return [];
  const { FORM_TYPE: _, ...values } = readFormData(form);
  return [[formType, values]];
}

function writeResult(value: JsonObject, path: string): readonly Element[] {
  const identities = arrayOf(value, 'identities', path).flatMap((identity, index) => {
    if (!isObject(identity)) throw wrongType(`${path}.identities[${index}]`, 'an object', identity);
    return IDENTITY.write(identity, `${path}.identities[${index}]`) ?? [];
  });
  const features = arrayOf(value, 'features', path).map((feature, index) =>
    element('feature', NS.discoInfo, { var: STRING.print(feature, `${path}.features[${index}]`) }),
  );
  return [...identities, ...features, ...writeExtensions(own(value, 'extensions'), `${path}.extensions`)];
}

function arrayOf(value: JsonObject, key: string, path: string): readonly Json[] {
  const inner = own(value, key);
  if (!isPresent(inner)) return [];
  if (!Array.isArray(inner)) throw wrongType(`${path}.${key}`, 'an array', inner);
  return inner;
}

function writeExtensions(extensions: Json | undefined, path: string): readonly Element[] {
  if (!isPresent(extensions)) return [];
  if (!isObject(extensions)) throw wrongType(path, 'an object', extensions);
  return Object.entries(extensions).map(([formType, values]) => {
    const text = element('value', NS.dataForms, {}, [STRING.print(formType, path)]);
    const field = element('field', NS.dataForms, { var: 'FORM_TYPE', type: 'hidden' }, [text]);
    return writeFormData(values ?? null, `${path}.${formType}`, 'result', [field]);
  });
}

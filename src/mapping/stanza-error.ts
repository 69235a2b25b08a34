/**
 * The key `error`: a stanza error (RFC 6120 §8.3) as `{type, condition, text, by}`.
 *
 * Decides that only the defined condition, the text and the two attributes are shown, as in mod_rest. A condition without
 * a type gets the type that RFC 6120 §8.3.3 associates with it.
 */
import { childElements, childNamed, element, isName, textOf } from '../xml/element.ts';
import { isStanzaCondition, STANZA_CONDITIONS } from '../xmpp/conditions.ts';
import { NS } from '../xmpp/ns.ts';
import { isObject, isPresent, type JsonObject, MappingError, own, wrongType } from './json.ts';
import { STRING } from './scalar.ts';
import type { Shape } from './shape.ts';

/** The JSON of a stanza error. */
export interface StanzaErrorJson extends JsonObject {
  readonly type?: string;
  readonly condition?: string;
  readonly text?: string;
  readonly by?: string;
}

/** The shape of `error`. */
export const STANZA_ERROR: Shape<StanzaErrorJson> = {
  elements: [{ name: 'error', ns: NS.client }],
  schema: {
    type: 'object',
    properties: {
      type: STRING.schema,
      condition: { type: 'string', pattern: '^\\S+$' },
      text: STRING.schema,
      by: STRING.schema,
    },
    anyOf: [{ required: ['condition'] }, { maxProperties: 0 }],
  },
  read(found) {
    const { type, by } = found.attrs;
    const condition = childElements(found).find(child => child.ns === NS.stanzaErrors && child.name !== 'text');
    const text = childNamed(found, 'text', NS.stanzaErrors);
    return {
      ...(type !== undefined && { type }),
      condition: condition?.name ?? 'undefined-condition',
      ...(text !== undefined && { text: textOf(text) }),
      ...(by !== undefined && { by }),
    };
  },
  write(value, path) {
    if (!isObject(value)) throw wrongType(path, 'an object', value);
    // What mod_rest shows for a stanza of type error that has no error element.
    if (Object.keys(value).length === 0) return undefined;
    const condition = optional(value, 'condition', path);
    if (condition === undefined)
      throw new MappingError(`${path}.condition`, 'is missing; give a condition such as gone');
    if (!isName(condition))
      throw new MappingError(`${path}.condition`, 'must be a condition of RFC 6120, such as gone');
    const type =
      optional(value, 'type', path) ?? (isStanzaCondition(condition) ? STANZA_CONDITIONS[condition] : 'cancel');
    const text = optional(value, 'text', path);
    const children = [element(condition, NS.stanzaErrors)];
    if (text !== undefined) children.push(element('text', NS.stanzaErrors, {}, [text]));
    return element('error', NS.client, { type, by: optional(value, 'by', path) }, children);
  },
};

function optional(value: JsonObject, key: string, path: string): string | undefined {
  const inner = own(value, key);
  return isPresent(inner) ? STRING.print(inner, `${path}.${key}`) : undefined;
}

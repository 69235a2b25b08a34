/**
 * `command`: ad-hoc commands (XEP-0050).
 *
 * Decides that a string is the node of a command to execute, that the allowed actions read as an object with `true` for
 * each, and that a form can be given as `data`, its values alone.
 */
import { childElements, type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, own, wrongType } from '../json.ts';
import { attribute, content, inner, object, one, type Place } from '../object.ts';
import { BOOLEAN, STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';
import { DATA_FORM, FORM_DATA_SCHEMA, writeFormData } from './data-form.ts';

/** What a step allows; `execute` names the default. */
const ACTIONS: Shape<JsonObject> = {
  elements: [{ name: 'actions', ns: NS.commands }],
  schema: { type: 'object', properties: { execute: STRING.schema }, additionalProperties: BOOLEAN.schema },
  read(found) {
    const { execute } = found.attrs;
    const allowed = childElements(found).map(({ name }): [string, true] => [name, true]);
    return { ...(execute !== undefined && { execute }), ...Object.fromEntries(allowed) };
  },
  write(value, path) {
    if (!isObject(value)) throw wrongType(path, 'an object', value);
    const execute = own(value, 'execute');
    const allowed = ['prev', 'next', 'complete'].filter(name => own(value, name) === true);
    const attrs = { execute: isPresent(execute) ? STRING.print(execute, `${path}.execute`) : undefined };
    return element(
      'actions',
      NS.commands,
      attrs,
      allowed.map(name => element(name, NS.commands)),
    );
  },
};

/** The values of a form to submit; a form that is there reads as `form`. */
const data: Place<JsonObject> = () => ({
  schema: FORM_DATA_SCHEMA,
  read: () => undefined,
  write: (value, path) => ({ children: [writeFormData(value, path, 'submit')] }),
});

const STEP = object('command', NS.commands, {
  node: attribute(),
  action: attribute(),
  sessionid: attribute(),
  status: attribute(),
  actions: one(() => ACTIONS),
  note: inner({ type: attribute(), text: content() }),
  form: one(() => DATA_FORM),
  data,
});

/** The shape of `command`. */
export const COMMAND: Shape<JsonObject> = {
  ...STEP,
  schema: { anyOf: [STRING.schema, STEP.schema] },
  write(value, path): Element | undefined {
    if (typeof value === 'string') return element('command', NS.commands, { node: STRING.print(value, path) });
    if (!isObject(value)) throw wrongType(path, 'a node or an object', value as Json);
    return STEP.write(value, path);
  },
};

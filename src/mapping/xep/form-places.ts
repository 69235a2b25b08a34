/**
 * Places for elements that carry a data form whose kind the protocol fixes (XEP-0068).
 *
 * Decides that such a form reads as `form`, and can be given as `data`, its values alone, to which the FORM_TYPE is added.
 */
import { type Element, element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { isObject, isPresent, type Json, type JsonObject, own } from '../json.ts';
import { one, type Place } from '../object.ts';
import { DATA_FORM, writeFormData } from './data-form.ts';

/** The places of a form. Only one of the two is meant to be given. */
export type FormPlaces = {
  /** The whole form, XEP-0004. */
  readonly form: Place<NonNullable<ReturnType<typeof DATA_FORM.read>>>;
  /** `{var: value}`, to submit; never read. */
  readonly data: Place<JsonObject>;
};

/**
 * Makes the places of a form.
 *
 * @param formType the FORM_TYPE of what is submitted there
 */
export function formPlaces(formType: string): FormPlaces {
  return {
    form: one(() => DATA_FORM),
    data: () => ({
      schema: { type: 'object' },
      read: () => undefined,
      write: (value, path) => ({ children: [writeFormData(value, path, 'submit', formTypeField(formType, value))] }),
    }),
  };
}

/** The hidden field that names the kind of form, unless the values name one. */
function formTypeField(formType: string, values: Json): readonly Element[] {
  if (isObject(values) && isPresent(own(values, 'FORM_TYPE'))) return [];
  const value = element('value', NS.dataForms, {}, [formType]);
  return [element('field', NS.dataForms, { var: 'FORM_TYPE', type: 'hidden' }, [value])];
}

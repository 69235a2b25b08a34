/**
 * Forms that are given whole or by their values.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { object } from '../object.ts';
import { formPlaces } from './form-places.ts';

const CONFIGURE = object('configure', 'urn:x', formPlaces('urn:x:config'));

const field = (name: string, attrs: Readonly<Record<string, string>>, ...values: readonly string[]) =>
  element(
    'field',
    NS.dataForms,
    { var: name, ...attrs },
    values.map(text => element('value', NS.dataForms, {}, [text])),
  );
const configure = (...fields: readonly ReturnType<typeof field>[]) =>
  element('configure', 'urn:x', {}, [element('x', NS.dataForms, { type: 'submit' }, fields)]);

test('values get the type of the form', () => {
  assert.deepEqual(
    CONFIGURE.write({ data: { title: 'T', open: false, many: ['a', 'b'], max: 5 } }, 'configure'),
    configure(
      field('FORM_TYPE', { type: 'hidden' }, 'urn:x:config'),
      field('title', {}, 'T'),
      field('open', {}, '0'),
      field('many', {}, 'a', 'b'),
      field('max', {}, '5'),
    ),
  );
});

test('values that name a type of form keep it', () => {
  assert.deepEqual(
    CONFIGURE.write({ data: { FORM_TYPE: 'urn:y' } }, 'configure'),
    configure(field('FORM_TYPE', {}, 'urn:y')),
  );
});

test('values read as a form', () => {
  const written = CONFIGURE.write({ data: { title: 'T' } }, 'configure');
  assert.deepEqual(written === undefined ? undefined : CONFIGURE.read(written), {
    form: {
      type: 'submit',
      fields: [
        { var: 'FORM_TYPE', type: 'hidden', value: 'urn:x:config' },
        { var: 'title', value: 'T' },
      ],
    },
  });
});

test('values that are no object are refused', () => {
  assert.throws(() => CONFIGURE.write({ data: ['x'] }, 'configure'), {
    name: 'MappingError',
    message: "'configure.data' must be an object, not an array",
  });
});

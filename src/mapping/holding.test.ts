/**
 * Elements that only hold another one, both ways.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../xml/element.ts';
import { holding } from './holding.ts';
import { integer } from './scalar.ts';
import { flag, text } from './shape.ts';

const PREF = holding('pref', 'urn:x', text('integer', 'urn:x', integer(1, 100)));

test('the value of the inner element is the value', () => {
  const pref = element('pref', 'urn:x', {}, [element('integer', 'urn:x', {}, ['7'])]);
  assert.equal(PREF.read(pref), 7);
  assert.deepEqual(PREF.write(7, 'pref'), pref);
});

test('without the inner element there is no value', () => {
  assert.equal(PREF.read(element('pref', 'urn:x', {}, ['7'])), undefined);
  assert.equal(PREF.read(element('pref', 'urn:x', {}, [element('integer', 'urn:y', {}, ['7'])])), undefined);
});

test('a value that is no inner element leaves the outer one empty', () => {
  assert.deepEqual(holding('a', 'urn:x', flag('b', 'urn:x')).write(false, 'a'), element('a', 'urn:x'));
});

test('an error names the key', () => {
  assert.throws(() => PREF.write(0, 'tel.pref'), {
    name: 'MappingError',
    message: "'tel.pref' must be an integer from 1 to 100",
  });
});

/**
 * Elements that are shown as they are, inside the value of a key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../../xml/element.ts';
import type { Json } from '../json.ts';
import { object } from '../object.ts';
import { rawChild, rawChildren } from './raw-element.ts';

const ITEM = object('item', 'urn:x', { payload: rawChild(({ name }) => name === 'known'), extensions: rawChildren() });
const item = (...children: readonly ReturnType<typeof element>[]) => element('item', 'urn:x', {}, children);

test('the first child without a place of its own is shown', () => {
  const found = item(element('known', 'urn:x'), element('a', 'urn:y', { b: 'c' }, ['d']), element('e', 'urn:y'));
  assert.deepEqual(ITEM.read(found), { payload: { name: 'a', xmlns: 'urn:y', attrs: { b: 'c' }, children: ['d'] } });
});

test('an element may be given as XML', () => {
  const made = element('a', 'urn:y', {}, [element('b', 'urn:y')]);
  assert.deepEqual(ITEM.write({ payload: "<a xmlns='urn:y'><b/></a>" }, 'item'), item(made));
  const extensions = element('extensions', 'urn:x', {}, [made]);
  assert.deepEqual(ITEM.write({ extensions: ["<a xmlns='urn:y'><b/></a>"] }, 'item'), item(extensions));
});

const WRONG: readonly (readonly [value: Exclude<Json, null>, message: RegExp])[] = [
  [
    { payload: 5 },
    /^'item\.payload' must be an object \{name, xmlns, attrs, children\} or a string of XML, not a number$/,
  ],
  [{ payload: [] }, /^'item\.payload' must be an object .*, not an array$/],
  [{ payload: {} }, /^'item\.payload\.name' must be a string, not null$/],
  [{ payload: { name: 'a b' } }, /^'item\.payload' is not an element: 'a b' is not an element name$/],
  [{ payload: { name: 'a', attrs: { b: 5 } } }, /^'item\.payload\.attrs\.b' must be a string, not a number$/],
  [{ payload: { name: 'a', children: [{ name: 5 }] } }, /^'item\.payload\.children\[0\]\.name' must be a string/],
  [{ payload: '<a>' }, /^'item\.payload' is not XML: /],
  [{ extensions: {} }, /^'item\.extensions' must be an array, not an object$/],
  [{ extensions: [5] }, /^'item\.extensions\[0\]' must be an object /],
];

for (const [value, message] of WRONG) {
  test(`${JSON.stringify(value)} is refused`, () =>
    assert.throws(() => ITEM.write(value, 'item'), { name: 'MappingError', message }));
}

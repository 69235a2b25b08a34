/** RFC 8264, RFC 8265: the two classes, the two profiles, and that preparing twice changes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opaqueString, PreparationError, requireIdentifier, usernameCaseMapped } from './precis.ts';

function accepts(prepare: (text: string) => unknown, text: string): boolean {
  try {
    prepare(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof PreparationError, `not a PreparationError: ${error}`);
    return false;
  }
}

/** One code point of each row of RFC 8264 §8, and which class takes it. */
const DERIVED: readonly (readonly [row: string, character: string, identifier: boolean, freeform: boolean])[] = [
  ['exception, valid', '\u3007', true, true],
  ['exception, refused', '\u302E', false, false],
  ['unassigned', '\u0378', false, false],
  ['ASCII', '~', true, true],
  ['old Hangul', '\u1100', false, false],
  ['ignorable', '\u00AD', false, false],
  ['noncharacter', '\u{1FFFE}', false, false],
  ['control', '\u0007', false, false],
  ['compatibility', '\u2163', false, true],
  ['letter', 'ж', true, true],
  ['digit', '\u0967', true, true],
  ['mark', '\u0301', true, true],
  ['title case letter', '\u1F88', false, true],
  ['enclosing mark', '\u20DD', false, true],
  ['space', ' ', false, true],
  ['symbol', '\u2654', false, true],
  ['punctuation', '\u2014', false, true],
  ['private use', '\uE000', false, false],
  ['surrogate', '\uD800', false, false],
];

test('each row of the derived properties decides as RFC 8264 says', () => {
  for (const [row, character, identifier, freeform] of DERIVED) {
    assert.equal(accepts(requireIdentifier, character), identifier, `${row} as identifier`);
    assert.equal(accepts(opaqueString, character), freeform, `${row} as freeform`);
  }
});

test('a name is mapped to one form', () => {
  for (const spelling of ['René', 'rene\u0301', 'ＲＥＮÉ', 'RENE\u0301'])
    assert.equal(usernameCaseMapped(spelling), 'rené');
  assert.equal(usernameCaseMapped('ΣΑΣ'), 'σασ', 'no letter depends on its place');
  assert.equal(usernameCaseMapped('ﾊﾟ'), 'パ', 'halfwidth, then composed');
});

test('an opaque string keeps case and width, and has one kind of space', () => {
  assert.equal(opaqueString('Correct\u2003Horse \u00C5ＡΣ'), 'Correct Horse ÅＡΣ');
  assert.equal(opaqueString('e\u0301'), 'é');
  assert.equal(opaqueString('   '), '   ');
  assert.equal(opaqueString(''), '');
});

test('every character is prepared to a form that stays', () => {
  /** Ideographs and Hangul syllables are most of Unicode, and no mapping touches them. */
  const candidate = /[[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]--[\p{Unified_Ideograph}\p{Script=Hangul}\p{Script=Tangut}]]/v;
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    if (!candidate.test(character)) continue;
    for (const profile of [usernameCaseMapped, opaqueString]) {
      if (!accepts(profile, `a${character}`)) continue;
      const prepared = profile(`a${character}`);
      assert.equal(profile(prepared), prepared, `U+${code.toString(16)}`);
    }
  }
});

test('the Bidi rule holds for every label in which anything runs from right to left', () => {
  const obeying = ['אב', 'א1', 'א-ב', 'אב\u05B0', 'ا\u0661', 'ا\u06F1', 'ا.ب_ج', 'abc', '1', 'a.1', 'ñ'];
  const breaking = ['אa', 'aא', '1א', '-א', 'א-', 'אaב', 'ا1\u0661', '\u0661', '\u05B0א', 'אжא', '\u{1E900}a'];
  for (const name of obeying) assert.ok(accepts(usernameCaseMapped, name), name);
  for (const name of breaking) assert.ok(!accepts(usernameCaseMapped, name), name);
});

test('an invisible joiner stands only where it changes how a word is written', () => {
  const good = ['\u0915\u094D\u200C', '\u0915\u094D\u200D\u0937', 'ب\u200Cب', 'ب\u064B\u200C\u064Bا', 'ى\u200C\u0628'];
  const bad = [
    '\u200C',
    '\u200D',
    'a\u200Cb',
    'ا\u200Cب',
    'ب\u200C',
    'ب\u200Da',
    '\u0915\u200C',
    'ب\u200C\u200Cب',
    '\u0628\u200C\uA872',
  ];
  for (const text of good) assert.ok(accepts(opaqueString, text), JSON.stringify(text));
  for (const text of bad) assert.ok(!accepts(opaqueString, text), JSON.stringify(text));
});

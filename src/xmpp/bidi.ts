/**
 * Strings in which words run from right to left (the Bidi rule, RFC 5893 §2).
 *
 * Decides whether such a string is shown in one order only, so that nobody is led to read one name as another. The
 * classes are those of Unicode 17.0, as far as code points of the IdentifierClass have them, because JavaScript does not
 * know them. Which strings must obey is decided in `precis.ts`.
 */

/** The insides of character classes, named after the Bidi classes; what is in none of them is neutral. */
const ARABIC_NUMBER = '\\u0660-\\u0669\\u{10D30}-\\u{10D39}\\u{10D40}-\\u{10D49}';
const EUROPEAN_NUMBER = '0-9\\u06F0-\\u06F9';
const LEFT_TO_RIGHT_MARK = '\\u0CBF\\u0CC6\\u{11A07}\\u{11A08}\\u{11C3F}';
const NONSPACING_MARK = `[\\p{Mn}--[${LEFT_TO_RIGHT_MARK}]]`;
const RIGHT_TO_LEFT_BLOCKS = '\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFF\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}';
const RIGHT_TO_LEFT = `[[${RIGHT_TO_LEFT_BLOCKS}]--[\\p{Mn}${ARABIC_NUMBER}${EUROPEAN_NUMBER}]]`;
const NEUTRAL_LETTER = '\\u02B9\\u02BA\\u02C6-\\u02CF\\u02EC\\u2E2F\\uA67F\\uA717-\\uA71F\\uA788';
const LEFT_TO_RIGHT = [
  `[[\\p{L}\\p{Mc}\\p{Nd}${LEFT_TO_RIGHT_MARK}\\u0F0B\\u3007]`,
  `--[${RIGHT_TO_LEFT_BLOCKS}${ARABIC_NUMBER}${EUROPEAN_NUMBER}${NEUTRAL_LETTER}]]`,
].join('');

const ANY_RIGHT_TO_LEFT = new RegExp(`[${RIGHT_TO_LEFT}${ARABIC_NUMBER}]`, 'v');
/** RFC 5893 §2, rules 1 to 3. The set before the last number or letter holds that too, but nothing is tried twice. */
const RIGHT_TO_LEFT_FORM = new RegExp(
  `^${RIGHT_TO_LEFT}(?:[^${LEFT_TO_RIGHT}]*[${RIGHT_TO_LEFT}${ARABIC_NUMBER}${EUROPEAN_NUMBER}])?${NONSPACING_MARK}*$`,
  'v',
);
/** RFC 5893 §2, rule 4. */
const BOTH_NUMBERS = new RegExp(`^(?=.*[${ARABIC_NUMBER}]).*[${EUROPEAN_NUMBER}]`, 'sv');

/**
 * Whether a single label or a localpart obeys the Bidi rule; one without right-to-left characters always does.
 *
 * Rules 5 and 6 ask nothing more of the others: where anything runs from right to left, rule 1 decides.
 *
 * @param text of the IdentifierClass
 */
export function obeysBidiRule(text: string): boolean {
  return !ANY_RIGHT_TO_LEFT.test(text) || (RIGHT_TO_LEFT_FORM.test(text) && !BOTH_NUMBERS.test(text));
}

/**
 * Strings that name people and keep secrets, prepared so that they can be compared (PRECIS: RFC 8264, RFC 8265).
 *
 * Decides which code points the IdentifierClass and the FreeformClass take, by the derived properties of RFC 8264 §9, and
 * how the profiles UsernameCaseMapped and OpaqueString map a string. The Unicode version is the platform's. Which profile
 * goes with which part of an address, and how long it may be, is decided in `jid.ts`.
 */
import { obeysBidiRule } from './bidi.ts';
import { MISPLACED_JOINER } from './joiners.ts';

/** A string that its profile refuses. The message is the rest of a sentence about the string, without quoting it. */
export class PreparationError extends Error {
  override readonly name = 'PreparationError';
}

/** RFC 8264 §9.13, §9.9 and the refused half of §9.6: no class takes these, whatever their category is. */
const NEVER = [
  '\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}',
  '\\u1100-\\u11FF\\uA960-\\uA97C\\uD7B0-\\uD7C6\\uD7CB-\\uD7FB',
  '\\u0640\\u07FA\\u302E\\u302F\\u3031-\\u3035\\u303B',
].join('');

/** The rest of RFC 8264 §9.6 and the joiners of §9.8: taken, some only in a certain company, see `CONTEXT_RULES`. */
const ALWAYS = '\\u00B7\\u0375\\u05F3\\u05F4\\u06FD\\u06FE\\u0F0B\\u200C\\u200D\\u3007\\u30FB';

/** Matches a code point that the IdentifierClass refuses; its compatibility characters are found by `compatibility`. */
const NOT_IDENTIFIER = new RegExp(
  `[^\\x21-\\x7E${ALWAYS}[[\\p{Ll}\\p{Lu}\\p{Lo}\\p{Lm}\\p{Nd}\\p{Mn}\\p{Mc}]--[${NEVER}]]]`,
  'v',
);

/** Matches a code point that the FreeformClass refuses. */
const NOT_FREEFORM = new RegExp(`[^${ALWAYS}[[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}]--[${NEVER}]]]`, 'v');

/** Where a code point that needs company stands without it (RFC 5892 appendix A), and what to say then. */
const CONTEXT_RULES: readonly (readonly [misplaced: RegExp, reason: string])[] = [
  [MISPLACED_JOINER, 'holds an invisible joiner where it joins nothing'],
  [/(?<!l)\u00B7|\u00B7(?!l)/u, 'holds a middle dot (U+00B7) that does not stand between two l'],
  [/\u0375(?!\p{Script=Greek})/u, 'holds a Greek numeral sign (U+0375) before no Greek letter'],
  [/(?<!\p{Script=Hebrew})[\u05F3\u05F4]/u, 'holds a Hebrew punctuation mark (U+05F3, U+05F4) after no Hebrew letter'],
  [
    /^(?=.*\u30FB)[^\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]*$/su,
    'holds a Katakana middle dot (U+30FB) and no Japanese letter',
  ],
  [/^(?=.*[\u0660-\u0669]).*[\u06F0-\u06F9]/su, 'mixes Arabic-Indic digits with extended Arabic-Indic ones'],
];

/**
 * Prepares a name by UsernameCaseMapped (RFC 8265 §3.3): width, lower case, NFC, and the Bidi rule of RFC 5893.
 *
 * Letters are mapped to lower case one by one, as RFC 7622 §3.5 has it for the Greek sigma, wherever in the word they
 * stand. The rules for company are applied to the outcome, so that case decides nothing.
 *
 * @returns the name in the one form that equal names share
 * @throws PreparationError
 */
export function usernameCaseMapped(text: string): string {
  const normal = mapWidth(text);
  requireIdentifier(normal);
  const name = normal.replace(/\p{Changes_When_Lowercased}/gu, letter => letter.toLowerCase()).normalize('NFC');
  requireContext(name);
  if (!obeysBidiRule(name)) throw new PreparationError('mixes directions of writing (RFC 5893)');
  return name;
}

/**
 * Prepares a string by OpaqueString (RFC 8265 §4.2): every space becomes U+0020, the rest NFC; case stays.
 *
 * @returns the string in the one form that equal strings share
 * @throws PreparationError
 */
export function opaqueString(text: string): string {
  refuse(NOT_FREEFORM.exec(text)?.[0]);
  const opaque = text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  requireContext(opaque);
  return opaque;
}

/**
 * Maps fullwidth and halfwidth characters to the usual ones (RFC 8264 §5.2.1). Where NFKC maps on from there, as for Hangul
 * letters, no class for identifiers takes either outcome.
 */
export function mapWidth(text: string): string {
  return text.replace(/[\u3000\uFF01-\uFFEE]/g, character => character.normalize('NFKC'));
}

/**
 * Requires that every code point is of the IdentifierClass (RFC 8264 §4.2), wherever it stands.
 *
 * @throws PreparationError naming the first one that is not
 */
export function requireIdentifier(text: string): void {
  refuse(NOT_IDENTIFIER.exec(text)?.[0] ?? compatibility(text));
}

/**
 * Requires that the code points which need company have it (RFC 8264 §9.8, RFC 5892 appendix A).
 *
 * @throws PreparationError saying which has not
 */
export function requireContext(text: string): void {
  const broken = CONTEXT_RULES.find(([misplaced]) => misplaced.test(text));
  if (broken !== undefined) throw new PreparationError(broken[1]);
}

/** HasCompat of RFC 8264 §9.17: a character that is another spelling of others. */
function compatibility(text: string): string | undefined {
  if (text.normalize('NFKC') === text) return undefined;
  return Array.from(text).find(character => character.normalize('NFKC') !== character);
}

function refuse(character: string | undefined): void {
  if (character === undefined) return;
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  throw new PreparationError(`holds U+${code}, which is not allowed there`);
}

/**
 * What is wrong with a text that is no JSON, in plain words.
 *
 * Decides what is told for each fault that the second parser knows. Each is a row. The text itself is not quoted.
 */
import { type ParseError, printParseErrorCode } from 'jsonc-parser';

const NO_QUOTES = 'keys and texts stand in double quotes, and no other words than true, false and null without';
const STRING_END = 'a text ends on its line with a double quote; \\n is a line break in it';
const NO_COMMENTS = 'JSON has no comments';

/** By the names that the parser has for them. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['InvalidSymbol', NO_QUOTES],
  ['InvalidNumberFormat', 'this is no number'],
  ['PropertyNameExpected', 'a key in double quotes is missing'],
  ['ValueExpected', 'a value is missing'],
  ['ColonExpected', 'a colon is missing between key and value'],
  ['CommaExpected', 'a comma is missing'],
  ['CloseBraceExpected', 'a } is missing'],
  ['CloseBracketExpected', 'a ] is missing'],
  ['EndOfFileExpected', 'something stands behind the end'],
  ['InvalidCommentToken', NO_COMMENTS],
  ['UnexpectedEndOfComment', NO_COMMENTS],
  ['UnexpectedEndOfString', STRING_END],
  ['UnexpectedEndOfNumber', 'the number has no end'],
  ['InvalidUnicode', 'four hexadecimal digits follow \\u'],
  ['InvalidEscapeCharacter', 'a backslash stands only in \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u'],
  ['InvalidCharacter', 'a control character must be written as \\u and four digits'],
]);

/** What the parser missed where a comma is followed by nothing. */
const MISSED: readonly string[] = ['PropertyNameExpected', 'ValueExpected'];

/** Says what the first fault of a text is. */
export function explainJsonFault({ error, offset }: ParseError, text: string): string {
  const name = printParseErrorCode(error);
  if (text.trim() === '') return 'the body is empty';
  const isAfterComma = text.slice(0, offset).trimEnd().endsWith(',');
  if (MISSED.includes(name) && isAfterComma && /^[\]}]/.test(text.slice(offset))) return 'a comma too many';
  return REASONS.get(name) ?? name;
}

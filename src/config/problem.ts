/**
 * What is wrong with a configuration, and where.
 *
 * Decides how a fault is named: the place where it was written, the key, and the reason with what to do next. A reason
 * never holds the value, because the value may be a secret. All faults are collected, so that one run shows them all.
 */

/** Where a setting was written. Lines and columns start at 1. */
export type Source =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: 'environment'; readonly name: string };

/** One fault, or one warning. */
export interface Problem {
  readonly source: Source;
  /** The key with dots between its levels; empty where the file as a whole is meant. */
  readonly key: string;
  /** The fault and what to do about it, without the value. */
  readonly reason: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }
}

/** A fault on one line: `restanza.yaml:7:5: listen: expected …`. */
export function problemLine({ source, key, reason }: Problem): string {
  return [placeOf(source), key, reason].filter(part => part !== '').join(': ');
}

/** A place as one line of output names it; empty for a default. */
export function placeOf(source: Source): string {
  if (source.from === 'file') return `${printable(source.file)}:${source.line}:${source.column}`;
  return source.from === 'environment' ? source.name : '';
}

/** The key at a path, safe to print. */
export function keyOf(path: readonly string[]): string {
  return path.map(printable).join('.');
}

/** Characters that would end the line, drive the terminal or hide what stands there. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const LONGEST = 200;

/** Text from outside as it may be printed: on one line, without control characters, and not endless. */
export function printable(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut.replace(UNPRINTABLE, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

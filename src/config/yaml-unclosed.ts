/**
 * The quotes and brackets of a YAML file that nobody closes.
 *
 * Decides where each was opened: the parser only tells where it missed the other end, which is often that of the file.
 */
import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';

/** A quote or a bracket without its other end. */
export interface Unclosed {
  readonly what: 'quote' | 'bracket';
  /** Where it stands, as an offset into the text. */
  readonly start: number;
  /** Where its other end was missed. */
  readonly end: number;
}

/** How the two ends look. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['[', ']'],
  ['{', '}'],
]);

/**
 * Finds them in what the parser made of a text with faults.
 *
 * @returns the innermost first
 */
export function unclosedIn(contents: ParsedNode | null, text: string): Unclosed[] {
  const open = [contents];
  const found: Unclosed[] = [];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === null) continue;
    const unclosed = unclosedAt(node, text);
    if (unclosed !== undefined) found.push(unclosed);
    open.push(...below(node));
  }
  return found.toSorted((a, b) => b.start - a.start);
}

function unclosedAt({ range: [start, end] }: ParsedNode, text: string): Unclosed | undefined {
  const first = text.charAt(start);
  const last = ENDS.get(first);
  if (last === undefined || (end > start + 1 && text.charAt(end - 1) === last && text.charAt(end - 2) !== '\\')) {
    return undefined;
  }
  return { what: first === last ? 'quote' : 'bracket', start, end };
}

function below(node: ParsedNode): (ParsedNode | null)[] {
  if (isScalar(node)) return [];
  if (isSeq<ParsedNode | null>(node)) return node.items;
  if (!isMap<ParsedNode, ParsedNode | null>(node)) return [];
  return node.items.flatMap(({ key, value }) => [key, value]);
}

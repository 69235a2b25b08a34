/**
 * From the text of a configuration file to the settings in it, each with its place.
 *
 * Decides which YAML is understood: one document of YAML 1.2's core schema, without aliases and tags of one's own, so that
 * nothing in it can grow; and that a key must be known and stand once. What a value must look like is decided later,
 * because the environment may replace it.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { type Branch, newBranch, type Reading } from './branch.ts';
import { ConfigError, keyOf, type Problem, placeOf, printable, type Source } from './problem.ts';
import type { Row } from './row.ts';
import { type Place, type Refusal, SCHEMA, type Step, stepInto } from './schema.ts';
import { expectation, type Raw, type Scalar } from './values.ts';
import { type Unclosed, unclosedIn } from './yaml-unclosed.ts';

/** The parser's faults in our words, because its own quote the text. The rest is said by `FAULT`. */
const FAULTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: 'an alias needs a name; put a value that begins with * in quotes',
  BAD_DIRECTIVE: 'directives are not understood; remove the line',
  BAD_DQ_ESCAPE: 'there is no such escape; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'a value that begins with this character must stand in quotes',
  BLOCK_AS_IMPLICIT_KEY: "a value that holds ': ' must stand in quotes",
  MISSING_CHAR: 'a closing quote, a bracket, a comma or a colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line, with a colon after it',
  MULTIPLE_DOCS: "only one document is read; remove the line '---' and what follows",
  NON_STRING_KEY: 'a key must be a word',
  RESOURCE_EXHAUSTION: 'this is nested too deeply',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags are not understood; put a value that begins with ! in quotes',
  UNEXPECTED_TOKEN: 'this cannot stand here; a value that begins with a bracket must stand in quotes',
};
const FAULT = 'this is not valid YAML';
const ALIAS = 'aliases are not understood; write the value itself, in quotes if it begins with *';

/** Past the first faults of syntax, the others are mostly their consequences. */
const MOST_FAULTS = 10;

/** A node of the file, and where in the configuration it stands. */
interface Visit {
  readonly node: ParsedNode | null;
  readonly place: Place;
  readonly branch: Branch;
  readonly path: readonly string[];
}

/**
 * Reads the text of a configuration file.
 *
 * @param file its name, for the places
 * @throws ConfigError when it is not YAML, because then nothing else that one could say would be true
 */
export function readYaml(text: string, file: string): Reading {
  const lines = new LineCounter();
  // The walk finds keys that stand twice: the parser would compare each with all before it.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, stringKeys: true } as const;
  const document = parseDocument(text, { ...options, resolveKnownTags: false, logLevel: 'error' });
  const sourceAt = (offset: number): Source => {
    const { line, col } = lines.linePos(offset);
    return { from: 'file', file, line, column: col };
  };
  const faults = [...document.errors, ...document.warnings].slice(0, MOST_FAULTS);
  if (faults.length > 0) {
    const unclosed = unclosedIn(document.contents, text);
    const reasons = faults.map((fault, index) => explain(fault, openingOf(fault, faults.slice(0, index), unclosed)));
    throw new ConfigError(reasons.map(({ offset, reason }) => ({ source: sourceAt(offset), reason, key: '' })));
  }
  const root = newBranch(sourceAt(0));
  const walk = new Walk(sourceAt);
  walk.from({ node: document.contents, place: SCHEMA, branch: root, path: [] });
  return { root, problems: walk.problems };
}

/** What was opened and is missed where a fault is; of several, each is told by one fault. */
function openingOf(
  { pos: [offset] }: YAMLError,
  before: readonly YAMLError[],
  unclosed: readonly Unclosed[],
): Unclosed | undefined {
  const told = before.filter(({ pos }) => pos[0] === offset).length;
  return unclosed.filter(({ end }) => end === offset)[told];
}

/** Where to look for a fault, and what it is. */
function explain({ pos: [offset], code }: YAMLError, opening: Unclosed | undefined) {
  if (opening === undefined) return { offset, reason: FAULTS[code] ?? FAULT };
  return { offset: opening.start, reason: `the ${opening.what} that opens here is not closed` };
}

/** Goes through a document along the schema, without recursion, and keeps what is set in it. */
class Walk {
  readonly problems: Problem[] = [];
  readonly #sourceAt: (offset: number) => Source;
  readonly #open: Visit[] = [];

  constructor(sourceAt: (offset: number) => Source) {
    this.#sourceAt = sourceAt;
  }

  from(root: Visit): void {
    this.#open.push(root);
    for (let visit = this.#open.pop(); visit !== undefined; visit = this.#open.pop()) this.#visit(visit);
  }

  #visit(visit: Visit): void {
    const { node, place, branch, path } = visit;
    if (isAlias(node)) this.#refuse(branch, this.#sourceOf(node), path, ALIAS);
    else if (place.row !== undefined) this.#keepValue(visit, place.row);
    else if (isMap<ParsedNode, ParsedNode | null>(node)) for (const pair of node.items) this.#enter(pair, visit);
    else if (!isNothing(node)) this.#refuse(branch, this.#sourceOf(node), path, instead(node, place, path));
  }

  #keepValue({ node, branch, path }: Visit, row: Row): void {
    const alias = isSeq<ParsedNode>(node) ? node.items.find(item => isAlias(item)) : undefined;
    const raw = rawOf(node);
    if (node !== null) branch.source = this.#sourceOf(node);
    if (raw !== undefined) branch.raw = raw;
    else if (alias !== undefined) this.#refuse(branch, this.#sourceOf(alias), path, ALIAS);
    else this.#refuse(branch, branch.source, path, isMap(node) ? withoutKeys(row, path) : expectation(row));
  }

  #enter({ key, value }: Pair<ParsedNode, ParsedNode | null>, { place, branch, path }: Visit): void {
    const text = isScalar(key) ? String(key.value) : '';
    const source = this.#sourceOf(key);
    const step = this.#stepFrom(place, text, branch);
    if ('reason' in step) {
      this.#refuse(branch, source, [...path, text], step.reason);
      return;
    }
    const below = newBranch(source);
    branch.children.set(step.word, below);
    this.#open.push({ node: value, place: step.place, branch: below, path: [...path, step.word] });
  }

  #stepFrom(place: Place, text: string, branch: Branch): Step | Refusal {
    const step = stepInto(place, text);
    const before = 'word' in step ? branch.children.get(step.word) : undefined;
    return before === undefined ? step : { reason: `set already at ${placeOf(before.source)}; keep one of them` };
  }

  #refuse(branch: Branch, source: Source, path: readonly string[], reason: string): void {
    branch.faulty = true;
    this.problems.push({ source, key: keyOf(path), reason });
  }

  #sourceOf(node: ParsedNode): Source {
    return this.#sourceAt(node.range[0]);
  }
}

/** Nothing after the colon: a group with all its defaults. */
function isNothing(node: ParsedNode | null): node is null {
  return node === null || (isScalar(node) && node.value === null);
}

/** A scalar or a sequence of scalars as plain values; `undefined` for everything else. */
function rawOf(node: ParsedNode | null): Raw | undefined {
  if (!isSeq<ParsedNode | null>(node)) return scalarOf(node);
  const scalars: Scalar[] = [];
  for (const item of node.items) {
    const scalar = scalarOf(item);
    if (scalar === undefined) return undefined;
    scalars.push(scalar);
  }
  return scalars;
}

function scalarOf(node: ParsedNode | null): Scalar | undefined {
  const value: unknown = isScalar(node) ? node.value : node;
  return isPlain(value) ? value : undefined;
}

function isPlain(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** What to write where keys stand below a key that has a value. */
function withoutKeys({ form, example }: Row, path: readonly string[]): string {
  return `expected ${form.expected}, with no keys below it; write ${printable(path.at(-1) ?? '')}: ${example}`;
}

/** What to write where a value stands at a level that has keys. */
function instead(node: ParsedNode, place: Place, path: readonly string[]): string {
  const isUrl = isScalar(node) && place.words.has('url');
  return isUrl ? `write ${printable(path.at(-1) ?? '')}: { url: … }` : `expected ${contentsOf(place)} below it`;
}

function contentsOf({ named, words }: Place): string {
  return named === undefined ? `the keys ${[...words.keys()].join(', ')}` : `a ${named.placeholder}`;
}

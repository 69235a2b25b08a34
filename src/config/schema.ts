/**
 * The key table as a tree, for whoever goes through a file level by level.
 *
 * Decides nothing of its own: it is `KEYS` with the dots taken apart, how one goes down it, and the name of each key's
 * environment variable.
 */
import { JidError } from '../xmpp/jid.ts';
import { CHOICES, KEYS, OPTIONAL_GROUPS } from './keys.ts';
import { NAMES, NameError } from './names.ts';
import { nearest } from './nearest.ts';
import type { Row } from './row.ts';

/** A level of the configuration: a key with its row, or a group of keys, or a group of named things. */
export interface Place {
  readonly row: Row | undefined;
  /** Of these words exactly one must be set. */
  readonly choice: readonly string[];
  /** The level may be left out as a whole, and then has no value. */
  readonly optional: boolean;
  readonly words: ReadonlyMap<string, Place>;
  readonly named: Named | undefined;
}

/** A level whose keys are names that the operator chooses. */
export interface Named {
  readonly placeholder: string;
  /** Brings a name into canonical form; throws JidError and NameError. */
  readonly prepare: (text: string) => string;
  readonly place: Place;
}

const PREPARE: ReadonlyMap<string, Named['prepare']> = new Map(Object.entries(NAMES));
const CHOICE: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(CHOICES));
const OPTIONAL: ReadonlySet<string> = new Set(OPTIONAL_GROUPS);

/** The root of the tree. */
export const SCHEMA: Place = group(
  Object.entries(KEYS).map(([key, row]) => [key.split('.'), row]),
  [],
);

type Entry = readonly [path: readonly string[], row: Row];

/** Makes a level of the rows below it. Recursion goes as deep as the longest key of our table. */
function group(entries: readonly Entry[], path: readonly string[]): Place {
  const words = new Map<string, Place>();
  for (const [word, below] of Map.groupBy(entries, ([levels]) => levels[path.length] ?? '')) {
    const here = [...path, word];
    const row = below.find(([levels]) => levels.length === here.length)?.[1];
    words.set(word, row === undefined ? group(below, here) : leaf(row));
  }
  const choice = CHOICE.get(path.join('.')) ?? [];
  const optional = OPTIONAL.has(path.at(-1) ?? '');
  const named = namedOf(words);
  return { row: undefined, choice, optional, words: named === undefined ? words : new Map(), named };
}

function leaf(row: Row): Place {
  return { row, choice: [], optional: row.optional ?? false, words: new Map(), named: undefined };
}

/** A level whose only word is a placeholder is one of names. */
function namedOf(words: ReadonlyMap<string, Place>): Named | undefined {
  const [[word, place] = ['', undefined]] = words;
  const placeholder = /^<(.+)>$/.exec(word)?.[1];
  const prepare = placeholder === undefined ? undefined : PREPARE.get(placeholder);
  if (placeholder === undefined || prepare === undefined || place === undefined) return undefined;
  return { placeholder, prepare, place };
}

/** What the name of every variable of ours begins with. */
export const PREFIX = 'RESTANZA_';

/**
 * The environment variable of a key. Between its levels stands `_`, or `__` where one of them is a name, because a name
 * may hold `_` itself.
 *
 * @param path the levels of the key, with names or with their placeholders
 */
export function variableOf(path: readonly string[]): string {
  const words: string[] = [];
  let separator = '_';
  let place: Place | undefined = SCHEMA;
  for (const word of path) {
    const named: Named | undefined = place?.named;
    if (named !== undefined) separator = '__';
    words.push(named === undefined ? word.toUpperCase() : word);
    place = named?.place ?? place?.words.get(word);
  }
  return PREFIX + words.join(separator);
}

/** The level below another, with the word for it in canonical form. */
export interface Step {
  readonly word: string;
  readonly place: Place;
}

/** Why there is nothing to go on with. */
export interface Refusal {
  readonly reason: string;
}

/**
 * Goes from a level to the one that a word names there.
 *
 * @returns the level, or the reason why there is none
 */
export function stepInto(place: Place, text: string): Step | Refusal {
  if (place.named !== undefined) return stepByName(place.named, text);
  const below = place.words.get(text);
  return below === undefined ? { reason: unknownKey(text, place.words.keys()) } : { word: text, place: below };
}

function stepByName({ prepare, place }: Named, text: string): Step | Refusal {
  try {
    return { word: prepare(text), place };
  } catch (error) {
    if (error instanceof JidError || error instanceof NameError) return { reason: error.message };
    throw error;
  }
}

/** Words that stand for others at the root, where no misspelling explains them. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ...['port', 'address', 'bind'].map(word => [word, 'the HTTP API listens at listen: 127.0.0.1:5280'] as const),
  ...['component', 'embedded', 'virtualhost'].map(
    kind => [kind, `write hosts: { your.domain: { ${kind}: … } }`] as const,
  ),
]);

/** What helps with a word at the root: a hint of the table, or where domains stand. */
function hintAtRoot(text: string, words: readonly string[]): string | undefined {
  const [label = '', ...more] = text.split('.');
  const isDomain = text === 'localhost' || (more.length > 0 && label !== '' && !words.includes(label));
  return MEANT.get(text) ?? (isDomain ? 'domains stand below hosts' : undefined);
}

function unknownKey(text: string, known: Iterable<string>): string {
  const words = [...known];
  const hint = words.includes('hosts') ? hintAtRoot(text, words) : undefined;
  if (hint !== undefined) return `unknown key; ${hint}`;
  const meant = nearest(text, words);
  return meant === undefined ? `unknown key; known here: ${words.join(', ')}` : `unknown key; did you mean '${meant}'?`;
}

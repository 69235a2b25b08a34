/**
 * From CBOR to the JSON value that it stands for (RFC 8949 §6.1).
 *
 * Decides what has such a value: maps with text keys, arrays, texts, numbers that JSON can hold exactly, true, false and
 * null, in any valid encoding. Byte strings and `undefined` have none; of the tags only those are taken which leave the
 * value what it is. The package reads the tokens, and this file builds of them, because the package's own way of building
 * is recursive, replaces bytes that are not UTF-8, and takes a break where a value must be.
 */
import { type Token, Tokenizer } from 'cborg';
import { RestanzaError } from '../errors.ts';
import { type Json, MAX_NESTING } from '../mapping/json.ts';
import { readUtf8 } from './utf8.ts';

const OPTIONS = {
  allowUndefined: false,
  allowBigInt: false,
  allowNaN: false,
  allowInfinity: false,
  retainStringBytes: true,
};

/** Tags after which the value is what it would be without: a time as text, a URI, and the mark of CBOR itself. */
const TRANSPARENT_TAGS: readonly unknown[] = [0, 32, 55_799];

/** An array, or a map as the list of its keys and values in turn, while its items come. */
interface Container {
  readonly isMap: boolean;
  readonly items: Json[];
  /** Items to come; `Infinity` when a break ends them. */
  left: number;
}

/**
 * Reads one value.
 *
 * @throws RestanzaError `body-malformed` when the bytes are not one such value and nothing else
 */
export function readCbor(bytes: Uint8Array): Json {
  const tokens = new Tokenizer(bytes, OPTIONS);
  const root: Container = { isMap: false, items: [], left: 1 };
  const open = [root];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.left === 0) close(open, top);
    else take(nextToken(tokens), top, open);
  }
  if (!tokens.done()) throw invalid(`it goes on after its end, at byte ${tokens.pos()}`);
  return root.items[0] ?? null;
}

function take(token: Token, top: Container, open: Container[]): void {
  const effect = EFFECTS[token.type.name];
  if (effect === undefined) {
    throw invalid(`JSON cannot say ${token.type.name}; send a text, in base64 where the key wants that`);
  }
  effect(token, top, open);
}

/** Ends a container: it becomes an item of the one around it. */
function close(open: Container[], { isMap, items }: Container): void {
  open.pop();
  const around = open.at(-1);
  if (around !== undefined) add(around, isMap ? objectOf(items) : items);
}

function add(container: Container, item: Json): void {
  container.items.push(item);
  container.left -= 1;
}

/** The next token that is no tag. */
function nextToken(tokens: Tokenizer): Token {
  for (let tagged = false; ; tagged = true) {
    if (tokens.done()) throw invalid('it ends too early');
    const token = read(tokens);
    if (token.type.name === 'break' && tagged) throw invalid('a tag has no value');
    if (token.type.name !== 'tag') return token;
    if (!TRANSPARENT_TAGS.includes(token.value)) throw invalid('it has a tag that JSON cannot say; leave the tag out');
  }
}

/** The package throws plain errors, all of them for what is in the bytes. */
function read(tokens: Tokenizer): Token {
  try {
    return tokens.next();
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace('CBOR decode error: ', '') : '';
    throw invalid(`at byte ${tokens.pos()}, ${reason}`);
  }
}

/** What a token does to the containers that are open, the last of which is `top`. */
type Effect = (token: Token, top: Container, open: Container[]) => void;

const addValue: Effect = ({ value }, top) => add(top, value);

/** By the names of the token types that have a place in JSON. */
const EFFECTS: Readonly<Record<string, Effect>> = {
  uint: addValue,
  negint: addValue,
  float: addValue,
  true: addValue,
  false: addValue,
  null: addValue,
  // The package has no bytes for the empty text.
  string: ({ byteValue = new Uint8Array() }, top) => add(top, readUtf8(byteValue, 'a text in the CBOR')),
  array: ({ value }, _top, open) => start({ isMap: false, items: [], left: value }, open),
  map: ({ value }, _top, open) => start({ isMap: true, items: [], left: value * 2 }, open),
  break: (_token, top) => end(top),
};

function start(container: Container, open: Container[]): void {
  if (open.length > MAX_NESTING) throw invalid(`arrays and maps nest deeper than ${MAX_NESTING}`);
  open.push(container);
}

/** A break ends what was begun without a length, but not between a key and its value. */
function end(container: Container): void {
  if (container.left !== Number.POSITIVE_INFINITY) throw invalid('a break ends nothing');
  if (container.isMap && container.items.length % 2 === 1) throw invalid('a key has no value');
  container.left = 0;
}

function objectOf(items: readonly Json[]): Json {
  const entries = new Map<string, Json>();
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index];
    if (typeof key !== 'string') throw invalid('a map has a key that is not a text');
    if (entries.has(key)) throw invalid('a map has the same key twice');
    entries.set(key, items[index + 1] ?? null);
  }
  return Object.fromEntries(entries);
}

function invalid(reason: string): RestanzaError {
  return new RestanzaError('body-malformed', `the CBOR is not valid: ${reason}`);
}

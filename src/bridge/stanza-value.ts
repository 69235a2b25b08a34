/**
 * From a JSON value, whatever media type it came in, and the path of the request to a stanza.
 *
 * Decides that the path wins over the body, that a query of an iq has the value as its own, and how deep values may nest:
 * everything behind this point may be recursive.
 */
import { RestanzaError } from '../errors.ts';
import { ignoredKeys, writeStanzaJson } from '../mapping/envelope.ts';
import { isObject, isPresent, isTooDeep, type Json, type JsonObject, MAX_NESTING } from '../mapping/json.ts';
import { makeStanza, type Stanza } from '../xmpp/stanza.ts';
import type { DecodeHints } from './codec.ts';
import { explained } from './faults.ts';
import type { PathHints, QueryPath } from './path.ts';
import { queryTypes } from './text-values.ts';

/**
 * Makes a stanza of a JSON value.
 *
 * @param value the body; `undefined` when there is none, which only a path can make up for
 * @throws RestanzaError `body-malformed`, `value-invalid`, `stanza-type-invalid`, `to-invalid` or `from-invalid`
 */
export function stanzaOf(value: Json | undefined, { path, onIgnored }: Omit<DecodeHints, 'limit'>): Stanza {
  return explained(() => {
    requireShallow(value);
    const json = placed(value, path);
    const stanza = makeStanza(writeStanzaJson(json));
    const ignored = onIgnored === undefined ? [] : ignoredKeys(json, stanza.kind);
    if (ignored.length > 0) onIgnored?.(ignored);
    return stanza;
  });
}

function requireShallow(value: Json | undefined): void {
  if (!isTooDeep(value, MAX_NESTING)) return;
  throw new RestanzaError('body-malformed', `objects and arrays nest deeper than ${MAX_NESTING}`);
}

function placed(value: Json | undefined, path: PathHints | undefined): JsonObject {
  if (path === undefined) return stated(value);
  if (path.query !== undefined) return asked(path, value);
  const { kind, type, to } = path;
  return { ...(value !== undefined && objectOf(value)), kind, type, ...(to !== undefined && { to }) };
}

/** A stanza that only the body describes. */
function stated(value: Json | undefined): JsonObject {
  const json = objectOf(value);
  if (Object.keys(json).length === 0) throw new RestanzaError('body-malformed', 'the object has no keys');
  return json;
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new RestanzaError('body-malformed', 'the body must be one object, {…}');
  return value;
}

/** An iq of which the path names the one key. A key such as `to` or `kind` is none of a payload; the path wins there too. */
function asked({ kind, query, to }: QueryPath, value: Json | undefined): JsonObject {
  return { [query]: questionOf(query, value), kind, ...(to !== undefined && { to }) };
}

/** The value of a query's key. A flag is always true; where nothing is said it is what asks: an empty object, else true. */
function questionOf(query: string, value: Json | undefined): Json {
  const types = queryTypes(query);
  const mayBe = (type: string) => types.includes(type);
  if (types.length === 1 && mayBe('boolean')) return true;
  const says = isPresent(value) && !(isObject(value) && Object.keys(value).length === 0);
  if (says) return value;
  return mayBe('boolean') && !mayBe('object') ? true : {};
}

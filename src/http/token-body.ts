/**
 * Tokens as JSON.
 *
 * Decides the names and the forms of what a client says of a token that it wants, and of what it is told of one. Times are
 * RFC 3339, in UTC; what a token does not have is `null`.
 */
import type { Term, WrittenTerms } from '../auth/token-terms.ts';
import type { TokenRecord } from '../auth/tokens.ts';
import { parseJson } from '../bridge/json.ts';
import { readUtf8 } from '../bridge/utf8.ts';
import { RestanzaError } from '../errors.ts';
import type { Json, JsonObject } from '../mapping/json.ts';

const TERMS = ['jid', 'scopes', 'expires', 'rate', 'networks', 'label'] as const satisfies readonly Term[];

/**
 * Reads a body that asks for a token. What the words mean is not looked at.
 *
 * @throws RestanzaError `body-malformed`, `value-invalid`
 */
export function readWrittenTerms(body: Uint8Array): WrittenTerms {
  const value = parseJson(readUtf8(body));
  if (!isObject(value)) throw new RestanzaError('value-invalid', 'the body must be a JSON object');
  const strange = Object.keys(value).find(key => !TERMS.some(term => term === key));
  if (strange !== undefined) {
    throw new RestanzaError('value-invalid', `there is a key that is none of ${TERMS.join(', ')}`);
  }
  return {
    jid: required(value, 'jid', textIn),
    scopes: required(value, 'scopes', textsIn),
    expires: textIn(value, 'expires'),
    rate: numberIn(value, 'rate'),
    networks: textsIn(value, 'networks'),
    label: textIn(value, 'label'),
  };
}

/** A token as its manager sees it. */
export function tokenBody(record: TokenRecord): JsonObject {
  const { id, pattern, scopes, networks, label, rate, creator, created, expires, used, revoked } = record;
  return {
    id,
    jid: pattern,
    scopes: [...scopes],
    label: label ?? null,
    rate: rate ?? null,
    networks,
    creator: creator ?? null,
    created: momentOf(created),
    expires: momentOf(expires),
    used: momentOf(used),
    revoked: momentOf(revoked),
  };
}

function momentOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required<T>(object: JsonObject, key: Term, read: (object: JsonObject, key: Term) => T | undefined): T {
  const value = read(object, key);
  if (value === undefined) throw new RestanzaError('value-invalid', `'${key}' is missing`);
  return value;
}

function textIn(object: JsonObject, key: Term): string | undefined {
  const value = object[key] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw wrongType(key, 'a string');
  return value;
}

function numberIn(object: JsonObject, key: Term): number | undefined {
  const value = object[key] ?? undefined;
  if (value !== undefined && typeof value !== 'number') throw wrongType(key, 'a number');
  return value;
}

function textsIn(object: JsonObject, key: Term): readonly string[] | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string'))
    throw wrongType(key, 'an array of strings');
  return value;
}

function wrongType(key: Term, expected: string): RestanzaError {
  return new RestanzaError('value-invalid', `'${key}' must be ${expected}`);
}

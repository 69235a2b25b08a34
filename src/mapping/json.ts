/**
 * JSON values as the mapping sees them, and the error that says which of them is wrong.
 *
 * Decides how a value's place is named (`error.condition`, `version.name`) and how its type is called in a message.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object; the keys may be anything, `__proto__` included. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** A JSON Schema (2020-12) of the kind that we generate. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: Json;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** A JSON value is not what its key needs. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
  /** The key, with the keys around it: `error.condition`. */
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`'${path}' ${reason}`);
    this.path = path;
  }
}

/**
 * The error for a value of the wrong type.
 *
 * @param expected what the key takes, with its article: `a string`
 */
export function wrongType(path: string, expected: string, found: Json): MappingError {
  return new MappingError(path, `must be ${expected}, not ${typeName(found)}`);
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether a value is an object: neither an array nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a key has a value; `null` says the same as leaving the key out. */
export function isPresent(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

/** The value of a key, never one that an object inherits. */
export function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Arrays and objects that a JSON value may hold inside each other. Deeper ones end readers and writers that call themselves.
 * An element in `extra` takes two of them, and 128 elements may nest.
 */
export const MAX_NESTING = 512;

/** Whether a value nests deeper than `limit`. Iterative: it came from outside. */
export function isTooDeep(value: unknown, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let nesting = 1; level.length > 0; nesting += 1) {
    if (nesting > limit) return true;
    level = level.flatMap(inner => Object.values(inner).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

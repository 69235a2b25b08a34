/**
 * The attributes of a stanza as JSON keys.
 *
 * Decides that a presence without type says `available`, and that each of these keys is a string or absent. Addresses are
 * only checked for being strings; `makeStanza` prepares those of a stanza that is sent.
 */
import type { Attributes } from '../xml/element.ts';
import { isPresent, type JsonObject, own } from './json.ts';
import { STRING } from './scalar.ts';

/** The keys that stand for attributes. */
export interface AttributesJson {
  readonly type?: string;
  readonly to?: string;
  readonly from?: string;
  readonly id?: string;
  readonly lang?: string;
}

/** Reads the attributes of a stanza's element. */
export function readAttributes({ type, to, from, id, 'xml:lang': lang }: Attributes): AttributesJson {
  return {
    ...(type !== undefined && { type }),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(id !== undefined && { id }),
    ...(lang !== undefined && { lang }),
  };
}

/**
 * The string under a key.
 *
 * @param path the key with those around it, for messages
 * @throws MappingError when it is something else
 */
export function stringAt(json: JsonObject, key: string, path: string = key): string | undefined {
  const value = own(json, key);
  return isPresent(value) ? STRING.print(value, path) : undefined;
}

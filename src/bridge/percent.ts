/**
 * Percent-encoding (RFC 3986 §2.1), decoded exactly once.
 *
 * Decides that an escape which is none is an error in a URL, and stands for itself in a form: mod_rest, browsers and people
 * with curl write `100%` there. Bytes that are not UTF-8 are an error in both.
 */
import { RestanzaError } from '../errors.ts';

const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/**
 * Decodes a part of a URL.
 *
 * @param place what it is part of, for the message: `the path`
 * @throws RestanzaError `body-malformed` for a bad escape, and for bytes that are not UTF-8
 */
export function decodeStrictly(part: string, place: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    const needed = "write '%' as %25, and other characters as the bytes of their UTF-8";
    throw new RestanzaError('body-malformed', `${place} has a percent-encoding that cannot be read; ${needed}`);
  }
}

/**
 * Decodes a part of a form; a `%` without two hexadecimal digits is a `%`.
 *
 * @throws RestanzaError `body-malformed` for bytes that are not UTF-8
 */
export function decodeLeniently(part: string, place: string): string {
  return part.replace(ESCAPES, run => decodeStrictly(run, place));
}

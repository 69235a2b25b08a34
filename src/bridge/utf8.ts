/**
 * From the bytes of a body to text: UTF-8, or an error for the client.
 *
 * Decides that nothing is replaced and nothing is left out. What a byte order mark means is left to the format.
 */
import { RestanzaError } from '../errors.ts';

// ignoreBOM keeps the mark.
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8 (RFC 3629), nothing left out and nothing replaced.
 *
 * @param place what the bytes are, for the message: `the body`
 * @throws RestanzaError `body-malformed`
 */
export function readUtf8(bytes: Uint8Array, place = 'the body'): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    throw new RestanzaError('body-malformed', `${place} is not UTF-8`);
  }
}

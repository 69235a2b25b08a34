/**
 * Bodies in a content coding, such as gzip (RFC 9110 §8.4).
 *
 * Decides that none is understood. It is only said of a body that cannot be read as it is, for mod_rest does not look at the
 * field, and takes what its clients send beside it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { RestanzaError } from '../errors.ts';

/** Characters of the name of a coding that are repeated. */
const QUOTED = 32;

/**
 * Reads a body.
 *
 * @param read what reads it
 * @throws RestanzaError `media-type-unsupported` for a body that cannot be read and has a coding; else what `read` throws
 */
export function readCoded<Result>(headers: IncomingHttpHeaders, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
    const isCoded = coding !== '' && coding !== 'identity';
    if (!(isCoded && error instanceof RestanzaError && error.code === 'body-malformed')) throw error;
    const name = coding.replace(/[^a-z0-9, -]/g, '').slice(0, QUOTED);
    const detail = `Content-Encoding ${name} is not understood; send the body as it is`;
    throw new RestanzaError('media-type-unsupported', detail, { cause: error });
  }
}

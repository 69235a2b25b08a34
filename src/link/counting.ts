/**
 * When a server that counts (XEP-0198) is asked for its count, beside the probes.
 *
 * Decides it for servers that read their clients slowly: as packaged, Prosody reads 10,000 bytes a second, and ejabberd
 * 3,000. A count is asked for so often that each comes long before a stream is taken for dead, and a large stanza is given
 * the time that it takes.
 */
import { PROBE_AFTER } from './pulse.ts';

/** Bytes after which the next count is asked for. */
const EVERY = 8_192;
/** Bytes that even a slow server reads between two repeats of a probe: a thousand a second. */
const SLOWEST = PROBE_AFTER.probing;

/** The bytes of one session. */
export class Counting {
  #bytes = 0;

  /** Adds a stanza that goes out; returns whether a count is to be asked for behind it. */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes < EVERY) return false;
    this.#bytes = 0;
    return true;
  }
}

/**
 * How many repeats more than usual are due until a stream is dead.
 *
 * @param bytes of the first stanza that is not counted: the next count can come when it has been read
 */
export function repeatsFor(bytes: number): number {
  return Math.floor(bytes / SLOWEST);
}

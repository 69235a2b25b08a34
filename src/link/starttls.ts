/**
 * The last bytes in the clear (RFC 6120 §5.4.2.3 and §5.4.3.1).
 *
 * Decides that a server which says `<proceed/>` must say nothing more before TLS. Whoever sits on the way could put stanzas
 * there, and a client that read them as part of the secured stream would believe them. What comes in later packets is read
 * by TLS, as a broken handshake.
 */

/** Something came between `<proceed/>` and TLS. `explainFailure` has words for it. */
export class TextAfterProceedError extends Error {
  override readonly name = 'TextAfterProceedError';
  readonly code = 'ERR_TEXT_AFTER_PROCEED';

  constructor() {
    super('there was plain text between <proceed/> and TLS');
  }
}

/** What reads bytes and tells what they were before `write` returns, as a StreamReader does. */
export interface ByteReader {
  write(bytes: Uint8Array): void;
}

/**
 * Reads bytes while `<proceed/>` is awaited: one by one, so that the last byte of it is known.
 *
 * @param proceeded whether it has come, or the reading has ended otherwise
 * @throws TextAfterProceedError when there is more, even white space: the connection has to be cut, also when TLS has begun
 *   on it meanwhile; what the reader throws
 */
export function readProceed(reader: ByteReader, chunk: Uint8Array, proceeded: () => boolean): void {
  for (let at = 0; at < chunk.length; at += 1) {
    if (proceeded()) throw new TextAfterProceedError();
    reader.write(chunk.subarray(at, at + 1));
  }
}

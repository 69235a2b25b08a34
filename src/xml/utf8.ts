/**
 * From bytes to text: UTF-8 (RFC 3629), strictly, at any split (RFC 6120 §11.6).
 *
 * Decides where bytes stop being UTF-8. What stands before the first wrong byte is handed out first, so that a reader
 * comes to the same fault after the same events however the bytes were split; the stream mode of `TextDecoder` would
 * throw that part away.
 */

/** What was in the bytes. */
export interface Decoded {
  /** The text before the first wrong byte, or all of it. */
  readonly text: string;
  /** Whether all bytes were right. */
  readonly valid: boolean;
}

// ignoreBOM keeps the mark in the text, where saxes takes one at the start and treats any later one as a character.
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });
const REPLACEMENT = '\ufffd';
const NOTHING = new Uint8Array();

/** Decodes bytes that end where a character ends. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  try {
    return { text: STRICT.decode(bytes), valid: true };
  } catch {
    return { text: validPrefix(bytes), valid: false };
  }
}

/** The text before the first wrong byte: before the first replacement character that is not one in the bytes too. */
function validPrefix(bytes: Uint8Array): string {
  const text = LENIENT.decode(bytes);
  let offset = 0;
  let from = 0;
  for (let at = text.indexOf(REPLACEMENT); at !== -1; at = text.indexOf(REPLACEMENT, at + 1)) {
    offset += Buffer.byteLength(text.slice(from, at));
    from = at;
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) break;
  }
  return text.slice(0, from);
}

/** Decodes a stream: a character that the end of a chunk cuts is kept for the next one. */
export class Utf8Reader {
  #cut = NOTHING;

  /** The text that these bytes complete. After bytes that are not valid the reader is of no more use. */
  read(bytes: Uint8Array): Decoded {
    const all = this.#cut.length === 0 ? bytes : Buffer.concat([this.#cut, bytes]);
    const end = completeLength(all);
    // A copy, because the owner of the bytes may use their memory again.
    this.#cut = end === all.length ? NOTHING : new Uint8Array(all.subarray(end));
    return decodeUtf8(end === all.length ? all : all.subarray(0, end));
  }
}

/** How many bytes there are before a character that has begun and still lacks some. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    const continues = byte >= 0x80 && byte < 0xc0;
    if (!continues) return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How many bytes a sequence has by its first one; 1 also for a byte that can begin none (RFC 3629 §4). */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

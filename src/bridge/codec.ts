/**
 * The codec: one media type that a stanza can come and go in.
 *
 * Decides the interfaces that `codecs.ts` lists the implementations of. A codec knows no HTTP: it turns bytes, and what the
 * path of the request says, into a stanza, or says, as a `RestanzaError`, why it cannot.
 */
import type { Stanza } from '../xmpp/stanza.ts';
import type { PathHints } from './path.ts';

/** What a codec is told beside the body. */
export interface DecodeHints {
  /** The bound on the body, in bytes; the reader of the request holds to it too. */
  readonly limit: number;
  /** What the path of the request says about the stanza; only read where `Decoder.heedsPath`. */
  readonly path?: PathHints;
  /** Is told the keys of the body that mean nothing and were ignored. */
  readonly onIgnored?: (keys: readonly string[]) => void;
}

/** One media type that a body can be in. */
export interface Decoder {
  readonly mediaType: string;
  /** The charsets that may be named beside the type, in lower case; absent for a type that has no such parameter. */
  readonly charsets?: readonly string[];
  /** Whether the path says something about the stanza; for the other types mod_rest does not look at it, and so do we. */
  readonly heedsPath: boolean;
  /** @throws RestanzaError `body-malformed`, `value-invalid`, `to-invalid` … when the body is not one stanza */
  decode(body: Uint8Array, hints: DecodeHints): Stanza;
}

/** One media type, both ways. */
export interface Codec extends Decoder {
  /** One stanza stands alone; several stand in a wrapper named `xmpp`. */
  encode(stanzas: readonly Stanza[]): string | Uint8Array;
}

/** A codec whose output is text, in UTF-8 when it becomes bytes. */
export interface TextCodec extends Codec {
  encode(stanzas: readonly Stanza[]): string;
}

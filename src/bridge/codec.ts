/**
 * The codec: one media type that a stanza can come and go in.
 *
 * Decides the interface that `codecs.ts` lists the implementations of. A codec knows no HTTP: it turns bytes into a stanza
 * or says, as a `RestanzaError`, why it cannot.
 */
import type { Stanza } from '../xmpp/stanza.ts';

/** What a codec is told beside the body. */
export interface DecodeHints {
  /** The bound on the body, in bytes; the reader of the request holds to it too. */
  readonly limit: number;
}

/** One media type, both ways. */
export interface Codec {
  readonly mediaType: string;
  /** @throws RestanzaError `body-malformed`, `value-invalid`, `to-invalid` … when the body is not one stanza */
  decode(body: Uint8Array, hints: DecodeHints): Stanza;
  /** One stanza stands alone; several stand in a wrapper named `xmpp`. */
  encode(stanzas: readonly Stanza[]): string;
}

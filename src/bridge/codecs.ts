/**
 * The codecs that we have.
 *
 * Decides the table of media types and which of them reads a request; `accept.ts` chooses among them for an answer.
 */
import { RestanzaError } from '../errors.ts';
import { CBOR_CODEC } from './cbor.ts';
import type { Codec, Decoder } from './codec.ts';
import { FORM_CODEC } from './form.ts';
import { JSON_CODEC } from './json.ts';
import { TEXT_DECODER } from './text.ts';
import { XML_CODEC } from './xml.ts';

/** The codecs that an answer can go out in, the default first. */
export const CODECS: readonly [Codec, ...Codec[]] = [XML_CODEC, JSON_CODEC, FORM_CODEC, CBOR_CODEC];

/** What a body can come in. */
export const DECODERS: readonly Decoder[] = [
  ...CODECS,
  TEXT_DECODER,
  // The name that mod_http_rest, an older relative of mod_rest, has for it.
  { ...XML_CODEC, mediaType: 'text/xml' },
];

const BY_MEDIA_TYPE: ReadonlyMap<string, Decoder> = new Map(DECODERS.map(decoder => [decoder.mediaType, decoder]));

/** The media type of a `Content-Type` field: without parameters, in lower case (RFC 9110 §8.3.1). */
export function mediaTypeOf(contentType: string): string {
  if (BY_MEDIA_TYPE.has(contentType)) return contentType;
  return contentType.split(';', 1).join('').trim().toLowerCase();
}

/**
 * What reads a request's body.
 *
 * @param contentType the `Content-Type` field
 * @throws RestanzaError `media-type-unsupported`, also for a charset that the type cannot be in here
 */
export function codecFor(contentType: string | undefined): Decoder {
  const field = contentType ?? '';
  const plain = BY_MEDIA_TYPE.get(field);
  if (plain !== undefined) return plain;
  const decoder = BY_MEDIA_TYPE.get(mediaTypeOf(field));
  if (decoder === undefined) {
    const known = DECODERS.map(({ mediaType }) => mediaType).join(', ');
    throw new RestanzaError('media-type-unsupported', `set the header Content-Type to one of ${known}`);
  }
  const charset = charsetOf(field);
  if (charset !== undefined && decoder.charsets?.includes(charset) === false) {
    throw new RestanzaError('media-type-unsupported', 'send the text in UTF-8, and say charset=utf-8 or nothing');
  }
  return decoder;
}

const CHARSET = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i;

/** The charset that a `Content-Type` field names, in lower case; the first one counts. */
function charsetOf(contentType: string): string | undefined {
  const [, ...parameters] = contentType.split(';');
  return parameters.flatMap(parameter => CHARSET.exec(parameter)?.[1] ?? [])[0]?.toLowerCase();
}

/**
 * The codecs that we have.
 *
 * Decides the table of media types and which of them reads a request; `accept.ts` chooses among them for an answer.
 */
import { RestanzaError } from '../errors.ts';
import type { Codec } from './codec.ts';
import { JSON_CODEC } from './json.ts';
import { XML_CODEC } from './xml.ts';

/** The codecs, the default first. */
export const CODECS: readonly [Codec, ...Codec[]] = [XML_CODEC, JSON_CODEC];

const BY_MEDIA_TYPE: ReadonlyMap<string, Codec> = new Map(CODECS.map(codec => [codec.mediaType, codec]));

/** The media type of a `Content-Type` field: without parameters, in lower case (RFC 9110 §8.3.1). */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1).join('').trim().toLowerCase();
}

/**
 * The codec for a request's body.
 *
 * @param contentType the `Content-Type` field
 * @throws RestanzaError `media-type-unsupported`
 */
export function codecFor(contentType: string | undefined): Codec {
  const codec = BY_MEDIA_TYPE.get(mediaTypeOf(contentType ?? ''));
  if (codec !== undefined) return codec;
  const known = CODECS.map(({ mediaType }) => mediaType).join(' or ');
  throw new RestanzaError('media-type-unsupported', `set the header Content-Type to ${known}`);
}

/**
 * Content negotiation: which codec an answer goes out in (RFC 9110 §12.5.1).
 *
 * Decides by the `Accept` field with its weights; where that leaves the choice open (any type, no field, or only types that we
 * do not have), an answer has the format of the question, else XML. mod_rest takes the first name that occurs in the text
 * of both fields, which gives the same for what its clients send.
 */
import type { Codec } from './codec.ts';
import { CODECS, mediaTypeOf } from './codecs.ts';

/** One range of an `Accept` field. */
export interface MediaRange {
  /** `type/subtype`, `type/*` or the range of all types, in lower case. */
  readonly range: string;
  /** Weight from 0 to 1. */
  readonly quality: number;
}

const QUALITY = /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i;

/** Reads an `Accept` field: the ranges in order of preference, those of weight 0 left out. */
export function parseAccept(field: string): readonly MediaRange[] {
  return field
    .split(',')
    .map(part => {
      const [range = '', ...parameters] = part.split(';');
      const weights = parameters.flatMap(parameter => QUALITY.exec(parameter)?.[1] ?? []);
      return { range: range.trim().toLowerCase(), quality: Number(weights[0] ?? 1) };
    })
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

/**
 * Chooses the codec of an answer.
 *
 * @param accept the `Accept` field
 * @param contentType the `Content-Type` field of the request
 */
export function negotiate(accept: string | undefined, contentType: string | undefined): Codec {
  const own = codecNamed(mediaTypeOf(contentType ?? '')) ?? CODECS[0];
  for (const { range } of parseAccept(accept ?? '')) {
    const named = codecNamed(range);
    if (named !== undefined) return named;
    if (covers(range, own.mediaType)) return own;
  }
  return own;
}

function codecNamed(mediaType: string): Codec | undefined {
  return CODECS.find(codec => codec.mediaType === mediaType);
}

function covers(range: string, mediaType: string): boolean {
  return range === '*/*' || (range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1)));
}

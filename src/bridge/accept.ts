/**
 * Content negotiation: which codec an answer goes out in (RFC 9110 §12.5.1).
 *
 * Decides by the `Accept` field: each codec has the weight of the range that names it most exactly. Among equal weights a
 * type that is named goes before one that is only covered, in the order of the names; then an answer has the format of the
 * question, else XML. Nothing is ever unacceptable: where no range fits, the same order decides. mod_rest takes the first
 * name that occurs in the text of both fields, which gives the same for what its clients send.
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

/** The weight of what no range covers: less than the least one that can be given (§12.4.2), more than a refusal. */
const UNSAID = 0.0001;

/** Reads an `Accept` field: the ranges in order of preference, those of weight 0 left out. */
export function parseAccept(field: string): readonly MediaRange[] {
  return readRanges(field)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

function readRanges(field: string): readonly MediaRange[] {
  return field
    .split(',')
    .map(part => {
      const [range = '', ...parameters] = part.split(';');
      const weights = parameters.flatMap(parameter => QUALITY.exec(parameter)?.[1] ?? []);
      return { range: range.trim().toLowerCase(), quality: Number(weights[0] ?? 1) };
    })
    .filter(({ range }) => range !== '');
}

/**
 * Chooses the codec of an answer.
 *
 * @param accept the `Accept` field
 * @param contentType the `Content-Type` field of the request
 */
export function negotiate(accept: string | undefined, contentType: string | undefined): Codec {
  // Most programs leave the choice to us.
  const own =
    accept === undefined || accept === '*/*' ? CODECS.find(codec => codec.mediaType === contentType) : undefined;
  return own ?? preferred(accept, contentType);
}

function preferred(accept: string | undefined, contentType: string | undefined): Codec {
  const ranges = readRanges(accept ?? '');
  const own = mediaTypeOf(contentType ?? '');
  const claims = CODECS.map(codec => claimOf(codec, ranges, own)).sort(byClaim);
  return claims[0]?.codec ?? CODECS[0];
}

/** What speaks for a codec. */
interface Claim {
  readonly codec: Codec;
  readonly quality: number;
  /** Where the field names the type, from 0; behind all ranges when it does not. */
  readonly place: number;
  readonly isOwn: boolean;
}

function claimOf(codec: Codec, ranges: readonly MediaRange[], own: string): Claim {
  const { mediaType } = codec;
  const place = ranges.findIndex(({ range }) => range === mediaType);
  const covering = [mediaType, mediaType.replace(/\/.*/, '/*'), '*/*'];
  const [exact] = covering.flatMap(name => ranges.find(({ range }) => range === name) ?? []);
  return {
    codec,
    quality: exact?.quality ?? UNSAID,
    place: place === -1 ? ranges.length : place,
    isOwn: mediaType === own,
  };
}

function byClaim(a: Claim, b: Claim): number {
  return b.quality - a.quality || a.place - b.place || Number(b.isOwn) - Number(a.isOwn);
}

/**
 * The rows that messages, presences and iqs share.
 */
import { STANZA_ERROR } from './stanza-error.ts';

/** Keys of every kind. */
export const COMMON = {
  error: STANZA_ERROR, // RFC 6120 §8.3
} as const;

/**
 * The field `Retry-After` (RFC 9110 §10.2.3).
 *
 * Decides that both of its forms count, that what is neither says nothing, and that no receiver can put a call off for
 * longer than a day.
 */

/** The longest time that is granted, in milliseconds. */
const LONGEST = 24 * 60 * 60 * 1000;

const SECONDS = /^\d{1,10}$/;
/** IMF-fixdate (§5.6.7); older forms need not be sent by anybody. */
const DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads the field.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds to wait, 0 when it says nothing
 */
export function readRetryAfter(field: string | undefined, now: number): number {
  const text = field?.trim() ?? '';
  const wait = SECONDS.test(text) ? Number(text) * 1000 : DATE.test(text) ? Date.parse(text) - now : 0;
  return Number.isNaN(wait) ? 0 : Math.min(LONGEST, Math.max(0, wait));
}

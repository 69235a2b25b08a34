/**
 * The field `Retry-After` (RFC 9110 §10.2.3).
 *
 * Decides that both of its forms count, that what is neither says nothing, and that no receiver can put a call off for
 * longer than a day.
 */

/** The longest time that is granted, in milliseconds. */
const LONGEST = 24 * 60 * 60 * 1000;

const SECONDS = /^\d{1,10}$/;
/** §5.6.7: the form that is sent, and the two that must be taken too, of which the last one does not name its zone. */
const DATES: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * Reads the field.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds to wait, 0 when it says nothing
 */
export function readRetryAfter(field: string | undefined, now: number): number {
  const text = field?.trim() ?? '';
  const wait = SECONDS.test(text) ? Number(text) * 1000 : readDate(text) - now;
  return Number.isNaN(wait) ? 0 : Math.min(LONGEST, Math.max(0, wait));
}

/** Milliseconds since 1970; not a number for what is no date of HTTP. */
function readDate(text: string): number {
  if (!DATES.some(form => form.test(text))) return Number.NaN;
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
}

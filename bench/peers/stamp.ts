/**
 * The time in a message: when it was due, for whoever measures how long it took.
 *
 * Decides its form, which is as long as the place that it takes: 13 digits of milliseconds, a dot and three more.
 */

/** Stands before the time. */
export const STAMP = 'stamp=';
/** Is replaced by the time. */
export const STAMP_PLACE = '@@@@@@@@@@@@@.@@@';

/** A text with the time at its place; in milliseconds. */
export function stamped(text: string, time: number): string {
  return text.replace(STAMP_PLACE, time.toFixed(3).padStart(STAMP_PLACE.length, '0'));
}

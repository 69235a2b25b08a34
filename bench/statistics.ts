/**
 * What is made of several measurements of the same thing.
 *
 * Decides that the median stands for them, and that two things are compared round by round: what slows a machine down for a
 * while then slows both sides of a ratio.
 */

/** The value below which the share `p` (0–1) of the numbers lies; NaN when there are none. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** The middle of the numbers, the mean of the two middle ones when their count is even; NaN when there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] ?? Number.NaN;
  return Number.isInteger(half) ? (upper + (sorted[half - 1] ?? Number.NaN)) / 2 : upper;
}

/** Ratios of two series, round by round; NaN only where a round has no figure. */
export function ratios(over: readonly number[], under: readonly number[]): readonly number[] {
  return over.map((value, round) => value / (under[round] ?? Number.NaN)).filter(Number.isFinite);
}

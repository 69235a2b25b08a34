/**
 * Truth as a word: `true` and `false`, where mod_rest's own keys write 1 and 0.
 *
 * Decides how booleans are written that mod_rest has no key for: as the documents and most clients write them, so that
 * reading one and writing it again gives the same text. Both spellings are read.
 */
import { BOOLEAN, type Scalar } from './scalar.ts';

/** `true` or `1`, `false` or `0`; written as words (XML Schema part 2, §3.2.2). */
export const TRUE_FALSE: Scalar<boolean> = {
  ...BOOLEAN,
  print: (value, path) => (BOOLEAN.print(value, path) === '1' ? 'true' : 'false'),
};

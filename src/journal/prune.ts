/**
 * What is dropped from the journal.
 *
 * Decides that nothing goes that is still owed to someone, that what is too old goes first, and then, while the store is too
 * large, what is oldest. One call drops a bounded number of entries, because everything else waits for it.
 */
import type { JournalFile } from './journal-file.ts';

/** Entries that one call drops at most. */
const MOST = 5_000;
/** Entries that are dropped before the size is looked at again. */
const STEP = 50;

/**
 * Drops entries, inside a commit.
 *
 * @param before what came in before this time is too old; milliseconds since 1970
 * @param bytes how large the store may be
 * @returns how many entries were dropped
 */
export function prune(file: JournalFile, before: number, bytes: number): number {
  const old = dropAll(file, file.queries.settledBefore(before, MOST));
  return old + dropUntil(file, bytes, MOST - old);
}

function dropUntil(file: JournalFile, bytes: number, most: number): number {
  let [dropped, last] = [0, 0];
  while (file.bytes > bytes && dropped < most) {
    const oldest = file.queries.settledAfter(last, Math.min(STEP, most - dropped));
    if (oldest.length === 0) break;
    dropped += dropAll(file, oldest);
    last = oldest.at(-1) ?? last;
  }
  return dropped;
}

function dropAll(file: JournalFile, seqs: readonly number[]): number {
  for (const seq of seqs) file.drop(seq);
  return seqs.length;
}

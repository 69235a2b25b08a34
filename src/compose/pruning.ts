/**
 * Room in the journal.
 *
 * Decides how often what nobody waits for any more is dropped.
 */
import type { Config } from '../config/load.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';

/** Milliseconds between two looks. */
const INTERVAL = 60_000;

/** Drops what is older than is kept, or more than has room; now and then, until it is disposed. */
export function pruning(journal: Journal, { keep, size }: Config['journal'], log: Log): Disposable {
  const timer = setInterval(() => {
    try {
      const dropped = journal.prune(Date.now() - keep * 1000, size);
      if (dropped > 0) log.debug({ dropped }, 'received stanzas were dropped from the journal');
    } catch (error) {
      log.error({ err: error }, 'the journal cannot be made smaller');
    }
  }, INTERVAL);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

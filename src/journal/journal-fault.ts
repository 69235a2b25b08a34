/**
 * What a failure to write the journal means.
 *
 * Decides, in a table of SQLite's result codes, what follows from one:
 * - `later`: the disk is full, or another process holds a lock. SQLite has undone it; the next commit tries by itself.
 * - `content`: one of the jobs cannot be written. Each is tried alone, so that it does not take the others with it.
 * - `fenced`: another process writes to the file. This one never writes again.
 * - `handle`: the disk failed, or a sync. What a failed sync has written nobody knows, and a later sync would not tell (the
 *   kernel forgets the error). So the file is closed, opened and checked again, and written once more from the log; whether
 *   the commit is in it decides what its jobs are told. While that is not possible, everything is refused.
 */
import { RestanzaError } from '../errors.ts';
import { Fenced } from './journal-file.ts';
import { Damage } from './stored.ts';

/** What follows. */
export type Fault = 'later' | 'content' | 'fenced' | 'handle';

/** Primary result codes of SQLite that leave the file as it was; all others put the handle in doubt. */
const FAULTS: ReadonlyMap<number, Fault> = new Map([
  [5, 'later'],
  [6, 'later'],
  [13, 'later'],
  [18, 'content'],
  [19, 'content'],
  [20, 'content'],
  [25, 'content'],
]);

/** What follows from an error of a commit. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fenced) return 'fenced';
  if (error instanceof Damage) return 'handle';
  if (!(error instanceof Error && 'errcode' in error)) return 'content';
  return FAULTS.get(Number(error.errcode) & 0xff) ?? 'handle';
}

/** The error for whoever asked for something that the disk does not let us do; an error with a code stays what it is. */
export function unavailable(cause: unknown): RestanzaError {
  if (cause instanceof RestanzaError) return cause;
  return new RestanzaError('storage-unavailable', 'send it again later', { cause, retryAfter: 5 });
}

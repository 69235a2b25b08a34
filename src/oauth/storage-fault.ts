/**
 * What is said when the database of OAuth cannot be read or written, such as on a full disk.
 *
 * Decides that this passes: whoever asks is told to come back, and the operator is told why.
 */
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';

/** The error to go on with: SQLite's own become `storage-unavailable`, all others stay what they are. */
export function withoutSqlite(error: unknown, log: Log): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) return error;
  log.error({ err: error }, 'the database of OAuth cannot be used');
  return new RestanzaError('storage-unavailable', undefined, { cause: error, retryAfter: 5 });
}

/**
 * Passwords for tests: never the same, so that finding one in a log is no chance.
 */
import { randomBytes } from 'node:crypto';

/** A new secret of letters, digits, `-` and `_`, which no configuration format has to escape. */
export function newSecret(): string {
  return `canary-${randomBytes(15).toString('base64url')}`;
}

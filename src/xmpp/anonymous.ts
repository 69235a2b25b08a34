/**
 * The names of users who have none.
 *
 * Decides the form of a localpart that is made up for one request: 128 random bits after a word that says what it is. No
 * account may have a name of this form, so that nobody can log in where answers to a stranger go.
 */
import { randomBytes } from 'node:crypto';

const NAME = /^anonymous-[0-9a-f]{32}$/;

/** A new name, in canonical form. */
export function anonymousLocalpart(): string {
  return `anonymous-${randomBytes(16).toString('hex')}`;
}

/** Whether a localpart in canonical form is such a name. */
export function isAnonymousLocalpart(localpart: string): boolean {
  return NAME.test(localpart);
}

/**
 * Comparing secrets.
 *
 * Decides the only way in which a secret that we know is compared with one that came in: over digests of equal length and
 * in constant time, so that the time tells nothing about either.
 */
import { hash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are equal, in a time that depends on neither. */
export function sameSecret(known: string, given: string): boolean {
  return secretIs(known)(given);
}

/** `sameSecret` for a secret that others are compared with again and again. */
export function secretIs(known: string): (given: string) => boolean {
  const wanted = digest(known);
  return given => timingSafeEqual(wanted, digest(given));
}

function digest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

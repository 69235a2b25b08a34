/**
 * The part of a request's path in which an address may stand.
 *
 * Decides that it stays as it was sent: decoding it once more than needed would change addresses that hold a `%`. The
 * router has decoded what it matched, and takes several slashes for one, so the base is found anew here.
 */
import type { FastifyRequest } from 'fastify';
import { RestanzaError } from '../errors.ts';

/**
 * The path after a route's base, still encoded and without the query.
 *
 * @param base such as `/rest`
 * @returns `undefined` when the path ends with the base
 * @throws RestanzaError `request-malformed` when the base itself is written in a way that only the router understands
 */
export function tailOf({ url }: FastifyRequest, base: string): string | undefined {
  if (url === base) return undefined;
  const [path = ''] = url.split('?', 1);
  const parts = path.split('/');
  const wanted = base.split('/').filter(part => part !== '');
  for (const part of wanted) {
    while (parts[0] === '') parts.shift();
    if (parts.shift() !== part) throw new RestanzaError('request-malformed', `write the path as ${base}/…`);
  }
  return parts.length === 0 ? undefined : parts.join('/').replace(/^\/+/, '');
}

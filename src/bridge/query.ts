/**
 * A stanza that has no body: what a GET asks, by its path and its query string.
 *
 * Decides that the names of the query string are the fields of the query's value, or the keys of the stanza where the path
 * names a type and no query (`GET /rest/get/{to}?ping=true`).
 */
import { RestanzaError } from '../errors.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { DecodeHints } from './codec.ts';
import { parsePairs } from './form.ts';
import type { PathHints } from './path.ts';
import { decodeStrictly } from './percent.ts';
import { stanzaOf } from './stanza-value.ts';
import { type Texts, valuesOf } from './text-values.ts';

/**
 * Makes the stanza that a path and a query string describe.
 *
 * @param path what `readQueryPath` made of the path, or `readPath` for a POST without body and type
 * @param search what stands after the `?`, as it was sent; absent or empty when there is nothing
 * @throws RestanzaError `body-malformed` when the query string cannot be read, and others as for a body
 */
export function decodeQuery(
  path: PathHints,
  search: string | undefined,
  hints: Pick<DecodeHints, 'onIgnored'> = {},
): Stanza {
  return stanzaOf(valuesOf(readSearch(search ?? ''), path), { ...hints, path });
}

function readSearch(search: string): Texts {
  if (search !== '' && !search.includes('=')) {
    throw new RestanzaError('body-malformed', 'the query string must be name=value, with & between several');
  }
  return parsePairs(search, part => decodeStrictly(part, 'the query string'));
}

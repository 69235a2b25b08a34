/**
 * Downgrade protection of SCRAM (XEP-0474 version 0.5).
 *
 * Decides what an offer hashes to. The server sends the hash of what it offered, and as part of what both sides sign it
 * cannot be changed on the way.
 */
import type { ClientOffer } from './client-exchange.ts';
import { encodeBase64 } from './encoding.ts';
import { type ScramHash, textHash } from './scram-keys.ts';

/** Characters that XML does not have, so that no name holds one. */
const BETWEEN_NAMES = '\x1E';
const BETWEEN_LISTS = '\x1F';

/**
 * The attribute `h` that goes with an offer (XEP-0474 §6.1).
 *
 * @returns base64
 */
export function offerHash(
  hash: ScramHash,
  { mechanisms, bindings }: Pick<ClientOffer, 'mechanisms' | 'bindings'>,
): string {
  const lists = bindings === undefined ? [mechanisms] : [mechanisms, bindings];
  return encodeBase64(textHash(hash, lists.map(joined).join(BETWEEN_LISTS)));
}

function joined(names: readonly string[]): string {
  return [...names].sort(byOctets).join(BETWEEN_NAMES);
}

/** The collation i;octet (RFC 4790 §9.3), which is not the order of UTF-16 that strings have by themselves. */
function byOctets(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

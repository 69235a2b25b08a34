/**
 * Acting for somebody as long as his secret stays the same, at hosts that know all secrets themselves.
 *
 * Decides that what is kept is a digest of the secret, so that the day it changes or goes ends whatever was granted with it.
 */
import { createHash } from 'node:crypto';
import { sameSecret } from '../auth/secret.ts';
import { bareOf, type Jid } from '../xmpp/jid.ts';
import type { Later } from './surroundings.ts';

/**
 * Makes the way for a host.
 *
 * @param secretOf the secret of an address; `undefined` when there is nobody of that address
 */
export function whileSame(secretOf: (address: Jid) => Promise<string | undefined>): Later {
  const vouch = async (address: Jid): Promise<string | undefined> => {
    const secret = await secretOf(bareOf(address));
    return secret === undefined ? undefined : createHash('sha256').update(secret).digest('base64');
  };
  return {
    vouch,
    keep: ({ address }) => vouch(address),
    async act(address, kept) {
      const now = await vouch(address);
      return now !== undefined && sameSecret(now, kept) ? { address } : undefined;
    },
  };
}

/**
 * API tokens as credentials.
 *
 * Decides which token lets its bearer in, and as whom: it must not have ended, come from one of its networks, and be for an
 * address that can act here. What it may do then follows from its scopes.
 */
import { RestanzaError } from '../errors.ts';
import { makeJid } from '../xmpp/jid.ts';
import type { ActingAs } from './acting.ts';
import { NEXT_STEP, TokenEnded, type TokenVerifier } from './bearer.ts';
import { addressOf, EVERYWHERE } from './jid-pattern.ts';
import { isWithin } from './network-list.ts';
import type { Principal } from './principal.ts';
import { API_TOKEN, isTokenText } from './token-text.ts';
import { isLive, type TokenRecord, type Tokens } from './tokens.ts';

/** Who manages the whole gateway is at no host; this name can never be one (RFC 6761 §6.4). */
const GATEWAY = makeJid({ domain: 'gateway.invalid' });

/**
 * Makes the verifier of API tokens.
 *
 * @param now milliseconds since 1970
 */
export function apiTokens(tokens: Tokens, actingAs: ActingAs, now: () => number = Date.now): TokenVerifier {
  return {
    accepts: token => isTokenText(API_TOKEN, token),
    async verify(token, { address: from }) {
      const record = tokens.lookUp(token);
      if (record === undefined) throw new RestanzaError('credentials-rejected', NEXT_STEP);
      if (!isLive(record, now())) throw new TokenEnded();
      if (record.networks.length > 0 && !isWithin(record.networks, from)) {
        throw new RestanzaError('address-forbidden', `you come from ${from}`);
      }
      const principal = principalOf(record, actingAs);
      tokens.touch(record);
      return principal;
    },
    holds({ token }) {
      if (token?.kind !== 'api') return true;
      const record = tokens.find(token.id);
      return record !== undefined && isLive(record, now());
    },
  };
}

function principalOf({ id, pattern, scopes, rate, expires }: TokenRecord, actingAs: ActingAs): Principal {
  const bounds = { ...(rate !== undefined && { rate }), ...(expires !== undefined && { expires }) };
  const bearing = { scopes, token: { kind: 'api', id, ...bounds } } as const;
  const owner = addressOf(pattern);
  if (owner === undefined) return { address: GATEWAY, pattern: EVERYWHERE, ...bearing };
  const acting = actingAs(owner);
  if (acting === undefined) {
    throw new RestanzaError('from-forbidden', `nobody can act as ${pattern} here without its password`);
  }
  return { ...acting, ...bearing };
}

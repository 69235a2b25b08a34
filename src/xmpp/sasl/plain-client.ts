/**
 * The mechanisms of one message, as a client: PLAIN (RFC 4616), X-OAUTH2, EXTERNAL (RFC 4422 appendix A) and OAUTHBEARER
 * (RFC 7628).
 *
 * Decides what the message says. None of them lets the server prove anything, so the channel has to; whether it may be used
 * on a channel is decided in `client.ts`.
 */
import type { Jid } from '../jid.ts';
import { type ClientExchange, type ClientState, clientExchange } from './client-exchange.ts';
import { escapeName } from './scram-grammar.ts';

/** The server's word is all there is. */
const SUCCESS_DUE: ClientState = { success: () => undefined };

/** Between the parts of a message of OAUTHBEARER, and all of the answer to an error. */
const KVSEP = '\x01';

/** PLAIN: `[authzid] NUL authcid NUL password`. */
export function plainClient(authzid: Jid | undefined, authcid: string, password: string): ClientExchange {
  return clientExchange('PLAIN', Buffer.from(`${authzid ?? ''}\0${authcid}\0${password}`), SUCCESS_DUE);
}

/** ejabberd's X-OAUTH2: a message of PLAIN with a token in the place of the password. */
export function xOauth2Client(authcid: string, token: string): ClientExchange {
  return clientExchange('X-OAUTH2', Buffer.from(`\0${authcid}\0${token}`), SUCCESS_DUE);
}

/** EXTERNAL: the authorization identity alone; a message of no bytes asks for the one that the certificate names. */
export function externalClient(authzid: Jid | undefined): ClientExchange {
  return clientExchange('EXTERNAL', Buffer.from(authzid ?? ''), SUCCESS_DUE);
}

/**
 * OAUTHBEARER (RFC 7628 §3.1). Where the token is refused, the server tells why in a challenge, which has to be answered before
 * it ends the exchange (§3.2.3); a success can no longer follow.
 */
export function oauthBearerClient(address: Jid | undefined, token: string): ClientExchange {
  const header = `n,${address === undefined ? '' : `a=${escapeName(address)}`},`;
  const message = `${header}${KVSEP}auth=Bearer ${token}${KVSEP}${KVSEP}`;
  const refused = async () => ({ response: Buffer.from(KVSEP), next: {} });
  return clientExchange('OAUTHBEARER', Buffer.from(message), { ...SUCCESS_DUE, challenge: refused });
}

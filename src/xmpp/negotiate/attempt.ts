/**
 * By what a login is tried, and what is asked for along with it (XEP-0388, XEP-0484).
 *
 * Decides between a token and the credential that the link was made with. A token is asked for along with a login by a password
 * or by its keys, and is used for one thing: to go back to the session that was begun so (XEP-0198). A new session is always
 * begun by the credential. For nothing obliges a server to forget its tokens when a password is changed; but where it ends the
 * account's sessions then, the token brings none back, and the old password is refused as it would have been without a token.
 * A bearer token and a certificate can be withdrawn by others than the server; so no token is asked for in their place. A token
 * is never bound to its channel more loosely than the login that it came with. What a mechanism says is decided in `sasl/`.
 */
import type { Element } from '../../xml/element.ts';
import { requestToken, takesToken, tokenMechanism, useToken } from '../fast.ts';
import { chooseMechanism } from '../sasl/client.ts';
import type {
  ClientChannel,
  ClientContext,
  ClientCredential,
  ClientExchange,
  FastCredential,
} from '../sasl/client-exchange.ts';
import type { Invitation } from './words.ts';

/** What there is to log in with. */
export interface Secrets {
  readonly credential: ClientCredential;
  /** Only that of the session to go back to. */
  readonly token: FastCredential | undefined;
  /** Whether one may be asked for. */
  readonly asks: boolean;
}

/** A login that can begin. */
export interface Attempt {
  readonly exchange: ClientExchange;
  /** What is asked for along with it. */
  readonly inline: readonly Element[];
  readonly byToken: boolean;
  /** The mechanism that a token in the success is for; `undefined` when none is expected. */
  readonly tokenFor: string | undefined;
}

/**
 * Chooses how to log in.
 *
 * @throws SaslFault as `chooseMechanism` does
 */
export function attemptLogin(
  { offer, inline, resumption }: Invitation,
  { credential, token, asks }: Secrets,
  channel: ClientChannel,
  context: ClientContext,
): Attempt {
  const tokens = offer.fast ?? [];
  if (token !== undefined && resumption !== undefined && takesToken(token.mechanism, tokens, channel)) {
    const exchange = chooseMechanism(offer, token, channel, context);
    return { exchange, inline: [resumption, useToken()], byToken: true, tokenFor: token.mechanism };
  }
  const exchange = chooseMechanism(offer, credential, channel, context);
  const bound = exchange.mechanism.endsWith('-PLUS');
  const tokenFor = asks && isOwn(credential) ? tokenMechanism(tokens, channel, bound) : undefined;
  const request = tokenFor === undefined ? [] : [requestToken(tokenFor)];
  return { exchange, inline: [...inline, ...request], byToken: false, tokenFor };
}

/** Whether it is something that the owner of the account knows. */
function isOwn({ kind }: ClientCredential): boolean {
  return kind === 'password' || kind === 'keys';
}

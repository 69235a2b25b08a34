/**
 * SASL PLAIN (RFC 4616): name and password in one message, readable to whoever reads the stream.
 *
 * Decides only the form of that message. That it is offered on private streams only is decided by the table of features.
 */
import { checkPassword } from './credentials.ts';
import {
  type Answer,
  concluded,
  judged,
  readText,
  requireOwnIdentity,
  SaslFailure,
  type ServerContext,
  type Turn,
} from './exchange.ts';

/** What the message says. */
interface PlainMessage {
  /** Empty for none. */
  readonly authzid: string;
  readonly authcid: string;
  readonly password: string;
}

/**
 * The first state: the message is due, or an empty challenge that asks for it when it did not come along with `<auth/>`.
 */
export function plain(context: ServerContext): Turn {
  return async message => {
    if (message !== undefined) return judge(message, context);
    return {
      step: { kind: 'challenge', data: new Uint8Array() },
      next: late => judge(late ?? new Uint8Array(), context),
    };
  };
}

async function judge(message: Uint8Array, context: ServerContext): Promise<Answer> {
  const { domain, credentials } = context;
  const { authzid, authcid, password } = readPlain(message);
  requireOwnIdentity(authcid, authzid, domain);
  const localpart = await judged(context, authcid, () => checkPassword(credentials, authcid, password));
  return concluded(localpart, domain);
}

/**
 * Reads `[authzid] NUL authcid NUL password`.
 *
 * @throws SaslFailure `malformed-request`
 */
export function readPlain(message: Uint8Array): PlainMessage {
  const [authzid = '', authcid = '', password = '', ...more] = readText(message).split('\0');
  if (authcid === '' || password === '' || more.length > 0) {
    throw new SaslFailure(
      'malformed-request',
      'PLAIN takes an authorization identity, a name and a password, parted by NUL',
    );
  }
  return { authzid, authcid, password };
}

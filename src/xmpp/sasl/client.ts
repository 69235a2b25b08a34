/**
 * The SASL mechanisms that we speak as a client.
 *
 * Decides which there are, in which order they are taken, and which may not be used on a channel. A mechanism that binds the
 * channel goes before every one that does not; among equals the longer hash goes first, and PLAIN is the last. A further
 * mechanism is a row here and a function for its states.
 */
import { JidError, localOf, prepareLocalpart } from '../jid.ts';
import { PreparationError } from '../precis.ts';
import { isBearerToken } from './bearer-token.ts';
import { chooseBinding } from './channel-binding.ts';
import type { ClientChannel, ClientContext, ClientCredential, ClientExchange, ClientOffer } from './client-exchange.ts';
import { SaslFault } from './client-fault.ts';
import { offerHash } from './downgrade.ts';
import { HT_MECHANISMS, htBinding, htClient } from './ht-client.ts';
import { externalClient, oauthBearerClient, plainClient, xOauth2Client } from './plain-client.ts';
import { type ScramLogin, scramClient } from './scram-client.ts';
import { preparePassword, type ScramHash } from './scram-keys.ts';

/** Everything but the credentials that a choice rests on. */
interface Circumstances {
  readonly offer: ClientOffer;
  readonly channel: ClientChannel;
  readonly context: ClientContext;
}

type Credential<Kind extends ClientCredential['kind']> = Extract<ClientCredential, { kind: Kind }>;

/** The hashes of SCRAM, the strongest first. */
const HASHES: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1'];

/**
 * Chooses the strongest mechanism that the credentials, the offer and the channel allow, and begins an exchange.
 *
 * @throws SaslFault with the reason why there is none: `no-mechanism`, `unencrypted`, `downgraded`, `credentials-unusable`,
 *   or `keys-outdated` when kept keys go with no mechanism on offer
 */
export function chooseMechanism(
  offer: ClientOffer,
  credential: ClientCredential,
  channel: ClientChannel,
  context: ClientContext,
): ClientExchange {
  const around = { offer, channel, context };
  switch (credential.kind) {
    case 'password':
      return forPassword(credential, around);
    case 'keys':
      return forKeys(credential, around);
    case 'token':
      return forToken(credential, around);
    case 'external':
      return forCertificate(credential, around);
    case 'fast':
      return forFastToken(credential, around);
  }
}

function forPassword(credential: Credential<'password'>, around: Circumstances): ClientExchange {
  const { keys, authzid } = credential;
  const authcid = preparedName(credential.authcid);
  const password = preparedPassword(credential.password);
  const exchange = scramOnOffer({ authcid, authzid, password, keys }, HASHES, around);
  if (exchange !== undefined) return exchange;
  requireOffer('PLAIN', around);
  if (keys !== undefined) {
    throw new SaslFault('downgraded', 'the server once took SCRAM and now wants to see the password');
  }
  requirePrivacy(around);
  return plainClient(authzid, authcid, password);
}

function forKeys({ authcid, authzid, keys }: Credential<'keys'>, around: Circumstances): ClientExchange {
  const login = { authcid: preparedName(authcid), authzid, password: undefined, keys };
  const exchange = scramOnOffer(login, [keys.hash], around);
  if (exchange !== undefined) return exchange;
  throw new SaslFault('keys-outdated', 'the kept keys go with no mechanism on offer; log in with the password');
}

function forToken({ token, address }: Credential<'token'>, around: Circumstances): ClientExchange {
  if (!isBearerToken(token)) throw new SaslFault('credentials-unusable', 'this is no bearer token');
  const { mechanisms } = around.offer;
  const authcid = address === undefined ? undefined : localOf(address);
  const bearer = mechanisms.includes('OAUTHBEARER');
  if (!bearer && authcid === undefined && mechanisms.includes('X-OAUTH2')) {
    throw new SaslFault('no-mechanism', 'the server takes tokens only together with the address of the account');
  }
  if (!bearer) requireOffer('X-OAUTH2', around);
  requirePrivacy(around);
  return bearer || authcid === undefined ? oauthBearerClient(address, token) : xOauth2Client(authcid, token);
}

function forCertificate({ authzid }: Credential<'external'>, around: Circumstances): ClientExchange {
  if (!around.offer.mechanisms.includes('EXTERNAL')) {
    const advice = 'let it ask clients for certificates, and know the authority of this one';
    throw new SaslFault('no-mechanism', `the server does not offer EXTERNAL: ${advice}`);
  }
  return externalClient(authzid);
}

function forFastToken({ mechanism, token, authcid }: Credential<'fast'>, around: Circumstances): ClientExchange {
  const { offer, channel } = around;
  const row = HT_MECHANISMS.find(({ name }) => name === mechanism && offer.fast?.includes(name));
  if (row === undefined) throw noMechanism();
  const name = preparedName(authcid);
  if (token === '') throw new SaslFault('credentials-unusable', 'the token is empty');
  // XEP-0484 §6: whoever reads the one message could use it, so permission to speak in the open does not extend to it.
  if (!channel.secure) throw unencrypted();
  const bound = htBinding(row, channel);
  if (bound === undefined) throw new SaslFault('no-mechanism', 'the token is bound to channels of another kind');
  return htClient(row, name, token, bound);
}

/** Begins a login by SCRAM; `undefined` when the server offers it with none of these hashes. */
function scramOnOffer(
  login: Pick<ScramLogin, 'authcid' | 'authzid' | 'password' | 'keys'>,
  hashes: readonly ScramHash[],
  { offer, channel, context }: Circumstances,
): ClientExchange | undefined {
  const strongest = (suffix: string) => hashes.find(hash => offer.mechanisms.includes(`SCRAM-${hash}${suffix}`));
  const [plus, bare] = [strongest('-PLUS'), strongest('')];
  if (plus === undefined && bare === undefined) return undefined;
  const binding = chooseBinding(offer, channel, plus !== undefined);
  const [hash, suffix] = binding.flag === 'p' ? [plus, '-PLUS'] : [bare, ''];
  if (hash === undefined) return undefined;
  const mechanism = `SCRAM-${hash}${suffix}`;
  return scramClient({ ...login, context, mechanism, hash, binding, offerHash: offerHash(hash, offer) });
}

function preparedName(authcid: string): string {
  try {
    return prepareLocalpart(authcid);
  } catch (error) {
    if (error instanceof JidError) throw new SaslFault('credentials-unusable', `this is no name: ${error.message}`);
    throw error;
  }
}

function preparedPassword(password: string): string {
  try {
    return preparePassword(password);
  } catch (error) {
    if (error instanceof PreparationError) {
      throw new SaslFault('credentials-unusable', 'the password has a form that no password can have');
    }
    throw error;
  }
}

function requireOffer(mechanism: string, { offer }: Circumstances): void {
  if (!offer.mechanisms.includes(mechanism)) throw noMechanism();
}

function requirePrivacy({ channel }: Circumstances): void {
  if (!channel.secure && !channel.allowPlain) throw unencrypted();
}

function noMechanism(): SaslFault {
  return new SaslFault('no-mechanism', 'the server offers no mechanism that goes with the credentials');
}

function unencrypted(): SaslFault {
  return new SaslFault('unencrypted', 'the login would show its secret on an unencrypted stream; require TLS');
}

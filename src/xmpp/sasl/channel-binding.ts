/**
 * Channel binding of a client's login (RFC 5802 §6, RFC 5929, RFC 9266, XEP-0440).
 *
 * Decides whether a login is tied to its TLS channel, by which type, and what the client says when it is not. An offer that
 * no honest server makes is refused: somebody in between may have taken from it what would give him away.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import type { ClientChannel, ClientOffer } from './client-exchange.ts';
import { SaslFault } from './client-fault.ts';

/** What ties a login to its channel. */
export interface Binding {
  /** As registered with IANA. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** How the client stands to channel binding. */
export type BindingChoice =
  | { readonly flag: 'p'; readonly binding: Binding }
  /** The client could, and the server seems not to: if it does after all, it knows that somebody changed the offer. */
  | { readonly flag: 'y' }
  /**
   * The client cannot. With `confirm` the server has to prove by XEP-0474 that the offer is really its own (XEP-0474 §7, the
   * new rule 6).
   */
  | { readonly flag: 'n'; readonly confirm: boolean };

/** The types by what has them, the strongest first: RFC 5929's stays the same as long as the server's certificate. */
const TYPES: readonly { readonly type: string; data(channel: ClientChannel): Uint8Array | undefined }[] = [
  { type: 'tls-exporter', data: ({ exporter }) => exporter },
  { type: 'tls-server-end-point', data: ({ endPoint }) => endPoint },
];

/** RFC 5929 §4.1 by the algorithm that signed the certificate; MD5 and SHA-1 are replaced, and Ed25519 has no hash. */
const END_POINT_DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256',
  '1.2.840.113549.1.1.5': 'sha256',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha256',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/**
 * The binding data `tls-server-end-point` (RFC 5929 §4.1).
 *
 * @param certificate the server's own
 * @returns the hash; `undefined` where the algorithm that signed the certificate does not lead to one hash
 */
export function serverEndPoint(certificate: X509Certificate): Uint8Array | undefined {
  const digest = END_POINT_DIGESTS[certificate.signatureAlgorithmOid ?? ''];
  return digest === undefined ? undefined : createHash(digest).update(certificate.raw).digest();
}

/** The types of binding that a channel has, the strongest first. */
export function bindingsOf(channel: ClientChannel): readonly Binding[] {
  return TYPES.flatMap(({ type, data }) => {
    const found = data(channel);
    return found === undefined ? [] : [{ type, data: found }];
  });
}

/**
 * Chooses for a login by SCRAM.
 *
 * @param known whether the offer has a `-PLUS` mechanism that we speak
 * @throws SaslFault `downgraded` for an offer that no honest server makes
 */
export function chooseBinding(offer: ClientOffer, channel: ClientChannel, known: boolean): BindingChoice {
  const possible = bindingsOf(channel);
  if (possible.length === 0) return { flag: 'n', confirm: false };
  if (!offer.mechanisms.some(name => name.endsWith('-PLUS'))) return withoutMechanisms(offer);
  if (!known) return { flag: 'n', confirm: false };
  return offer.bindings === undefined ? withoutTypes(offer) : withTypes(offer.bindings, possible);
}

/** XEP-0440 §3 rules 3 and 5. */
function withoutMechanisms({ bindings = [] }: ClientOffer): BindingChoice {
  if (bindings.length === 0) return { flag: 'y' };
  throw new SaslFault('downgraded', 'the server names types of channel binding and no mechanism that binds');
}

/**
 * XEP-0440 §3 rule 4. In RFC 6120's profile the types are left open: ejabberd 23.01 offers `-PLUS` on TLS 1.3 and means
 * `tls-unique`, which TLS 1.3 does not have, so there is nothing that could be tried.
 */
function withoutTypes({ profile }: ClientOffer): BindingChoice {
  if (profile === 'sasl') return { flag: 'n', confirm: false };
  throw new SaslFault('downgraded', 'the server offers mechanisms that bind the channel and names no type of binding');
}

/** XEP-0440 §3 rules 6 and 7. */
function withTypes(announced: readonly string[], possible: readonly Binding[]): BindingChoice {
  const binding = possible.find(({ type }) => announced.includes(type));
  if (binding !== undefined) return { flag: 'p', binding };
  return { flag: 'n', confirm: !announced.includes('tls-server-end-point') };
}

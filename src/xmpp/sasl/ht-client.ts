/**
 * The hashed token mechanisms HT-* as a client (draft-schmaus-kitten-sasl-ht, as XEP-0484 uses them).
 *
 * Decides what both sides prove: the client that it has the token, and the server that it gave it out, both on the same channel
 * where the mechanism binds one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { bindingsOf } from './channel-binding.ts';
import { type ClientChannel, type ClientExchange, clientExchange } from './client-exchange.ts';
import { SaslFault } from './client-fault.ts';

/** One row: a mechanism. */
export interface HtMechanism {
  readonly name: string;
  /** As node:crypto names it. */
  readonly digest: string;
  /** The type of channel binding; `undefined` for none. */
  readonly binding: string | undefined;
}

/** The mechanisms, the strongest first. */
export const HT_MECHANISMS: readonly HtMechanism[] = [
  { name: 'HT-SHA-256-EXPR', digest: 'sha256', binding: 'tls-exporter' },
  { name: 'HT-SHA-256-ENDP', digest: 'sha256', binding: 'tls-server-end-point' },
  { name: 'HT-SHA-256-NONE', digest: 'sha256', binding: undefined },
];

/** What a mechanism binds on a channel: no bytes when it binds nothing, `undefined` when the channel has not what it binds. */
export function htBinding({ binding }: HtMechanism, channel: ClientChannel): Uint8Array | undefined {
  if (binding === undefined) return new Uint8Array();
  return bindingsOf(channel).find(({ type }) => type === binding)?.data;
}

/**
 * Begins a login.
 *
 * @param bound as `htBinding` returns it
 */
export function htClient(row: HtMechanism, authcid: string, token: string, bound: Uint8Array): ClientExchange {
  const proof = (role: string) => createHmac(row.digest, token).update(role).update(bound).digest();
  const message = Buffer.concat([Buffer.from(`${authcid}\0`), proof('Initiator')]);
  return clientExchange(row.name, message, {
    success(data) {
      const expected = proof('Responder');
      if (data?.length === expected.length && timingSafeEqual(data, expected)) return undefined;
      throw new SaslFault('server-unproven', 'the server did not prove that it gave out the token');
    },
  });
}

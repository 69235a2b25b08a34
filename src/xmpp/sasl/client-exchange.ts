/**
 * An exchange of SASL messages as a client sees it (RFC 4422 §3, RFC 6120 §6.4).
 *
 * Decides what a login needs to know of the credentials, of the channel and of the offer, and what all mechanisms share: a
 * state takes the next message once, and only a state in which the server has done its part takes a success.
 */
import type { Jid } from '../jid.ts';
import { SaslFault } from './client-fault.ts';
import { decodeText, MESSAGE_BYTES } from './encoding.ts';
import type { Kdf } from './kdf.ts';
import type { DerivedKeys } from './scram-keys.ts';

/**
 * What is kept of a login by SCRAM so that the next one needs no password and no derivation. It is as secret as the
 * password itself, towards this server, and of no use towards another.
 */
export type ClientKeys = DerivedKeys;

/** What somebody logs in with. */
export type ClientCredential =
  /**
   * `authcid` is the localpart of the account. `keys` are those that an earlier exchange with this password gave: they save
   * the derivation as long as the server's salt stays, and show that the account can do better than PLAIN, so that it is
   * not fallen back to (XEP-0474 §7).
   */
  | {
      readonly kind: 'password';
      readonly authcid: string;
      readonly password: string;
      readonly authzid?: Jid | undefined;
      readonly keys?: ClientKeys | undefined;
    }
  /** The keys alone; `keys-outdated` when the server has another salt by now. */
  | { readonly kind: 'keys'; readonly authcid: string; readonly keys: ClientKeys; readonly authzid?: Jid | undefined }
  /** A bearer token of OAuth 2 (RFC 6750). `address` is the account, where it is known; X-OAUTH2 needs it. */
  | { readonly kind: 'token'; readonly token: string; readonly address?: Jid | undefined }
  /** The certificate that we showed in TLS. */
  | { readonly kind: 'external'; readonly authzid?: Jid | undefined }
  | FastCredential;

/** A token of XEP-0484 with the mechanism that it was requested for. */
export interface FastCredential {
  readonly kind: 'fast';
  readonly mechanism: string;
  readonly token: string;
  readonly authcid: string;
}

/** What the stream runs on. */
export interface ClientChannel {
  /** TLS with a certificate that has been verified. */
  readonly secure: boolean;
  /** Passwords and tokens may go over a channel that is not secure: it is configured so, or never leaves this machine. */
  readonly allowPlain: boolean;
  /**
   * RFC 9266: 32 bytes of `exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))`, for TLS 1.3 only: with TLS
   * 1.2, servers know `tls-unique` and say so by the same mechanism names.
   */
  readonly exporter?: Uint8Array | undefined;
  /** RFC 5929 §4: as `serverEndPoint` in `channel-binding.ts` returns it for the server's certificate. */
  readonly endPoint?: Uint8Array | undefined;
}

/** What the server offers, exactly as it came. */
export interface ClientOffer {
  /** Where the mechanisms stood: `<mechanisms/>` of RFC 6120 or `<authentication/>` of XEP-0388. */
  readonly profile: 'sasl' | 'sasl2';
  /** All of them, known or not. */
  readonly mechanisms: readonly string[];
  /** The types of channel binding (XEP-0440); `undefined` when the feature is not there. */
  readonly bindings?: readonly string[] | undefined;
  /** The mechanisms inside `<fast/>` (XEP-0484); `undefined` when the feature is not there. */
  readonly fast?: readonly string[] | undefined;
}

/** What an exchange is given. */
export interface ClientContext {
  /** Bounds the derivations of all logins together. */
  readonly kdf: Kdf;
  /** The client's nonce: printable ASCII without commas. Random when absent. */
  readonly nonce?: (() => string) | undefined;
}

/** One attempt to log in. */
export interface ClientExchange {
  /** The name of the mechanism. */
  readonly mechanism: string;
  /** The first message, to be sent along; `undefined` when the server speaks first. Always the same one. */
  initial(): Uint8Array | undefined;
  /**
   * Takes a challenge.
   *
   * @returns the response
   * @throws SaslFault when it is not as it should be; the exchange is over
   * @throws RestanzaError `too-many-waiting` when too many logins derive keys; the exchange is over
   */
  challenge(data: Uint8Array): Promise<Uint8Array>;
  /**
   * Takes the server's word that we are logged in. Only when this returns, we are.
   *
   * @param data the additional data; `undefined` when there is none
   * @throws SaslFault when the mechanism was not at its end, or the server did not prove that it knows the account
   */
  success(data: Uint8Array | undefined): void;
  /** What to keep for the next login, once `success` has returned; `undefined` for mechanisms without such keys. */
  readonly keys: ClientKeys | undefined;
}

/** A state: what may come, and what it leads to. What is left out may not come. */
export interface ClientState {
  readonly challenge?: (data: Uint8Array) => Promise<ClientStep>;
  /** @returns the keys to keep */
  readonly success?: (data: Uint8Array | undefined) => ClientKeys | undefined;
}

/** What is said and the state that follows. */
export interface ClientStep {
  readonly response: Uint8Array;
  readonly next: ClientState;
}

/** Makes an exchange that begins in a state. After a fault it takes nothing more. */
export function clientExchange(mechanism: string, initial: Uint8Array | undefined, first: ClientState): ClientExchange {
  let state = first;
  let keys: ClientKeys | undefined;
  /** Nothing may come until the next state is set; if something does, it never is. */
  const take = (data: Uint8Array | undefined, meanwhile: ClientState): ClientState => {
    const current = state;
    state = meanwhile;
    if ((data?.length ?? 0) <= MESSAGE_BYTES) return current;
    throw new SaslFault('malformed-answer', `a SASL message of the server has more than ${MESSAGE_BYTES} bytes`);
  };
  return {
    mechanism,
    initial: () => initial,
    async challenge(data) {
      const waiting: ClientState = {};
      const { challenge = outOfTurn } = take(data, waiting);
      const { response, next } = await challenge(data);
      state = state === waiting ? next : outOfTurn();
      return response;
    },
    success(data) {
      const { success = outOfTurn } = take(data, {});
      keys = success(data);
    },
    get keys() {
      return keys;
    },
  };
}

function outOfTurn(): never {
  throw new SaslFault('unexpected-answer', 'the server sent a SASL message out of turn');
}

/**
 * Reads a message of the server as UTF-8.
 *
 * @throws SaslFault `malformed-answer`
 */
export function readAnswerText(message: Uint8Array): string {
  const text = decodeText(message);
  if (text === undefined) throw new SaslFault('malformed-answer', 'a SASL message of the server is not UTF-8');
  return text;
}

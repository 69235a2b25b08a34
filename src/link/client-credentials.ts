/**
 * What a link logs in with, and what its logins have left.
 *
 * Decides what is kept for the next login, in memory and for the life of the link: the keys of SCRAM, which save a derivation,
 * and the token of XEP-0484 that came with the present session. A token is as secret as a password. The one that came last
 * counts; it is gone when the server does not take it, and not used after its time. A link that does not come back for ever asks
 * for none: servers keep each token on their disk, under the name of the one session that it is for, for weeks. What a token
 * may be used for is decided in `xmpp/negotiate/attempt.ts`.
 */
import type { FastToken } from '../xmpp/fast.ts';
import type { Secrets } from '../xmpp/negotiate/attempt.ts';
import type { ClientCredential, ClientKeys, FastCredential } from '../xmpp/sasl/client-exchange.ts';
import type { Clock } from './clock.ts';

/** What a login has left. */
export interface Learned {
  readonly keys: ClientKeys | undefined;
  /** A new token and its mechanism. */
  readonly token: (FastToken & { readonly mechanism: string }) | undefined;
  /** The login was by a token, which stays good when there is no new one. */
  readonly byToken: boolean;
}

interface KeptToken {
  readonly credential: FastCredential;
  /** The end of its time, on the clock. */
  readonly until: number;
}

/** The secrets of a link. */
export class ClientCredentials {
  readonly #asks: boolean;
  readonly #clock: Clock;
  #credential: ClientCredential;
  #token: KeptToken | undefined;

  /** @param asks whether tokens are asked for */
  constructor(credential: ClientCredential, asks: boolean, clock: Clock) {
    this.#credential = credential;
    this.#asks = asks;
    this.#clock = clock;
  }

  /** What the login by password has left. */
  get keys(): ClientKeys | undefined {
    return this.#credential.kind === 'password' ? this.#credential.keys : undefined;
  }

  /** What the next login may use. */
  get secrets(): Secrets {
    const token = this.#token !== undefined && this.#clock.now() < this.#token.until ? this.#token : undefined;
    return { credential: this.#credential, token: token?.credential, asks: this.#asks };
  }

  /** Keeps what a login has left. */
  learn({ keys, token, byToken }: Learned): void {
    const credential = this.#credential;
    if (keys !== undefined && credential.kind === 'password') this.#credential = { ...credential, keys };
    if (token !== undefined || !byToken) this.#token = token && this.#kept(token);
  }

  /** The token is of no use. */
  forget(): void {
    this.#token = undefined;
  }

  #kept({ token, mechanism, expiry }: NonNullable<Learned['token']>): KeptToken | undefined {
    const credential = this.#credential;
    if (credential.kind !== 'password' && credential.kind !== 'keys') return undefined;
    const { authcid } = credential;
    // The date is read once, because whoever sets the machine's clock must not make a token last longer.
    const until = expiry === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + expiry - Date.now();
    return { credential: { kind: 'fast', mechanism, token, authcid }, until };
  }
}

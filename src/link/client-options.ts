/**
 * What a client link is made of, and what it is.
 *
 * Decides nothing but the names, and what is assumed where nothing is said. The defaults themselves stand where they are used.
 */
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { ClientCredential, ClientKeys } from '../xmpp/sasl/client-exchange.ts';
import type { Kdf } from '../xmpp/sasl/kdf.ts';
import type { Resolver } from './addresses.ts';
import type { Greeting } from './client-greeting.ts';
import type { Clock } from './clock.ts';
import type { TlsPolicy } from './dial.ts';
import type { Link } from './link.ts';
import type { OutboxLimits } from './outbox.ts';
import type { Destination } from './srv.ts';
import type { Trust } from './tls-client.ts';

/** What a client link needs. */
export interface ClientOptions extends Greeting {
  /** The bare address; the domain, where a token names no account. */
  readonly account: Jid;
  readonly credential: ClientCredential;
  /** The resource that is asked for; the server's choice when absent. */
  readonly resource?: string;
  /** Where the account's server is; found by DNS when absent. */
  readonly server?: Destination | undefined;
  readonly tls: TlsPolicy;
  /** Whom to believe about certificates: one for all links. */
  readonly trust: Trust;
  readonly log: Log;
  /**
   * Whether to come back for ever; a token is asked for then. Without it, the link is closed when the first login fails, and when
   * a session that waits to be resumed is not in time, or cannot be for good. A server that refuses to resume gives a new
   * session in the same login, which `onSession` tells.
   */
  readonly reconnect: boolean;
  /** The UUID by which the server may know us again (XEP-0388); a new one for this link when absent. */
  readonly device?: string;
  /** Bounds the derivations of keys: one for all links. */
  readonly kdf?: Kdf;
  /** Bytes that the server takes as one stanza; 256 KiB, as Prosody and ejabberd do, unless said otherwise. */
  readonly stanzaBytes?: number;
  readonly outbox?: OutboxLimits;
  readonly clock?: Clock;
  /** Answers for DNS; the system when absent. */
  readonly resolver?: Resolver;
  /** Numbers from 0 up to 1, for the backoff. */
  readonly random?: () => number;
}

/** The link of an account. */
export interface ClientLink extends Link {
  /** The full address of the session; absent while there is none. */
  readonly bound: Jid | undefined;
  /** Whether the server counts what it has handled (XEP-0198): `acked` is then cheap and certain. */
  readonly confirms: boolean;
  /** What the login by password has left for the next one; absent where the server takes passwords only as they are. */
  readonly keys: ClientKeys | undefined;
  /** Is told when a new session has begun, and whether it is the first. A resumed one is not new. */
  onSession: ((first: boolean) => void) | undefined;
}

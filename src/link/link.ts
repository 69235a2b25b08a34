/**
 * The link: how a served identity reaches XMPP, whatever it is made of.
 *
 * Decides the one interface that a component connection, a client session and the embedded host share, so that nothing
 * above knows which it has. What a link guarantees is written at each member; `test/contract/link.ts` checks it.
 */
import type { StreamCondition } from '../xmpp/conditions.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Blame, SaslReason } from '../xmpp/sasl/client-fault.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** Why a link is not online, as far as its users care. */
export interface Cause {
  /** A sentence for the log and for the operator: what happened and, where one can do something, what. */
  readonly text: string;
  /** The stream error of the other side, when there was one; `not-authorized` also when a login is refused. */
  readonly condition?: StreamCondition;
  /** Who has to do something about a login that failed although the server was there. */
  readonly blame?: Blame;
  /** Why SASL failed, when it did. */
  readonly reason?: SaslReason;
}

/**
 * Where a link stands:
 * - `connecting`: not usable yet or not any more; it tries again by itself in `retryIn` seconds
 * - `online`: stanzas flow both ways
 * - `suspended`: the connection is gone but the session can still be resumed, and what was sent is kept
 * - `closed`: for good, because its owner closed it or because trying again cannot help
 */
export type LinkState =
  | { readonly name: 'connecting'; readonly cause?: Cause; readonly retryIn: number }
  | { readonly name: 'online' }
  | { readonly name: 'suspended'; readonly cause: Cause }
  | { readonly name: 'closed'; readonly cause: Cause };

/** How far a stanza must have come before `send` resolves: into the connection, or known to be handled by the server. */
export type Until = 'sent' | 'acked';

/** A way to XMPP for one domain or account. */
export interface Link extends AsyncDisposable {
  /** The domain that is served, or the account's address. */
  readonly address: Jid;
  readonly state: LinkState;
  /**
   * Whether `acked` is the word of the server (XEP-0198), or of whoever handles what comes in, so that an HTTP answer may wait for
   * it; otherwise it costs a ping.
   */
  readonly confirms: boolean;
  /**
   * What comes in, in the order of the stream; can be iterated once. A batch is all that has come since the last one, one
   * stanza at least. Pulling the next batch says that the last one is handled. It ends when the link is closed. While nobody
   * pulls, the link slows the sender down.
   */
  readonly incoming: AsyncIterable<readonly Stanza[]>;
  /** Is told each change of `state`, before anything else happens in the new one. One listener at a time. */
  onState: ((state: LinkState) => void) | undefined;
  /**
   * Sends a stanza. Waits while too much is unconfirmed, and while the link is suspended.
   *
   * @throws RestanzaError `link-down` when there is no session, `link-congested` when the wait was too long,
   *   `too-large` when the server would not take it; in all three nothing was sent. With `acked`, also `link-lost`.
   */
  send(stanza: Stanza, until?: Until): Promise<void>;
}

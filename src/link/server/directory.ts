/**
 * Who is logged in: the sessions of all accounts (RFC 6120 §7, RFC 6121 §4).
 *
 * Decides only how sessions are found; what their presence means is decided in `presence.ts` and `route.ts`.
 */
import type { StreamCondition } from '../../xmpp/conditions.ts';
import { bareOf, type Jid } from '../../xmpp/jid.ts';
import type { Presence, Stanza } from '../../xmpp/stanza.ts';
import type { Copies } from './copies.ts';
import type { Resource } from './route.ts';

/** What the router needs of a session's stream. */
export interface Outlet {
  /**
   * Writes a stanza to the client.
   *
   * @param copies all copies of the stanza, of which this is one; absent when nobody would miss it
   * @param sender the session whose client caused it; absent when none did
   */
  deliver(stanza: Stanza, copies?: Copies, sender?: Outlet): void;
  /** Ends the stream with an error. */
  end(condition: StreamCondition, text: string): void;
  /** Stops reading what the client sends. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  /** Characters, roughly, that the client has not taken yet. */
  readonly unsent: number;
  /** Whether the session has no connection, and only waits for its client to come back. */
  readonly asleep: boolean;
}

/** A session that is bound to its full address. The outlet and the presence change, the rest does not. */
export interface Bound extends Resource {
  outlet: Outlet;
  priority?: number | undefined;
  /** What it last said of itself; absent while it is not available. */
  presence?: Presence | undefined;
  /** Who got its presence without the account's broadcast, and is told when it ends (RFC 6121 §4.6.3). */
  readonly directed: Set<Jid>;
}

/** The sessions by account. */
export class Directory {
  readonly #accounts = new Map<Jid, Map<Jid, Bound>>();

  /** Adds a session; one with the same address must have been removed. */
  add(address: Jid, outlet: Outlet): Bound {
    const bound: Bound = { address, outlet, directed: new Set() };
    const account = bareOf(address);
    const sessions = this.#accounts.get(account);
    if (sessions === undefined) this.#accounts.set(account, new Map([[address, bound]]));
    else sessions.set(address, bound);
    return bound;
  }

  /** Removes a session. */
  remove({ address }: Bound): void {
    const account = bareOf(address);
    const sessions = this.#accounts.get(account);
    sessions?.delete(address);
    if (sessions?.size === 0) this.#accounts.delete(account);
  }

  /** The session with this full address. */
  at(address: Jid): Bound | undefined {
    return this.#accounts.get(bareOf(address))?.get(address);
  }

  /** The sessions of the account of an address, the oldest first. */
  of(address: Jid): readonly Bound[] {
    return [...(this.#accounts.get(bareOf(address))?.values() ?? [])];
  }
}

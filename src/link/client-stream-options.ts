/**
 * What one connection of a user needs, and who is told what comes of it.
 *
 * Decides nothing but the names, and that nothing is told after the end.
 */
import type { Element } from '../xml/element.ts';
import type { Management } from '../xmpp/stream-management.ts';
import type { Resolver } from './addresses.ts';
import type { ClientLoginOptions, ClientLoginOwner } from './client-login.ts';
import type { ClientEnding, Route } from './client-route.ts';
import type { Clock } from './clock.ts';

/** What a connection needs. */
export interface ClientStreamOptions extends ClientLoginOptions {
  readonly route: Route;
  readonly clock: Clock;
  readonly random: () => number;
  readonly resolver: Resolver | undefined;
}

/** Who owns a connection. Nothing is told after `lost`. */
export interface ClientStreamOwner extends ClientLoginOwner {
  managed(said: Management): void;
  /** Connect to the same server again, now, without the token. Some servers take nothing else on a stream that began with one. */
  anew(why: string, route: Route): void;
  /** An element that should be a stanza, and the bytes that were read for it. */
  element(received: Element, bytes: number): void;
  /** A stanza over a limit, of which there is only the start tag. */
  oversized(head: Element, reason: string): void;
  /**
   * The connection has ended without our doing.
   *
   * @param inOrder whether the stream was closed, which ends the session (XEP-0198 §5)
   */
  lost(ending: ClientEnding, inOrder: boolean): void;
}

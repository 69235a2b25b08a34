/**
 * What all parts of the program are built with, and what each host gives to the rest.
 *
 * Decides nothing; it is the vocabulary of this room.
 */
import type { Logger } from 'pino';
import type { ActingAs } from '../auth/acting.ts';
import type { Principal } from '../auth/principal.ts';
import type { Realm } from '../auth/realm.ts';
import type { Throttle } from '../auth/throttle.ts';
import type { Config } from '../config/load.ts';
import type { Host } from '../host/host.ts';
import type { Identity } from '../host/respond.ts';
import type { Link } from '../link/link.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Kdf } from '../xmpp/sasl/kdf.ts';
import type { Receiving } from './receiving.ts';

/** What every host is built with. */
export interface Surroundings {
  readonly config: Config;
  readonly log: Logger;
  readonly software: Identity['software'];
  /** Bounds the work on passwords of all hosts together. */
  readonly kdf: Kdf;
  /** Slows the guessing of passwords, wherever they are asked for. */
  readonly throttle: Throttle;
  readonly receiving: Receiving;
  /** Owns what is opened. */
  readonly stack: AsyncDisposableStack;
}

/** The way in to the embedded default. */
export interface Welcome {
  readonly domain: Jid;
  /** `host:port` where XMPP clients log in. */
  readonly c2s: string;
  /** Passwords of the accounts that were made just now, by localpart; empty at later starts. */
  readonly passwords: ReadonlyMap<string, string>;
}

/** Acting for somebody who has logged in before, without his password. */
export interface Later {
  /**
   * What it takes: as secret as a password, and worthless when that changes.
   *
   * @returns `undefined` where there is no way
   */
  readonly keep: (principal: Principal) => Promise<string | undefined>;
  /** What it takes to act for an address of the operator's choice; `undefined` where there is no way. */
  readonly vouch: (address: Jid) => Promise<string | undefined>;
  /**
   * Acts as an address again.
   *
   * @returns `undefined` when that is over
   * @throws RestanzaError when it cannot be told at the moment
   */
  readonly act: (address: Jid, kept: string) => Promise<Principal | undefined>;
}

/** A domain with what the rest of the process needs to know of it. */
export interface Served {
  readonly domain: Jid;
  readonly realm: Realm;
  /** The host that somebody at this domain acts through. */
  readonly hostOf: (principal: Principal) => Host | undefined;
  /** Keeps that host open while a request comes in (`Sessions.hold`); absent where it is always open. */
  readonly hold?: (principal: Principal) => (() => void) | undefined;
  /** Whether and as whom the bearer of a token for an address at this domain acts. */
  readonly actingAs: ActingAs;
  readonly later: Later;
  /** Gives up what waits for answers. */
  readonly giveUp: () => void;
  /** Resolves when nothing can ever be sent again, with the reason; never where users come and go. */
  readonly closed: Promise<string>;
  readonly welcome?: Welcome;
}

/** A setting that cannot be used, which only shows when the program is built. The message names it and says what to do. */
export class SetupFault extends Error {
  override readonly name = 'SetupFault';
}

/**
 * Follows a link: what waits is given up when it falls, and its end for good is told. A session that is suspended may yet go
 * on; where a link says that another one took its place (`ClientLink.onSession`), its owner gives up what waits.
 */
export function watch(link: Link, host: Host): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  link.onState = state => {
    if (state.name === 'online' || state.name === 'suspended') return;
    host.linkLost();
    if (state.name === 'closed') resolve(`${link.address}: ${state.cause.text}`);
  };
  return promise;
}

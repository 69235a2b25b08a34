/**
 * The sessions of those who log in over HTTP with an account of an XMPP server.
 *
 * Decides when a session is opened, shared, looked at again and given up: the first request with credentials logs in, later
 * ones find the session; one that nobody uses is closed after a while, the one that was used longest ago makes room. What is
 * kept of the credentials for telling them apart is a hash under a key that lives only in this process. A session that
 * somebody holds, or waits in, is not closed before its own end. A session whose login is some minutes old, or whose account
 * has since been entered with other credentials, is not trusted for the next request: that one logs in again, so that a
 * changed password is noticed. A session whose connection is gone for some seconds goes on by itself, with what was sent in
 * it; new requests do not wait for that. How one logs in is the business of `connect`.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { RestanzaError } from '../errors.ts';
import type { ClientLink } from '../link/client-options.ts';
import type { Clock } from '../link/clock.ts';
import type { Cause, LinkState } from '../link/link.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { ClientKeys } from '../xmpp/sasl/client-exchange.ts';
import { Host } from './host.ts';
import type { Identity } from './respond.ts';

/** What somebody showed who wants to act as an account. */
export interface Entrance {
  /** The account; for a token that names none, the domain. */
  readonly account: Jid;
  /** What the secret is; keys are what the login by a password has left, as text. */
  readonly kind: 'password' | 'keys' | 'token';
  readonly secret: string;
}

/** What sessions need. */
export interface SessionsOptions {
  /** Starts to log in, once. The link is this owner's from then on. */
  readonly connect: (entrance: Entrance) => ClientLink;
  readonly software: Identity['software'];
  /** Seconds that a session is kept which nobody uses. */
  readonly idle: number;
  /** How many sessions there are at most. */
  readonly max: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after which a login is not trusted any more. */
const TRUSTED = 300_000;
/** Milliseconds for which requests wait in a session that has lost its connection; it is back by then, or the server is away. */
const RETURN_WAIT = 5_000;
/** Milliseconds between two looks at who is idle. */
const SWEEP = 1_000;

/** A session, from the moment in which its login begins. */
interface Kept {
  readonly id: string;
  readonly entrance: Omit<Entrance, 'secret'>;
  readonly digest: Buffer;
  readonly link: ClientLink;
  readonly host: Host;
  /** Resolves when the session is online: `true`, or `false` when the credentials were refused. */
  readonly ready: Promise<boolean>;
  /** Until when the login is trusted, and when the session was used last; on the clock's time. */
  trusted: number;
  used: number;
  /** Since when the session has been without a connection; infinite while it has one. */
  suspended: number;
  /** How many hold it. */
  holds: number;
}

/** The sessions at one domain. */
export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #key = randomBytes(32).toString('base64');
  readonly #kept = new Map<string, Kept>();
  /** Those that new requests find, by the account that was asked for. */
  readonly #byAccount = new Map<Jid, Kept[]>();
  readonly #closing = new Set<Promise<void>>();
  #sweep: Disposable | undefined;
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#kept.size;
  }

  /** The host of a session that `enter` returned; `undefined` when it has ended meanwhile. */
  hostOf(id: string): Host | undefined {
    return this.#kept.get(id)?.host;
  }

  /** What the login of a session has left for a later one; `undefined` where the server takes passwords only as they are. */
  keysOf(id: string): ClientKeys | undefined {
    return this.#kept.get(id)?.link.keys;
  }

  /**
   * Logs in, or finds the session of an earlier login with the same credentials.
   *
   * @returns the session; `undefined` when the server refuses the credentials
   * @throws RestanzaError `link-down` when the server cannot be reached, `too-many-sessions`, `stopping`
   */
  async enter(entrance: Entrance): Promise<{ readonly id: string; readonly address: Jid } | undefined> {
    if (this.#closed) throw new RestanzaError('stopping', undefined, { retryAfter: 5 });
    const digest = this.#digestOf(entrance);
    const kept = this.#find(entrance.account, digest) ?? this.#open(entrance, digest);
    kept.used = this.#options.clock.now();
    if (!(await kept.ready)) return undefined;
    return { id: kept.id, address: kept.link.address };
  }

  /**
   * Holds a session that `enter` returned, so that it stays until its own end, or the end of all. To be called in the turn of
   * the event loop in which `enter` resolves: in any later one the session may have made room.
   *
   * @returns what lets go of it, to be called once; `undefined` when it has ended meanwhile
   */
  hold(id: string): (() => void) | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    kept.holds += 1;
    return () => {
      kept.holds -= 1;
    };
  }

  /** The next request with the credentials of a session logs in anew. */
  distrust(id: string): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) this.#forget(kept);
  }

  #digestOf({ account, kind, secret }: Entrance): Buffer {
    // A JID holds no U+0000 and a kind no space, so the parts cannot be mixed up. The key stands first; nobody sees a digest
    // who could lengthen it.
    return hash('sha256', `${this.#key}${account}\0${kind} ${secret}`, 'buffer');
  }

  #find(account: Jid, digest: Buffer): Kept | undefined {
    const found = this.#byAccount.get(account)?.find(kept => timingSafeEqual(kept.digest, digest));
    if (found === undefined || isGood(found, this.#options.clock.now())) return found;
    this.#forget(found);
    return undefined;
  }

  #open(entrance: Entrance, digest: Buffer): Kept {
    this.#makeRoom();
    const { connect, clock, log, software } = this.#options;
    const link = connect(entrance);
    const identity: Identity = {
      // Whose a token is turns out with the login.
      get address() {
        return link.address;
      },
      category: 'client',
      type: 'bot',
      software,
    };
    const { promise: ready, resolve, reject } = Promise.withResolvers<boolean>();
    const kept: Kept = {
      id: randomBytes(16).toString('base64url'),
      entrance: { account: entrance.account, kind: entrance.kind },
      digest,
      link,
      host: new Host(link, { identity, log }),
      ready,
      trusted: Number.POSITIVE_INFINITY,
      suspended: Number.POSITIVE_INFINITY,
      used: clock.now(),
      holds: 0,
    };
    this.#kept.set(kept.id, kept);
    this.#byAccount.set(entrance.account, [...(this.#byAccount.get(entrance.account) ?? []), kept]);
    link.onState = state => this.#follow(kept, state, { resolve, reject });
    // It may take the place of one that could not be resumed, and what was asked in that is never answered.
    link.onSession = () => kept.host.linkLost();
    this.#sweep ??= clock.after(SWEEP, () => this.#look());
    return kept;
  }

  #follow(kept: Kept, state: LinkState, login: { resolve(right: boolean): void; reject(reason: Error): void }): void {
    switch (state.name) {
      case 'online':
        if (kept.trusted === Number.POSITIVE_INFINITY) this.#entered(kept);
        kept.suspended = Number.POSITIVE_INFINITY;
        login.resolve(true);
        break;
      case 'closed':
        if (isRefusal(kept.entrance, state.cause)) login.resolve(false);
        else login.reject(new RestanzaError('link-down', undefined, { retryAfter: 5 }));
        kept.host.linkLost();
        this.#close(kept);
        break;
      case 'suspended':
        kept.suspended = this.#options.clock.now();
    }
  }

  /** Two passwords of one account are seldom both right: a new one makes the older ones doubtful, and keys of one. */
  #entered(kept: Kept): void {
    const now = this.#options.clock.now();
    kept.trusted = now + TRUSTED;
    if (kept.entrance.kind !== 'password') return;
    for (const other of this.#byAccount.get(kept.entrance.account) ?? []) {
      if (other !== kept && other.entrance.kind !== 'token') other.trusted = Math.min(other.trusted, now);
    }
  }

  /** @throws RestanzaError `too-many-sessions` when all are in use */
  #makeRoom(): void {
    if (this.#kept.size < this.#options.max) return;
    let oldest: Kept | undefined;
    for (const kept of this.#kept.values()) {
      if (isFree(kept) && (oldest === undefined || kept.used < oldest.used)) oldest = kept;
    }
    if (oldest === undefined) throw new RestanzaError('too-many-sessions', undefined, { retryAfter: 5 });
    this.#close(oldest);
  }

  /** New requests do not find the session any more; those under way keep it. */
  #forget(kept: Kept): void {
    const { account } = kept.entrance;
    const others = this.#byAccount.get(account)?.filter(other => other !== kept) ?? [];
    if (others.length === 0) this.#byAccount.delete(account);
    else this.#byAccount.set(account, others);
    kept.used = Number.NEGATIVE_INFINITY;
  }

  #look(): void {
    this.#sweep = undefined;
    const since = this.#options.clock.now() - this.#options.idle * 1000;
    for (const kept of this.#kept.values()) {
      if (kept.used <= since && isFree(kept) && kept.suspended === Number.POSITIVE_INFINITY) this.#close(kept);
    }
    if (this.#kept.size > 0) this.#sweep = this.#options.clock.after(SWEEP, () => this.#look());
  }

  #close(kept: Kept): void {
    if (!this.#kept.delete(kept.id)) return;
    this.#forget(kept);
    const closing = kept.host[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Gives up what waits in all sessions. */
  linkLost(): void {
    for (const { host } of this.#kept.values()) host.linkLost();
  }

  /** Closes all sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#sweep?.[Symbol.dispose]();
    for (const kept of this.#kept.values()) this.#close(kept);
    await Promise.all(this.#closing);
  }
}

/** Whether the credentials are not right; a server that takes no tokens takes this one neither. */
function isRefusal({ kind }: Kept['entrance'], { blame, reason }: Cause): boolean {
  return blame === 'credentials' || (kind === 'token' && reason === 'no-mechanism');
}

/** Whether new requests may use the session. */
function isGood({ trusted, suspended }: Kept, now: number): boolean {
  return trusted > now && now - suspended < RETURN_WAIT;
}

/** Whether nobody holds a session, which has been online, or waits for anything in it. */
function isFree({ holds, host, trusted }: Kept): boolean {
  return trusted !== Number.POSITIVE_INFINITY && holds === 0 && host.waiting === 0;
}

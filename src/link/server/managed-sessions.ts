/**
 * The sessions with stream management of one host (XEP-0198).
 *
 * Decides how long a session waits for its client to come back, and how much may be kept for clients, each and all together:
 * past that, sessions end, the one that keeps most first. Owns one timer and one errand for all of them.
 */
import { bareOf, type Jid } from '../../xmpp/jid.ts';
import type { Clock } from '../clock.ts';
import type { Bound } from './directory.ts';
import type { Incoming } from './incoming.ts';
import { type Carrier, type Keeper, type ManagedServices, ManagedSession } from './managed-session.ts';

const MIB = 1_048_576;

/** Seconds that a session waits for its client. */
export const SLEEP = 300;
/** Bounds on what is kept. */
export const KEPT = {
  /** Sessions that wait, in all; how many one account has is bounded by the router. */
  asleep: 10_000,
  /** Stanzas of one session that its client has not acknowledged, and their characters. */
  stanzas: 8_192,
  characters: 4 * MIB,
  /** Characters of all sessions. */
  total: 64 * MIB,
  /** Sessions that are over and whose counts are still told to clients that come too late. */
  past: 1_000,
} as const;

/** What is remembered of a session that is over. */
interface Past {
  readonly account: Jid;
  readonly incoming: Incoming;
}

/** The sessions. To dispose of it ends those that wait. */
export class ManagedSessions implements Keeper, Disposable {
  readonly #services: ManagedServices;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, ManagedSession>();
  /** Those that wait and until when, in milliseconds; the first has the least time left. */
  readonly #asleep = new Map<ManagedSession, number>();
  readonly #past = new Map<string, Past>();
  #weight = 0;
  #timer: Disposable | undefined;
  #relief: NodeJS.Immediate | undefined;

  constructor(services: ManagedServices, clock: Clock) {
    this.#services = services;
    this.#clock = clock;
  }

  /** A session that begins to be managed; it takes the place of its connection in the directory. */
  begin(bound: Bound, resumable: boolean, carrier: Carrier): ManagedSession {
    const session = new ManagedSession(bound, resumable, carrier, this.#services, this);
    this.#sessions.set(session.id, session);
    bound.outlet = session;
    return session;
  }

  /** The session of an account that can go on under this id. */
  find(id: string, account: Jid): ManagedSession | undefined {
    const session = this.#sessions.get(id);
    return session?.resumable && bareOf(session.bound.address) === account ? session : undefined;
  }

  /** How many stanzas a session of the account had handled that is over; `undefined` when that is not known any more. */
  handledBy(id: string, account: Jid): number | undefined {
    const past = this.#past.get(id);
    return past?.account === account ? past.incoming.handled : undefined;
  }

  /** More than a session may keep is looked at later: what many send at once is not the client's fault. */
  weigh(session: ManagedSession, change: number): void {
    this.#weight += change;
    if (isOverfull(session) || this.#weight > KEPT.total) this.#relief ??= setImmediate(() => this.#relieve());
  }

  #relieve(): void {
    this.#relief = undefined;
    const heaviestFirst = [...this.#sessions.values()].sort((a, b) => b.weight - a.weight);
    for (const session of heaviestFirst) {
      if (this.#weight > KEPT.total || isOverfull(session)) {
        session.end('resource-constraint', 'too much was waiting to be acknowledged');
      }
    }
  }

  sleep(session: ManagedSession): void {
    this.#asleep.set(session, this.#clock.now() + SLEEP * 1_000);
    const [oldest] = this.#asleep.keys();
    if (this.#asleep.size > KEPT.asleep) oldest?.over();
    this.#timer ??= this.#clock.after(SLEEP * 1_000, () => this.#sweep());
  }

  #sweep(): void {
    this.#timer = undefined;
    for (const [session, until] of this.#asleep) {
      const left = until - this.#clock.now();
      if (left > 0) {
        this.#timer = this.#clock.after(left, () => this.#sweep());
        return;
      }
      session.over();
    }
  }

  wake(session: ManagedSession): void {
    this.#asleep.delete(session);
    if (this.#asleep.size === 0) this.#stop();
  }

  #stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  forget(session: ManagedSession): void {
    this.wake(session);
    this.#sessions.delete(session.id);
    if (!session.resumable) return;
    this.#past.set(session.id, { account: bareOf(session.bound.address), incoming: session.incoming });
    const [oldest] = this.#past.keys();
    if (this.#past.size > KEPT.past && oldest !== undefined) this.#past.delete(oldest);
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, then: () => void): Disposable {
    return this.#clock.after(ms, then);
  }

  [Symbol.dispose](): void {
    for (const session of this.#asleep.keys()) session.over();
    clearImmediate(this.#relief);
    this.#stop();
  }
}

function isOverfull({ length, weight }: ManagedSession): boolean {
  return length > KEPT.stanzas || weight > KEPT.characters;
}

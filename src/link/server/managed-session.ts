/**
 * A client's session with stream management, over all the connections that it lasts (XEP-0198).
 *
 * Decides what is counted and kept: each stanza that is written stays until the client has handled it, and is written again
 * when the session goes on on another connection; each stanza of the client counts once it is handled. While there is no
 * connection the session sleeps: it stays bound and available, and what comes for it waits. What it never got goes where the
 * router sends it then. How long it sleeps, and how much all may keep, is decided in `managed-sessions.ts`.
 */
import type { Log } from '../../log.ts';
import { element } from '../../xml/element.ts';
import type { StreamCondition } from '../../xmpp/conditions.ts';
import { domainOf } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { newId, type Stanza } from '../../xmpp/stanza.ts';
import { acknowledge, REQUEST } from '../../xmpp/stream-management.ts';
import { Brake } from './brake.ts';
import type { Copies } from './copies.ts';
import type { Bound, Outlet } from './directory.ts';
import { Incoming } from './incoming.ts';
import type { Intake } from './intake.ts';
import type { Addressed } from './route.ts';
import type { Router } from './router.ts';
import { stanzaOfText, textOfStanza } from './stanza-text.ts';
import { Unacknowledged } from './unacknowledged.ts';

/** Characters that a client may be behind with before those who send it more are not read for a while. */
const BEHIND = 262_144;

/** The connection that a session runs on. */
export interface Carrier {
  /** Writes stanzas, of which the session keeps no more than it may. */
  write(text: string): void;
  /** Writes what is no stanza, and is kept nowhere. */
  say(text: string): void;
  /** Ends the stream with an error. */
  end(condition: StreamCondition, text: string): void;
  pause(): void;
  resume(): void;
}

/** Who keeps the sessions. */
export interface Keeper {
  /** The session keeps so many characters more, or less. */
  weigh(session: ManagedSession, change: number): void;
  /** The session has lost its connection and waits for another one. */
  sleep(session: ManagedSession): void;
  /** The session has a connection again. */
  wake(session: ManagedSession): void;
  /** The session is over. */
  forget(session: ManagedSession): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls `then` later, unless what is returned is disposed before. */
  after(ms: number, then: () => void): Disposable;
}

/** What all sessions of a host share. */
export interface ManagedServices {
  readonly router: Router;
  readonly intake: Intake;
  readonly log: Log;
}

/** A session. It takes the place of the connection in the directory. */
export class ManagedSession implements Outlet {
  /** 128 random bits, so that nobody else can go on with it. */
  readonly id: string = newId();
  readonly bound: Bound;
  /** The client wants to come back when the connection is lost. */
  readonly resumable: boolean;
  readonly incoming: Incoming;
  readonly #services: ManagedServices;
  readonly #keeper: Keeper;
  readonly #sent: Unacknowledged;
  readonly #brake: Brake;
  #carrier: Carrier | undefined;
  #asked = false;
  #paused = false;
  #over = false;

  /** @param count how many stanzas were counted before, in both directions; other than 0 in tests only */
  constructor(
    bound: Bound,
    resumable: boolean,
    carrier: Carrier,
    services: ManagedServices,
    keeper: Keeper,
    count: number = 0,
  ) {
    this.bound = bound;
    this.resumable = resumable;
    this.#carrier = carrier;
    this.#services = services;
    this.#keeper = keeper;
    this.incoming = new Incoming(count);
    this.#sent = new Unacknowledged(count);
    this.#brake = new Brake((ms, then) => keeper.after(ms, then));
  }

  /** Whether it has no connection. */
  get asleep(): boolean {
    return this.#carrier === undefined;
  }

  /** Stanzas that it keeps, and the characters that they take. */
  get length(): number {
    return this.#sent.length;
  }

  get weight(): number {
    return this.#sent.weight;
  }

  /** Nobody waits for a session that sleeps: it may sleep for long, and others of its account may be awake. */
  get unsent(): number {
    return this.asleep ? 0 : this.weight;
  }

  /** Whether the client was asked for its count, and has not answered. */
  get asked(): boolean {
    return this.#asked;
  }

  deliver(stanza: Stanza, copies?: Copies, sender?: Outlet): void {
    const text = textOfStanza(stanza, this.#services.log);
    if (text === undefined) return;
    const before = this.weight;
    this.#sent.add(text, this.#keeper.now(), copies);
    this.#keeper.weigh(this, this.weight - before);
    this.#carrier?.write(text);
    if (!this.#asked) this.ask();
    // While its client is not read, it is behind through us; and whoever holds each other would hear no count that ends it.
    if (this.unsent > BEHIND && !this.#paused && sender !== undefined && sender !== this) this.#brake.hold(sender);
  }

  /** Asks the client for its count. One question at a time is enough: the answer brings the next. */
  ask(): void {
    this.#asked = !this.asleep;
    this.#carrier?.write(REQUEST);
  }

  /**
   * The client tells its count.
   *
   * @throws CountTooHigh when it was not sent as many stanzas
   */
  acknowledge(h: number): void {
    this.#shrink(h);
    this.#asked = false;
    if (this.length > 0) this.ask();
  }

  #shrink(h: number): void {
    const before = this.weight;
    this.#sent.acknowledge(h);
    this.#keeper.weigh(this, this.weight - before);
    if (this.weight <= BEHIND) this.#brake[Symbol.dispose]();
  }

  /**
   * Deals with a stanza of the client, unless it has come before. It is handled when `deal` returns, or when the owner of the
   * host has handled what came to it meanwhile.
   */
  receive(deal: () => void): void {
    if (!this.incoming.receive()) return;
    const { intake } = this.#services;
    const before = intake.received;
    deal();
    if (intake.received === before) {
      this.#tellIf(this.incoming.settle());
      return;
    }
    this.incoming.wait();
    intake.afterwards(() => this.#tellIf(this.incoming.pass()));
  }

  #tellIf(due: boolean): void {
    if (due) this.#carrier?.say(acknowledge(this.incoming.tell()));
  }

  /** Answers the client that asks for our count. */
  tell(): void {
    this.#carrier?.say(acknowledge(this.incoming.answer()));
  }

  pause(): void {
    this.#paused = true;
    this.#carrier?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#carrier?.resume();
  }

  /**
   * Goes on on another connection; one that it still has is closed. `resend` has to follow.
   *
   * @param h the client's count
   * @returns our count
   * @throws CountTooHigh when it was not sent as many stanzas; then nothing has changed
   */
  continue(carrier: Carrier, h: number): number {
    this.#shrink(h);
    const older = this.#carrier;
    this.#carrier = carrier;
    this.#asked = false;
    this.#keeper.wake(this);
    older?.end('conflict', 'the session goes on on another connection');
    if (this.#paused) carrier.pause();
    return this.incoming.resume();
  }

  /** Writes again what the client has not handled. */
  resend(): void {
    if (this.length === 0) return;
    this.#carrier?.write(this.#sent.text);
    this.ask();
  }

  /** A connection is gone: the session sleeps, when it may. */
  lost(carrier: Carrier): void {
    if (carrier !== this.#carrier) return;
    this.#carrier = undefined;
    this.#asked = false;
    this.#brake[Symbol.dispose]();
    if (this.resumable) this.#keeper.sleep(this);
    else this.over();
  }

  /** The stream on a connection has ended for good, and the session with it. */
  finished(carrier: Carrier): void {
    if (carrier === this.#carrier) this.over();
  }

  /** Ends the session, with an error on its stream when it has one. */
  end(condition: StreamCondition, text: string): void {
    if (this.#carrier === undefined) this.over();
    else this.#carrier.end(condition, text);
  }

  /**
   * Ends a session whose stream has ended. What it never got is treated as if it came now (XEP-0198 §4), but for answers:
   * nobody else has asked.
   */
  over(): void {
    if (this.#over) return;
    this.#over = true;
    this.#carrier = undefined;
    this.#brake[Symbol.dispose]();
    const { router, intake } = this.#services;
    const before = this.weight;
    const missed = this.#sent.giveUp();
    this.#keeper.weigh(this, -before);
    this.#keeper.forget(this);
    intake.forget(this);
    router.unbind(this.bound);
    const start = Date.now() - this.#keeper.now();
    for (const { text, at } of missed) {
      const stanza = stanzaOfText(text);
      if (stanza !== undefined && stanza.type !== 'result' && stanza.type !== 'error')
        router.submit(delayed(stanza, start + at));
    }
  }
}

/**
 * A message that comes late says when it came (XEP-0198 §4, XEP-0203), unless it says so already.
 *
 * @param at milliseconds since 1970
 */
function delayed(stanza: Addressed, at: number): Addressed {
  const { kind, to, payload } = stanza;
  if (kind !== 'message' || payload.some(({ name, ns }) => name === 'delay' && ns === NS.delay)) return stanza;
  const delay = element('delay', NS.delay, { from: domainOf(to), stamp: new Date(at).toISOString() });
  return { ...stanza, payload: [...payload, delay] };
}

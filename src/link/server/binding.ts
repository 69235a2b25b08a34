/**
 * What a connection is bound to: a session of its own, or, with stream management, one that outlives it (RFC 6120 §7, XEP-0198).
 *
 * Decides how the stream's commands about a session are carried out. The connection itself, and when the client has been
 * silent for too long, is `session.ts`.
 */
import { element } from '../../xml/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { newId, type Stanza } from '../../xmpp/stanza.ts';
import { CountTooHigh } from '../../xmpp/stream-management.ts';
import type { Bound, Outlet } from './directory.ts';
import type { Carrier, ManagedServices, ManagedSession } from './managed-session.ts';
import type { ManagedSessions } from './managed-sessions.ts';
import type { StreamInput } from './stream-states.ts';

/** What all connections of a host share. */
export interface BindingServices extends ManagedServices {
  readonly managed: ManagedSessions;
}

/** The stream of the connection. */
export interface BindingStream extends Outlet, Carrier {
  /** Tells the stream what has happened. */
  input(input: StreamInput): void;
}

/** The binding of one connection. */
export class Binding implements Disposable {
  readonly #domain: Jid;
  readonly #services: BindingServices;
  readonly #stream: BindingStream;
  #bound: Bound | undefined;
  /** Absent until stream management is on. It outlives the connection, and then belongs to another one. */
  #managed: ManagedSession | undefined;
  /** The id of the ping that asked a silent client whether it is there. */
  #ping: string | undefined;

  constructor(domain: Jid, services: BindingServices, stream: BindingStream) {
    this.#domain = domain;
    this.#services = services;
    this.#stream = stream;
  }

  /** Whether the client owes its count. */
  get asked(): boolean {
    return this.#managed?.asked === true;
  }

  /** Binds an address; returns whether there was room for it. */
  bind(address: Jid): boolean {
    const bound = this.#services.router.bind(address, this.#stream, ready => {
      this.#bound = ready;
      this.#stream.input({ name: 'bound', address });
    });
    if (bound === undefined) this.#stream.input({ name: 'crowded' });
    return bound !== undefined;
  }

  /**
   * Stream management begins: from here on the session can outlive its connection.
   *
   * @param resumable whether the client wants that
   * @param enabled is told the id of the session, before anything is counted
   */
  manage(resumable: boolean, enabled: (id: string) => void): void {
    if (this.#bound === undefined) return;
    this.#managed = this.#services.managed.begin(this.#bound, resumable, this.#stream);
    enabled(this.#managed.id);
  }

  /**
   * Takes over a session that the account had before.
   *
   * @param h how many stanzas of it the client has handled
   * @returns its address, when there is such a session
   */
  goOn(account: Jid, id: string, h: number): Jid | undefined {
    const { managed } = this.#services;
    const session = managed.find(id, account);
    if (session === undefined) this.#stream.input({ name: 'unresumable', handled: managed.handledBy(id, account) });
    return session !== undefined && this.#counted(() => this.#take(session, h)) ? session.bound.address : undefined;
  }

  #take(session: ManagedSession, h: number): void {
    const handled = session.continue(this.#stream, h);
    this.#managed = session;
    this.#bound = session.bound;
    this.#stream.input({ name: 'resumed', address: session.bound.address, handled });
    session.resend();
  }

  /** The client tells its count. */
  acknowledge(h: number): void {
    this.#counted(() => this.#managed?.acknowledge(h));
  }

  /** Returns whether the client's count was possible; the stream ends when it was not. */
  #counted(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof CountTooHigh)) throw error;
      const text = 'the client acknowledges stanzas that it was not sent';
      this.#stream.input({ name: 'fault', condition: error.condition, text, error: error.farewell });
      return false;
    }
  }

  /** Tells the client our count. */
  tell(): void {
    this.#managed?.tell();
  }

  /** Takes a stanza of the client to where it goes. */
  route(stanza: Stanza): void {
    this.#arrive(() => {
      if (this.#bound !== undefined && !this.#isPong(stanza)) this.#services.router.fromClient(this.#bound, stanza);
    });
  }

  /** Answers a stanza of the client, or passes it over in silence. */
  answer(stanza: Stanza | undefined): void {
    this.#arrive(() => {
      if (stanza !== undefined) this.#bound?.outlet.deliver(stanza);
    });
  }

  /** Deals with a stanza of the client; a managed session counts it. */
  #arrive(deal: () => void): void {
    if (this.#managed === undefined) deal();
    else this.#managed.receive(deal);
  }

  /** The answer to our own ping is nobody else's; an error is an answer too (XEP-0199 §4.2). */
  #isPong({ kind, id, type }: Stanza): boolean {
    return kind === 'iq' && id === this.#ping && id !== undefined && (type === 'result' || type === 'error');
  }

  /** Asks the client whether it is there. */
  ask(): void {
    if (this.#managed !== undefined) this.#managed.ask();
    else if (this.#bound !== undefined) this.#askFor(this.#bound);
  }

  #askFor({ address, outlet }: Bound): void {
    this.#ping = newId();
    const addresses = { from: this.#domain, to: address };
    outlet.deliver({ kind: 'iq', type: 'get', ...addresses, id: this.#ping, payload: [element('ping', NS.ping)] });
  }

  /** The connection is gone, or as good as gone: a managed session may wait for its client to come back. */
  lose(): void {
    this.#managed?.lost(this.#stream);
    this[Symbol.dispose]();
  }

  /** The stream has ended, and with it the session, unless that belongs to another connection by now. */
  [Symbol.dispose](): void {
    if (this.#managed !== undefined) this.#managed.finished(this.#stream);
    else if (this.#bound !== undefined) this.#services.router.unbind(this.#bound);
    this.#managed = undefined;
    this.#bound = undefined;
  }
}

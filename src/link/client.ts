/**
 * The client link: a user's account on any XMPP server (RFC 6120, RFC 6121, XEP-0198).
 *
 * Decides when to connect, when a session can be gone back to, when to give up, and what its users see meanwhile. One session
 * after the other (`client-session.ts`) runs over one connection after the other (`client-stream.ts`). No stanza is sent twice
 * on our own account: what a resumed session had lost is sent again because the server says that it has not got it; when a
 * session cannot be resumed, those who wait for `acked` are told `link-lost`, and the log says how much was unconfirmed.
 */
import { randomUUID } from 'node:crypto';
import { RestanzaError } from '../errors.ts';
import type { Element } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { bareOf, type Jid } from '../xmpp/jid.ts';
import type { Begun, Plan } from '../xmpp/negotiate/words.ts';
import type { ClientKeys } from '../xmpp/sasl/client-exchange.ts';
import { Kdf } from '../xmpp/sasl/kdf.ts';
import { newId, type Stanza } from '../xmpp/stanza.ts';
import type { Management } from '../xmpp/stream-management.ts';
import { ClientCredentials, type Learned } from './client-credentials.ts';
import { endedByTimeout, helpless } from './client-ending.ts';
import { greet } from './client-greeting.ts';
import { ClientIntake } from './client-intake.ts';
import type { ClientLink, ClientOptions } from './client-options.ts';
import { type ClientEnding, ClientRoutes, type Route } from './client-route.ts';
import { ClientSession } from './client-session.ts';
import { ClientStream } from './client-stream.ts';
import type { ClientStreamOptions, ClientStreamOwner } from './client-stream-options.ts';
import { acceptable, serialise } from './client-text.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import type { Ending } from './ending.ts';
import type { Cause, LinkState, Until } from './link.ts';
import { Retry } from './retry.ts';

/** Characters of what makes a taken resource another one. */
const SPARE = 8;

/** Logs in to an account, now and again as the options say, until the link is closed. */
export function connectClient(options: ClientOptions): ClientLink {
  return new UserLink(options);
}

class UserLink implements ClientLink, ClientStreamOwner {
  /** That of the account; its domain, until the server has said whose a token is. */
  address: Jid;
  readonly incoming: AsyncIterable<readonly Stanza[]>;
  onState: ((state: LinkState) => void) | undefined;
  onSession: ((first: boolean) => void) | undefined;
  readonly #options: ClientOptions;
  /** What all connections share. */
  readonly #shared: Omit<ClientStreamOptions, 'plan' | 'secrets' | 'route'>;
  readonly #credentials: ClientCredentials;
  readonly #fields: { readonly account: Jid };
  readonly #intake: ClientIntake;
  readonly #retry: Retry;
  readonly #routes: ClientRoutes;
  #state: LinkState = { name: 'connecting', retryIn: 0 };
  #stream: ClientStream;
  #session: ClientSession | undefined;
  /** The address of the last session that has ended. */
  #former: Jid | undefined;
  /** The bytes that the server takes as one stanza, when it says so. */
  #limit: number | undefined;
  #onlineSince: number | undefined;
  /** When the session is given up that waits to be resumed. */
  #expiry: Disposable | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ClientOptions) {
    const { account, credential, log, trust, resolver, clock = SYSTEM_CLOCK, random = Math.random } = options;
    const userAgent = { id: options.device ?? randomUUID(), software: 'Restanza' };
    this.address = bareOf(account);
    this.#fields = { account: this.address };
    this.#options = options;
    this.#credentials = new ClientCredentials(credential, options.reconnect, clock);
    this.#shared = { kdf: options.kdf ?? new Kdf(), trust, userAgent, clock, random, resolver };
    this.#retry = new Retry(clock, random);
    this.#routes = new ClientRoutes(account, options.server, options.tls);
    const events = { full: () => this.#stop(), space: () => this.#goOn() };
    this.#intake = new ClientIntake(events, log, this.#fields, clock);
    this.incoming = this.#intake;
    this.#stream = this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  get bound(): Jid | undefined {
    return this.#session?.address;
  }

  get confirms(): boolean {
    return this.#session?.confirms ?? false;
  }

  get keys(): ClientKeys | undefined {
    return this.#credentials.keys;
  }

  #change(state: LinkState): void {
    this.#state = state;
    this.onState?.(state);
  }

  #connect(route = this.#routes.next(this.#session?.location)): ClientStream {
    const { resource } = this.#options;
    const spare = newId().slice(0, SPARE);
    const plan: Plan = { account: this.address, tls: route.tls, resource, spare, resume: this.#session?.resuming() };
    return new ClientStream({ ...this.#shared, plan, secrets: this.#credentials.secrets, route }, this);
  }

  learned(learned: Learned): void {
    this.#credentials.learn(learned);
  }

  began({ address, management, early }: Begun): void {
    this.#abandon();
    const session = new ClientSession(address, management, this.#stream, this.#shared.clock, this.#options.outbox);
    this.#session = session;
    this.address = bareOf(address);
    for (const stanza of greet(this.#options)) session.offer(serialise(stanza));
    this.#online('client session has begun', { address, confirms: this.confirms });
    this.onSession?.(this.#former === undefined);
    for (const received of early) this.#intake.early(session, received);
  }

  continued(handled: number): void {
    this.#expiry?.[Symbol.dispose]();
    this.#session?.continue(this.#stream, handled);
    this.#online('client session is resumed', { address: this.bound });
  }

  forgone(handled: number | undefined): void {
    try {
      if (handled !== undefined) this.#session?.settle(handled);
    } finally {
      const unconfirmed = this.#session?.unconfirmed;
      this.#options.log.warn({ ...this.#fields, unconfirmed }, 'client session cannot be resumed');
      this.#abandon();
    }
  }

  #online(message: string, more: object): void {
    this.#onlineSince = this.#shared.clock.now();
    this.#routes.online(this.#stream.arrival);
    if (this.#intake.full) this.#stop();
    this.#change({ name: 'online' });
    this.#options.log.info({ ...this.#fields, ...more }, message);
  }

  /** Gives the session up: nobody knows what became of what is unconfirmed. */
  #abandon(): void {
    this.#expiry?.[Symbol.dispose]();
    const unsent = this.#down();
    this.#session?.end(unsent);
    this.#former = this.bound ?? this.#former;
    this.#session = undefined;
  }

  /** Nobody has shown a wrong password, so nobody is told and there is no wait. */
  anew(why: string, route: Route): void {
    this.#credentials.forget();
    this.#options.log.info({ ...this.#fields, why }, 'client login begins anew without its token');
    this.#again(route);
  }

  managed(said: Management): void {
    this.#session?.manage(said);
  }

  element(received: Element, bytes: number): void {
    if (this.#session !== undefined) this.#intake.take(this.#session, received, bytes);
  }

  oversized(head: Element, reason: string): void {
    if (this.#session !== undefined) this.#intake.oversized(this.#session, head, reason);
  }

  #stop(): void {
    this.#stream.pause();
    this.#session?.pause();
  }

  #goOn(): void {
    this.#stream.resume();
    this.#session?.resume();
  }

  lost(end: ClientEnding, inOrder: boolean): void {
    const ending = this.#routes.follow(end);
    if (ending.onward !== undefined && this.#onlineSince === undefined) {
      this.#options.log.info(this.#lineOf(ending.cause), 'client login goes on at another server');
      this.#again();
      return;
    }
    const onlineFor = this.#onlineSince === undefined ? 0 : this.#shared.clock.now() - this.#onlineSince;
    this.#onlineSince = undefined;
    const resumable = !inOrder && this.#session?.resumable !== undefined;
    if (resumable && ending.cause.blame !== 'credentials') this.#suspend(ending, onlineFor);
    else this.#fail(ending, onlineFor);
  }

  #lineOf({ text, condition, reason }: Cause): object {
    return { ...this.#fields, cause: text, condition, reason };
  }

  #suspend({ cause, reconnect }: Ending, onlineFor: number): void {
    const again = this.#state.name === 'suspended';
    this.#retry.plan(reconnect === 'retry' ? 'resume' : 'yield', onlineFor, () => this.#again());
    if (again) {
      this.#options.log.info(this.#lineOf(cause), 'client session is not resumed yet');
      return;
    }
    this.#session?.suspend();
    const ms = this.#session?.resumable ?? 0;
    this.#expiry = this.#shared.clock.after(ms, () => this.#expire(ms));
    this.#change({ name: 'suspended', cause });
    this.#options.log.warn(this.#lineOf(cause), 'client link is suspended');
  }

  /** The server has forgotten the session by now. */
  #expire(ms: number): void {
    this.#stream.cut();
    this.#fail(endedByTimeout({ account: this.address }, ms), 0);
  }

  #fail({ cause, reconnect }: Ending, onlineFor: number): void {
    this.#retry[Symbol.dispose]();
    const line = { ...this.#lineOf(cause), unconfirmed: this.#session?.unconfirmed ?? 0 };
    if (!this.#options.reconnect) {
      this.#change({ name: 'closed', cause });
      this.#options.log.warn(line, 'client link is closed');
      this.#intake.close();
    } else {
      const pace = reconnect === 'stop' ? 'refused' : reconnect;
      const retryIn = this.#retry.plan(pace, onlineFor, () => this.#again());
      this.#change({ name: 'connecting', cause, retryIn });
      if (pace === 'refused') this.#options.log.error({ ...line, retryIn }, helpless(this.#options, cause));
      else this.#options.log.warn({ ...line, retryIn }, 'client link is down');
    }
    this.#abandon();
  }

  #again(route?: Route): void {
    // The last connection may still be on its way out; the server must not see two.
    this.#stream.cut();
    this.#stream = this.#connect(route);
  }

  /** Why nothing can be sent now. */
  #down(): RestanzaError {
    if (this.#state.name === 'closed') return new RestanzaError('link-down');
    return new RestanzaError('link-down', undefined, { retryAfter: this.#retry.left });
  }

  send(stanza: Stanza, until: Until = 'sent'): Promise<void> {
    const sent = this.#send(stanza, until);
    // Who does not care for the outcome must not bring the process down.
    sent.catch(() => {});
    return sent;
  }

  async #send(stanza: Stanza, until: Until): Promise<void> {
    this.#requireOwn(stanza.from);
    const session = this.#session;
    if (session === undefined) throw this.#down();
    const { stanzaBytes = CLIENT_LIMITS.bytes } = this.#options;
    // Who waits for the session to be resumed does not know better than before.
    if (this.#state.name === 'online') this.#limit = this.#stream.stanzaLimit;
    const { text, bytes } = acceptable(stanza, Math.min(stanzaBytes, this.#limit ?? stanzaBytes));
    await session.send(text, bytes, until);
  }

  /** The server knows who we are; who means somebody else must not be taken for us. */
  #requireOwn(from: Jid | undefined): void {
    if (from === undefined || from === this.address || from === this.bound) return;
    if (from === this.#former) throw this.#down();
    throw new TypeError(`a stanza of a session is from ${this.address}, or its full address`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#retry[Symbol.dispose]();
    if (this.#state.name !== 'closed') {
      this.#change({ name: 'closed', cause: { text: 'the gateway has closed the link' } });
      this.#options.log.info(this.#fields, 'client link is closed');
    }
    this.#stream.close(this.#session?.farewell());
    this.#intake.drop();
    this.#abandon();
    await this.#stream.closed;
    this.#intake.close();
  }
}

/**
 * One connection of a user, from dialling to its last byte.
 *
 * Decides what happens to each thing that comes: it moves the login on, is a stanza, belongs to stream management, or ends the
 * connection. It is used up when it has ended. What a login does is decided in `xmpp/negotiate/login.ts`, what is let in and
 * what is counted in `client-session.ts`, when to make the next connection in `client.ts`, what is said about the end in
 * `client-ending.ts`.
 */
import type { Element } from '../xml/element.ts';
import { COMPONENT_LIMITS, PRE_AUTH_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import {
  isFeatures,
  openStream,
  type ReceivedStreamError,
  readStreamError,
  STREAM_END,
  StreamFault,
} from '../xmpp/header.ts';
import { domainOf, localOf } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { readStanzaLimit } from '../xmpp/stream-limits.ts';
import { readManagement } from '../xmpp/stream-management.ts';
import {
  type ClientPlace,
  endedByDelay,
  endedByError,
  endedByFault,
  endedByLogin,
  endedBySilence,
  farewellTo,
} from './client-ending.ts';
import { ClientLogin } from './client-login.ts';
import { type Arrival, allowsPlain, type ClientEnding, routeBeside, routeOn } from './client-route.ts';
import type { ClientStreamOptions, ClientStreamOwner } from './client-stream-options.ts';
import { DialError, type Dialled, dial } from './dial.ts';
import { explainFailure } from './dial-failure.ts';
import { again, endedInOrder } from './ending.ts';
import { PROBE_WAIT } from './pulse.ts';
import { readProceed } from './starttls.ts';
import { asTls, securing } from './tls-client.ts';
import { Transport } from './transport.ts';

/** Milliseconds for the login, once there is a connection. */
const LOGIN_WAIT = 15_000;

/** A connection. Making it starts it. */
export class ClientStream {
  /** The bytes that the server takes as one stanza, as it last said on the present stream. */
  stanzaLimit: number | undefined;
  readonly #options: ClientStreamOptions;
  readonly #owner: ClientStreamOwner;
  readonly #dialling = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #place: ClientPlace;
  #dialled: Dialled | undefined;
  #transport: Transport | undefined;
  #reader: StreamReader | undefined;
  #deadline: Disposable | undefined;
  #login: ClientLogin | undefined;
  #online = false;
  #over = false;
  /** Bytes that came since the last element; an element that is refused before it ends leaves them to the next. */
  #unread = 0;

  constructor(options: ClientStreamOptions, owner: ClientStreamOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#place = { account: options.plan.account };
    void this.#connect();
  }

  /** The connection, once there is one. */
  get arrival(): Arrival | undefined {
    return this.#dialled && { route: this.#options.route, dialled: this.#dialled };
  }

  /** Resolves when the socket is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async #connect(): Promise<void> {
    const { plan, trust, clock, random, resolver, route } = this.#options;
    try {
      const [domain, signal] = [domainOf(plan.account), this.#dialling.signal];
      this.#take(await dial({ ...route, domain, trust, signal, clock, random, resolver }));
    } catch (error) {
      this.#lose(again(error instanceof DialError ? error.message : String(error)));
      this.#closed.resolve();
    }
  }

  #take(dialled: Dialled): void {
    const { socket, secured, where } = dialled;
    this.#transport = new Transport(socket, { bytes: chunk => this.#read(chunk), end: error => this.#end(error) });
    if (this.#over) {
      this.cut();
      return;
    }
    const { plan, clock, route } = this.#options;
    this.#dialled = dialled;
    this.#place = { account: plan.account, where, sentOn: route.sentOn };
    this.#deadline = clock.after(LOGIN_WAIT, () => this.#lose(endedByDelay(this.#place, LOGIN_WAIT)));
    this.#login = this.#newLogin(dialled);
    this.#login.begin(secured ? asTls(socket) : undefined);
  }

  #newLogin({ loopback }: Dialled): ClientLogin {
    const owner = this.#owner;
    return new ClientLogin(this.#options, allowsPlain(this.#options.route, loopback), {
      learned: learned => owner.learned(learned),
      began: session => this.#stand(() => owner.began(session)),
      continued: handled => this.#stand(() => owner.continued(handled)),
      forgone: handled => owner.forgone(handled),
      open: (known, authenticated) => this.#open(known, authenticated),
      write: text => this.write(text),
      secure: () => this.#secure(),
      anew: why => {
        this.#finish(undefined);
        owner.anew(why, this.#options.route);
      },
      failed: failure => this.#lose(endedByLogin(this.#place, failure), STREAM_END),
      broken: fault => this.#fault(fault),
    });
  }

  /** Begins a stream. RFC 6120 §4.7.1: who we are is said only where nobody else can read it. */
  #open(known: boolean, authenticated: boolean): void {
    const { account } = this.#options.plan;
    this.#reader?.stop();
    this.stanzaLimit = undefined;
    this.#reader = this.#newReader(known || authenticated);
    const from = known && localOf(account) !== undefined ? account : undefined;
    this.write(openStream({ contentNs: NS.client, to: domainOf(account), from, version: '1.0' }));
  }

  /** A server with a certificate may write as in a session at once: after SASL2 the stream goes on as one. */
  #newReader(trusted: boolean): StreamReader {
    return new StreamReader(
      {
        open: (root, contentNs) => this.#login?.input({ name: 'header', root, contentNs }),
        element: received => this.#element(received),
        refused: (head, reason) => this.#refuse(head, reason),
        close: () => this.#lose(endedInOrder(), STREAM_END),
      },
      { limits: trusted ? COMPONENT_LIMITS : PRE_AUTH_LIMITS, forgivesNames: trusted },
    );
  }

  #read(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#unread += chunk.byteLength;
    try {
      if (this.#login?.waits === 'upgrading') readProceed(reader, chunk, () => this.#login?.waits !== 'upgrading');
      else reader.write(chunk);
    } catch (error) {
      this.#fault(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The server broke the protocol; it is told the condition, never the particulars. */
  #fault(fault: Error): void {
    if (this.#login?.waits === 'securing' && this.#dialled !== undefined) {
      this.#lose(again(explainFailure(this.#dialled.place, fault)));
    } else this.#lose(endedByFault(this.#place, fault, this.#online), farewellTo(fault));
  }

  #element(received: Element): void {
    const error = readStreamError(received);
    if (isFeatures(received)) this.stanzaLimit = readStanzaLimit(received) ?? this.stanzaLimit;
    if (error !== undefined) this.#leave(error);
    else if (this.#online) this.#deliver(received);
    else this.#login?.input({ name: 'element', element: received });
  }

  /** Whoever is sent to another server says no end of the stream, which would be that of the session (XEP-0198 §5). */
  #leave(error: ReceivedStreamError): void {
    const ending = endedByError(this.#place, error);
    const onward = this.arrival && routeOn(this.arrival, error.address ?? '');
    if (onward === undefined) this.#lose(ending, STREAM_END);
    else this.#lose({ ...ending, onward });
  }

  #deliver(received: Element): void {
    const bytes = this.#unread;
    this.#unread = 0;
    // After SASL2 they may come when everything that they offer is done.
    if (isFeatures(received)) return;
    const said = readManagement(received);
    if (said === undefined) this.#owner.element(received, bytes);
    else this.#owner.managed(said);
  }

  #refuse(head: Element, reason: string): void {
    if (!this.#online) throw new StreamFault('policy-violation', reason);
    this.#owner.oversized(head, reason);
  }

  /** The login is done, and what it needed is given up. */
  #stand(tell: () => void): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = undefined;
    this.#login = undefined;
    this.#online = true;
    tell();
  }

  #secure(): void {
    const wrap = securing(domainOf(this.#options.plan.account), this.#options.trust);
    this.#transport?.secure(socket => {
      const secured = wrap(socket);
      secured.once('secureConnect', () => {
        if (this.#dialled !== undefined) this.#dialled = { ...this.#dialled, secured: true };
        if (!this.#over) this.#login?.secured(secured);
      });
      return secured;
    });
  }

  /** Writes text on the stream. After the end it does nothing. */
  write(text: string): void {
    this.#transport?.write(text);
  }

  /** Stops reading: the server is slowed down. */
  pause(): void {
    this.#transport?.pause();
  }

  /** Reads again. */
  resume(): void {
    this.#transport?.resume();
  }

  /** No answer came to what was asked again and again. */
  silent(): void {
    this.#lose(endedBySilence(this.#place, PROBE_WAIT));
  }

  #end(error: Error | undefined): void {
    const { place } = this.#dialled ?? {};
    if (place !== undefined) this.#lose(again(explainFailure(place, error)));
    this.#closed.resolve();
  }

  /** @param farewell what to say before closing in order; without it, the connection is cut */
  #lose(ending: ClientEnding, farewell?: string): void {
    if (this.#over) return;
    const beside = this.#login?.hasShown === false ? this.arrival && routeBeside(this.arrival) : undefined;
    this.#finish(farewell);
    // Before the login is done, the end is that of a connection; a session that is to be resumed on it knows nothing of it.
    this.#owner.lost({ ...(beside && { onward: beside }), ...ending }, farewell !== undefined && this.#online);
  }

  #finish(farewell: string | undefined): void {
    this.#over = true;
    this.#reader?.stop();
    this.#reader = undefined;
    this.#login?.stop();
    this.#deadline?.[Symbol.dispose]();
    if (farewell === undefined || this.#transport === undefined) this.cut();
    else this.#transport.close(farewell);
  }

  /** Closes the stream in order (RFC 6120 §4.4), behind the farewell, within two seconds; one whose login is not done is cut. */
  close(farewell = ''): void {
    if (!this.#over) this.#finish(this.#online ? farewell + STREAM_END : undefined);
  }

  /** Ends the connection at once, and tells nobody. */
  cut(): void {
    this.#over = true;
    this.#deadline?.[Symbol.dispose]();
    this.#dialling.abort();
    this.#transport?.[Symbol.dispose]();
  }
}

/**
 * The login of one connection, carried out.
 *
 * Decides nothing of the protocol: the state machine of `xmpp/negotiate/login.ts` says what to do, and this does it with the
 * credentials at hand. Holds the SASL exchange, whose answers may take a while, and what it needs of TLS.
 */
import type { TLSSocket } from 'node:tls';
import { RestanzaError } from '../errors.ts';
import type { Element } from '../xml/element.ts';
import { advance, connected } from '../xmpp/negotiate/login.ts';
import type {
  Begun,
  LoginCommand,
  LoginFailure,
  LoginInput,
  LoginState,
  Plan,
  Waiting,
} from '../xmpp/negotiate/words.ts';
import { chooseMechanism } from '../xmpp/sasl/client.ts';
import type { ClientCredential, ClientExchange, ClientKeys, ClientOffer } from '../xmpp/sasl/client-exchange.ts';
import { SaslFault } from '../xmpp/sasl/client-fault.ts';
import { auth, readSaslAnswer, response, type SaslAnswer } from '../xmpp/sasl/client-frames.ts';
import type { Kdf } from '../xmpp/sasl/kdf.ts';
import {
  authenticate,
  readSasl2Answer,
  requireIdentity,
  respond,
  type Sasl2Success,
  type UserAgent,
} from '../xmpp/sasl2.ts';
import { exporterOf, type Trust } from './tls-client.ts';

/** What a login needs. */
export interface ClientLoginOptions {
  readonly plan: Plan;
  readonly credential: ClientCredential;
  readonly kdf: Kdf;
  readonly trust: Trust;
  /** What SASL2 is told about us. */
  readonly userAgent: UserAgent;
}

/** Who is told what a login brings. */
export interface ClientLoginOwner {
  /** It has brought keys that make the next one cheaper. */
  learned(keys: ClientKeys): void;
  /** A new session has begun. */
  began(session: Begun): void;
  /** The session goes on; the server has handled so many of our stanzas. */
  continued(handled: number): void;
  /** The session cannot go on; the server may know how many of our stanzas it had handled. */
  forgone(handled: number | undefined): void;
}

/** The connection on which a login takes place. */
export interface ClientLoginEvents extends ClientLoginOwner {
  /**
   * Begin a stream, with a new reader.
   *
   * @param known whether the server may be told who we are
   */
  open(known: boolean, authenticated: boolean): void;
  write(text: string): void;
  /** Go on over TLS; `secured` is called when it is in place. */
  secure(): void;
  /** There will be no session, and it is the last that is told. */
  failed(failure: LoginFailure): void;
  /** Something went wrong outside of the reader. */
  broken(fault: Error): void;
}

type SaslSuccess = Extract<SaslAnswer, { name: 'success' }>;

/** The login of one connection. */
export class ClientLogin {
  readonly #options: ClientLoginOptions;
  readonly #loopback: boolean;
  readonly #events: ClientLoginEvents;
  #state: LoginState = { name: 'over' };
  #tls: TLSSocket | undefined;
  #exchange: ClientExchange | undefined;
  #profile: ClientOffer['profile'] = 'sasl';

  /** @param loopback whether the server is on this machine */
  constructor(options: ClientLoginOptions, loopback: boolean, events: ClientLoginEvents) {
    this.#options = options;
    this.#loopback = loopback;
    this.#events = events;
  }

  /** Where it stands. */
  get waits(): Waiting | 'over' {
    return this.#state.name;
  }

  /**
   * Begins the first stream.
   *
   * @param tls the TLS socket, when the connection began as one (XEP-0368)
   */
  begin(tls: TLSSocket | undefined): void {
    this.#tls = tls;
    this.#state = connected(this.#options.plan, tls !== undefined);
    this.#events.open(tls !== undefined, false);
  }

  /** TLS is in place, with all checks passed. */
  secured(tls: TLSSocket): void {
    this.#tls = tls;
    this.#happen(() => ({ name: 'secured' }));
  }

  /** Nothing counts any more. */
  stop(): void {
    this.#state = { name: 'over' };
    this.#exchange = undefined;
  }

  /** An input from outside of the reader, which catches what its events throw. */
  #happen(input: () => LoginInput): void {
    try {
      this.input(input());
    } catch (error) {
      this.#events.broken(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * Takes what happened.
   *
   * @throws StreamFault when the server breaks the protocol
   */
  input(input: LoginInput): void {
    const { state, commands } = advance(this.#options.plan, this.#state, input);
    this.#state = state;
    for (const command of commands) this.#perform(command);
  }

  #perform(command: LoginCommand): void {
    switch (command.do) {
      case 'write':
        this.#events.write(command.xml);
        break;
      case 'open':
        this.#events.open(this.#tls !== undefined, command.authenticated);
        break;
      case 'secure':
        this.#events.secure();
        break;
      case 'authenticate':
        this.#authenticate(command.offer, command.inline);
        break;
      case 'exchange':
        this.#judge(command.received);
        break;
      case 'forgo':
        this.#events.forgone(command.handled);
        break;
      case 'begin':
        this.#events.began(command);
        break;
      case 'continue':
        this.#events.continued(command.handled);
        break;
      case 'fail':
        this.#events.failed(command.failure);
    }
  }

  #authenticate(offer: ClientOffer, inline: readonly Element[]): void {
    const { credential, kdf, plan, userAgent } = this.#options;
    const secure = this.#tls !== undefined;
    const exporter = this.#tls === undefined ? undefined : exporterOf(this.#tls);
    const channel = { secure, allowPlain: plan.tls === 'off' || this.#loopback, exporter };
    this.#exchanging(() => {
      const exchange = chooseMechanism(offer, credential, channel, { kdf });
      this.#exchange = exchange;
      this.#profile = offer.profile;
      const { mechanism } = exchange;
      const initial = exchange.initial();
      const first =
        offer.profile === 'sasl' ? auth(mechanism, initial) : authenticate({ mechanism, initial, userAgent, inline });
      return { name: 'response', element: first };
    });
  }

  #judge(received: Element): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchanging(() => {
      const said = this.#profile === 'sasl' ? readSaslAnswer(received) : readSasl2Answer(received);
      if (said.name === 'failure') throw said.fault;
      if (said.name === 'success') return this.#accept(exchange, said);
      void this.#respond(exchange, said.data);
      return undefined;
    });
  }

  /** A fault of the exchange is an outcome of the login like any other. */
  #exchanging(step: () => LoginInput | undefined): void {
    const input = outcome(step);
    if (input !== undefined) this.input(input);
  }

  #accept(exchange: ClientExchange, said: SaslSuccess | Sasl2Success): LoginInput {
    exchange.success(said.data);
    if ('address' in said) requireIdentity(said.address, this.#options.plan.account);
    if (exchange.keys !== undefined) this.#events.learned(exchange.keys);
    this.#exchange = undefined;
    return 'address' in said ? { name: 'authenticated', granted: said } : { name: 'authenticated' };
  }

  async #respond(exchange: ClientExchange, challenge: Uint8Array): Promise<void> {
    try {
      const data = await exchange.challenge(challenge);
      const element = this.#profile === 'sasl' ? response(data) : respond(data);
      this.#happen(() => ({ name: 'response', element }));
    } catch (error) {
      this.#happen(() => ({ name: 'denied', fault: faultOf(error) }));
    }
  }
}

function outcome(step: () => LoginInput | undefined): LoginInput | undefined {
  try {
    return step();
  } catch (error) {
    return { name: 'denied', fault: faultOf(error) };
  }
}

/** Too many logins at once are nobody's fault; what is no fault of SASL must come out. */
function faultOf(error: unknown): SaslFault {
  if (error instanceof SaslFault) return error;
  if (error instanceof RestanzaError) return new SaslFault('temporary-auth-failure', error.message);
  throw error;
}

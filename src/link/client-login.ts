/**
 * The login of one connection, carried out.
 *
 * Decides nothing of the protocol: the state machine of `xmpp/negotiate/login.ts` says what to do, and this does it with the
 * credentials at hand. Holds the SASL exchange, whose answers may take a while, and what it needs of TLS.
 */
import type { TLSSocket } from 'node:tls';
import { RestanzaError } from '../errors.ts';
import type { Element } from '../xml/element.ts';
import { type Attempt, attemptLogin, type Secrets } from '../xmpp/negotiate/attempt.ts';
import { advance, connected } from '../xmpp/negotiate/login.ts';
import type {
  Begun,
  Invitation,
  LoginCommand,
  LoginFailure,
  LoginInput,
  LoginState,
  Plan,
  Waiting,
} from '../xmpp/negotiate/words.ts';
import type { ClientChannel, ClientExchange, ClientOffer } from '../xmpp/sasl/client-exchange.ts';
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
import type { Learned } from './client-credentials.ts';
import { endPointOf, exporterOf, type Trust } from './tls-client.ts';

/** What a login needs. */
export interface ClientLoginOptions {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly kdf: Kdf;
  readonly trust: Trust;
  /** What SASL2 is told about us. */
  readonly userAgent: UserAgent;
}

/** Who is told what a login brings. */
export interface ClientLoginOwner {
  /** What it has left for the next one. */
  learned(learned: Learned): void;
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
  /** The token is of no use; another connection shall do without. It is the last that is told. */
  anew(why: string): void;
  /** Something went wrong outside of the reader. */
  broken(fault: Error): void;
}

type SaslSuccess = Extract<SaslAnswer, { name: 'success' }>;

/** The login of one connection. */
export class ClientLogin {
  readonly #options: ClientLoginOptions;
  readonly #allowPlain: boolean;
  readonly #events: ClientLoginEvents;
  #state: LoginState = { name: 'over' };
  #tls: TLSSocket | undefined;
  #attempt: Attempt | undefined;
  #profile: ClientOffer['profile'] = 'sasl';
  #hasShown = false;

  /** @param allowPlain whether a password may be shown where there is no TLS */
  constructor(options: ClientLoginOptions, allowPlain: boolean, events: ClientLoginEvents) {
    this.#options = options;
    this.#allowPlain = allowPlain;
    this.#events = events;
  }

  /** Where it stands. */
  get waits(): Waiting | 'over' {
    return this.#state.name;
  }

  /** Whether the server has been shown credentials. */
  get hasShown(): boolean {
    return this.#hasShown;
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
    this.#attempt = undefined;
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
        this.#authenticate(command);
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
      case 'anew':
        this.#events.anew(command.why);
        break;
      case 'fail':
        this.#events.failed(command.failure);
    }
  }

  #authenticate(invitation: Invitation): void {
    const { secrets, kdf, userAgent } = this.#options;
    this.#hasShown = true;
    this.#exchanging(() => {
      const attempt = attemptLogin(invitation, secrets, this.#channel(invitation.offer), { kdf });
      this.#attempt = attempt;
      this.#profile = invitation.offer.profile;
      const { exchange, inline } = attempt;
      const { mechanism } = exchange;
      const initial = exchange.initial();
      const first =
        this.#profile === 'sasl' ? auth(mechanism, initial) : authenticate({ mechanism, initial, userAgent, inline });
      return { name: 'response', element: first };
    });
  }

  #channel({ bindings = [] }: ClientOffer): ClientChannel {
    const [tls, allowPlain] = [this.#tls, this.#allowPlain];
    if (tls === undefined) return { secure: false, allowPlain };
    // XEP-0440 §3 rule 1 makes every server announce it. Prosody does not, so its absence is no sign of somebody in between, and
    // we have to pass for one that does not know it either.
    const endPoint = bindings.includes('tls-server-end-point') ? endPointOf(tls) : undefined;
    return { secure: true, allowPlain, exporter: exporterOf(tls), endPoint };
  }

  #judge(received: Element): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#exchanging(() => {
      const said = this.#profile === 'sasl' ? readSaslAnswer(received) : readSasl2Answer(received);
      if (said.name === 'failure') throw said.fault;
      if (said.name === 'success') return this.#accept(attempt, said);
      void this.#respond(attempt.exchange, said.data);
      return undefined;
    });
  }

  /** A fault of the exchange is an outcome of the login like any other. */
  #exchanging(step: () => LoginInput | undefined): void {
    const input = outcome(step);
    if (input?.name === 'denied') this.#deny(input.fault);
    else if (input !== undefined) this.input(input);
  }

  #deny(fault: SaslFault): void {
    this.input({ name: 'denied', fault, byToken: this.#attempt?.byToken ?? false });
  }

  /** Nothing of it is believed, and no token kept, before the server has proved itself. */
  #accept({ exchange, byToken, tokenFor: mechanism }: Attempt, said: SaslSuccess | Sasl2Success): LoginInput {
    exchange.success(said.data);
    const granted = 'address' in said ? said : undefined;
    if (granted !== undefined) requireIdentity(granted.address, this.#options.plan.account);
    const token = granted?.token;
    const kept = token === undefined || mechanism === undefined ? undefined : { ...token, mechanism };
    this.#events.learned({ keys: exchange.keys, token: kept, byToken });
    this.#attempt = undefined;
    return { name: 'authenticated', ...(granted && { granted: { ...granted, byToken } }) };
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

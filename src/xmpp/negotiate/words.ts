/**
 * The words of a client's login as the client sees it: its states, what can happen to it, and what it can ask for.
 *
 * Decides what can be said at all. What holds in each state:
 * - `opening`: our stream header is out; the server's has not come
 * - `listening`: the server's header has come; its features have not
 * - `upgrading`: we have asked for TLS
 * - `securing`: the TLS handshake is under way
 * - `authenticating`: a SASL exchange waits for the server
 * - `judging`: a response is being computed; the server has to wait
 * - `resuming`: we have asked to go on with a session
 * - `binding`: we have asked for a resource
 * - `establishing`: we have asked for the session of RFC 3921
 * - `managing`: we have asked for stream management
 * - `over`: the login is done, or has failed; nothing counts any more
 */
import type { Element } from '../../xml/element.ts';
import { write } from '../../xml/write.ts';
import type { Bound } from '../bind2.ts';
import type { StanzaCondition } from '../conditions.ts';
import { insideStream } from '../header.ts';
import type { Jid } from '../jid.ts';
import { NS } from '../ns.ts';
import type { ClientOffer } from '../sasl/client-exchange.ts';
import type { SaslFault } from '../sasl/client-fault.ts';
import type { Resumption } from '../stream-management.ts';

/** What a client wants. */
export interface Plan {
  /** The bare address. */
  readonly account: Jid;
  readonly tls: 'required' | 'optional' | 'off';
  /** The resource that is asked for; the server's choice when absent. */
  readonly resource?: string | undefined;
  /** What is added to the resource when it is taken: nobody must be able to guess it. */
  readonly spare: string;
  /** The session to go on with: its name, and how many of its stanzas we have handled. */
  readonly resume?: { readonly id: string; readonly handled: number } | undefined;
}

/**
 * What can be true of a login:
 * - `plain`: TLS must not be used
 * - `secured`: TLS is in place
 * - `unsuited`: SASL2 is on offer with no mechanism for us
 * - `open`: credentials may be shown, because TLS is in place or need not be
 * - `authenticated`: SASL has succeeded
 * - `resumable`: there is a session to go on with, and the server has not refused it
 * - `bound`: there is an address
 * - `established`: the session of RFC 3921 is there
 * - `managed`: stream management is on, or refused
 */
export type Fact =
  | 'plain'
  | 'secured'
  | 'unsuited'
  | 'open'
  | 'authenticated'
  | 'resumable'
  | 'bound'
  | 'established'
  | 'managed';

/** What is known of a login that is under way. */
export interface Progress {
  readonly facts: ReadonlySet<Fact>;
  /** `<stream:features/>` of the present stream. */
  readonly features?: Element;
  readonly address?: Jid;
  /** There when the server counts what it handles. */
  readonly management?: Managed;
  /** Resources that were taken. */
  readonly conflicts: number;
  /** Stanzas that came before the login was done; nobody counts them. */
  readonly early: readonly Element[];
}

/** A new session. */
export interface Begun {
  readonly address: Jid;
  /** Absent when the server counts nothing. */
  readonly management: Managed | undefined;
  /** Stanzas that came before; nobody counts them. */
  readonly early: readonly Element[];
}

/** Stream management is on. */
export interface Managed {
  /** Absent when the session cannot be resumed. */
  readonly resumption: Resumption | undefined;
}

/** The states of a login that is under way. */
export type Waiting =
  | 'opening'
  | 'listening'
  | 'upgrading'
  | 'securing'
  | 'authenticating'
  | 'judging'
  | 'resuming'
  | 'binding'
  | 'establishing'
  | 'managing';

export type LoginState = (Progress & { readonly name: Waiting }) | { readonly name: 'over' };

/** What happened. */
export type LoginInput =
  | { readonly name: 'header'; readonly root: Element; readonly contentNs: string }
  | { readonly name: 'element'; readonly element: Element }
  /** TLS is in place. */
  | { readonly name: 'secured' }
  /** The exchange has something to say. */
  | { readonly name: 'response'; readonly element: Element }
  /** The exchange has ended well. */
  | { readonly name: 'authenticated'; readonly granted?: Granted }
  /** The exchange has ended otherwise, or could not begin. */
  | { readonly name: 'denied'; readonly fault: SaslFault; readonly byToken?: boolean };

/** What a server did along with SASL2 (XEP-0388 §2.6.3). The stream goes on as it is, and features follow. */
export interface Granted {
  /** Who is logged in, with the full address where a resource is bound. */
  readonly address: Jid;
  /** What came of binding, when that was asked for. */
  readonly bound: Bound | undefined;
  /** What came of resuming, when that was asked for. */
  readonly resumption: Element | undefined;
  /** The login was by a token, which brings nothing but the session that there was. */
  readonly byToken: boolean;
}

/** What to do, in order. */
export type LoginCommand =
  | { readonly do: 'write'; readonly xml: string }
  /** Send a stream header, and start a new reader that forgets what is left in the old one. */
  | { readonly do: 'open'; readonly authenticated: boolean }
  /** Go on over TLS. */
  | { readonly do: 'secure' }
  /** Begin a SASL exchange; `response` or `denied` follows. */
  | ({ readonly do: 'authenticate' } & Invitation)
  /** Hand an element to the SASL exchange. */
  | { readonly do: 'exchange'; readonly received: Element }
  /** The session to go on with is lost; `handled` is how many of our stanzas the server had handled, if it knows. */
  | { readonly do: 'forgo'; readonly handled: number | undefined }
  /** The login is done with a new session. */
  | ({ readonly do: 'begin' } & Begun)
  /** The login is done with the session as it was; the server has handled so many of our stanzas, as on the wire. */
  | { readonly do: 'continue'; readonly handled: number }
  /** The token did not bring the session back: begin anew on another connection, without it. */
  | { readonly do: 'anew'; readonly why: string }
  | { readonly do: 'fail'; readonly failure: LoginFailure };

/** What a server lets us log in by. */
export interface Invitation {
  readonly offer: ClientOffer;
  /** What is asked for along with the login, with SASL2. */
  readonly inline: readonly Element[];
  /** The one of them that takes the session up again; absent when there is none, or it cannot be asked for here. */
  readonly resumption: Element | undefined;
}

/** Why a login cannot be done, although the server kept to the protocol. */
export type LoginFailure =
  /** TLS is required and not offered. */
  | { readonly kind: 'no-tls' }
  /** The server does not begin TLS that it has offered. */
  | { readonly kind: 'tls-refused' }
  /** The server offers nothing to log in with; it `wantsTls` and we do not. */
  | { readonly kind: 'no-login'; readonly wantsTls: boolean }
  | { readonly kind: 'denied'; readonly fault: SaslFault }
  | { readonly kind: 'no-bind' }
  | { readonly kind: 'bind-refused'; readonly condition: StanzaCondition };

/** The state to be in next, and what to do on the way there. */
export interface LoginAdvance {
  readonly state: LoginState;
  readonly commands: readonly LoginCommand[];
}

/** The command that writes an element on the stream. */
export function say(element: Element): LoginCommand {
  return { do: 'write', xml: write(element, insideStream(NS.client)) };
}

/** The end of a login that cannot be done. */
export function failing(failure: LoginFailure): LoginAdvance {
  return { state: { name: 'over' }, commands: [{ do: 'fail', failure }] };
}

/** The end of a login by a token that is of no use. */
export function renewed(why: string): LoginAdvance {
  return { state: { name: 'over' }, commands: [{ do: 'anew', why }] };
}

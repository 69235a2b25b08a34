/**
 * Why a user's connection ended, in words for the operator, and whether connecting again can help.
 *
 * Decides what is told for each way in which a login fails and a session ends, and which setting is named. Whose part it is
 * to do something stands beside the words: a wrong password is the user's, a server without TLS is not. What a failed
 * connection means is decided in `dial-failure.ts`.
 */
import { XmlError } from '../xml/xml-error.ts';
import { type Reconnect, STREAM_CONDITIONS, type StreamCondition } from '../xmpp/conditions.ts';
import { type ReceivedStreamError, STREAM_END, StreamFault, streamError } from '../xmpp/header.ts';
import { domainOf, type Jid, localOf } from '../xmpp/jid.ts';
import type { LoginFailure } from '../xmpp/negotiate/words.ts';
import type { ClientCredential } from '../xmpp/sasl/client-exchange.ts';
import type { Blame, SaslFault, SaslReason } from '../xmpp/sasl/client-fault.ts';
import { CountTooHigh } from '../xmpp/stream-management.ts';
import { again, cut, type Ending } from './ending.ts';
import type { Cause } from './link.ts';

/** What the words are about. */
export interface ClientPlace {
  readonly account: Jid;
  /** `host:port`; absent before there is a connection. */
  readonly where?: string | undefined;
  /** Whether another server has named it. */
  readonly sentOn?: boolean;
}

/** A setting of the domain's configuration. */
const setting = ({ account }: ClientPlace, key: string) => `hosts.${domainOf(account)}.virtualhost.${key}`;

const checkServer = (place: ClientPlace) =>
  place.sentOn
    ? `check where the server of ${domainOf(place.account)} sends its clients`
    : `check that ${setting(place, 'server')} names the server's port for clients`;

const wrongPort = (place: ClientPlace) => `${serverOf(place)} does not take clients: ${checkServer(place)}`;

function serverOf({ account, where }: ClientPlace): string {
  return where ?? `the server of ${domainOf(account)}`;
}

/** Stream conditions about which one can do something. */
const STREAM_TEXTS: Partial<Record<StreamCondition, (place: ClientPlace) => string>> = {
  'not-authorized': ({ account }) => `the server ended the session of ${account}, which it does not accept any more`,
  'host-unknown': place =>
    `${serverOf(place)} does not serve ${domainOf(place.account)}: ${checkServer(place)}, and that the domain is ` +
    'written as the server has it',
  conflict: ({ account }) =>
    `another session of ${account} took the same resource: give each client a resource of its own`,
  'invalid-namespace': wrongPort,
  'unsupported-version': wrongPort,
  'system-shutdown': () => 'the server is shutting down',
  'see-other-host': place => `${serverOf(place)} sends its clients to another server`,
  'resource-constraint': ({ account }) => `the server has no room for another session of ${account}`,
};

/** The server sent a stream error (RFC 6120 §4.9). */
export function endedByError(place: ClientPlace, { condition, text, address }: ReceivedStreamError): Ending {
  const meaning = STREAM_TEXTS[condition]?.(place) ?? `the server ended the stream with ${condition}`;
  const told = [address, text].filter(said => said !== undefined).map(cut);
  const cause = { text: [meaning, ...(told.length === 0 ? [] : [`it says: ${told.join(' ')}`])].join('; '), condition };
  return { cause, reconnect: STREAM_CONDITIONS[condition] };
}

/** What follows from whose part it is. Nobody is locked out because of somebody in between, who may be gone tomorrow. */
const RECONNECTS: Readonly<Record<Blame, Reconnect>> = {
  credentials: 'stop',
  temporary: 'retry',
  setup: 'stop',
  server: 'yield',
  ours: 'stop',
};

/** Reasons of SASL about which one can do something. */
const SASL_TEXTS: Partial<Record<SaslReason, (place: ClientPlace) => string>> = {
  'not-authorized': ({ account }) => `the server does not accept the credentials of ${account}`,
  'account-disabled': ({ account }) => `the account ${account} is disabled`,
  'credentials-expired': ({ account }) => `the credentials of ${account} have expired`,
  'encryption-required': place => `the server wants TLS: set ${setting(place, 'tls')} to required`,
  unencrypted: place =>
    `the server takes the credentials of ${place.account} only in a form that anyone on the way could read: set ` +
    `${setting(place, 'tls')} to required`,
};

function endedBySasl(place: ClientPlace, fault: SaslFault): Ending {
  const { blame, reason, message, serverText } = fault;
  const meaning = SASL_TEXTS[reason]?.(place) ?? `${place.account} cannot log in: ${message}`;
  const text = serverText === undefined ? meaning : `${meaning}; the server says: ${cut(serverText)}`;
  const condition = blame === 'credentials' ? ({ condition: 'not-authorized' } as const) : {};
  return { cause: { text, blame, reason, ...condition }, reconnect: RECONNECTS[blame] };
}

const LOGIN_TEXTS: Readonly<Record<Exclude<LoginFailure['kind'], 'denied'>, (place: ClientPlace) => string>> = {
  'no-tls': place =>
    `${serverOf(place)} does not offer TLS, and without it nothing is sent: turn TLS on in the server's configuration` +
    (place.sentOn ? '' : `, or set ${setting(place, 'tls')} to optional where nobody can be in between`),
  'tls-refused': place => `${serverOf(place)} offers TLS and cannot begin it: look into the server's log`,
  'no-login': place => `${serverOf(place)} offers no way to log in: ${checkServer(place)}`,
  'no-bind': place => `${serverOf(place)} offers no session after the login: ${checkServer(place)}`,
  'bind-refused': ({ account }) => `the server does not open a session for ${account}`,
};

/** What is told of an account that is always online when trying again alone does not help. */
export function helpless(
  { account, credential }: { readonly account: Jid; readonly credential: ClientCredential },
  { blame }: Cause,
): string {
  const key = credential.kind === 'external' ? 'certificate_file' : 'password';
  const login = `hosts.${domainOf(account)}.accounts.${localOf(account)}.${key}`;
  const advice = blame === 'credentials' ? `check ${login}` : 'see the cause';
  return `client link is down until something is done: ${advice}`;
}

/** The server kept to the protocol, and yet there is no session. */
export function endedByLogin(place: ClientPlace, failure: LoginFailure): Ending {
  if (failure.kind === 'denied') return endedBySasl(place, failure.fault);
  const text = LOGIN_TEXTS[failure.kind](place);
  if (failure.kind === 'bind-refused') return again(`${text}: ${failure.condition}`);
  const more = failure.kind === 'no-login' && failure.wantsTls ? `; it wants TLS: set ${setting(place, 'tls')}` : '';
  // A server is set right without us, and somebody in between goes away; meanwhile there is no hurry.
  return { cause: { text: text + more, blame: 'setup' }, reconnect: 'yield' };
}

/** What came could not be understood. `online` tells a wrong port from a server that went wrong. */
export function endedByFault(place: ClientPlace, fault: Error, online: boolean): Ending {
  const what = cut(fault.message);
  if (online) return again(`what the server sent cannot be read: ${what}`);
  return again(
    `what answers at ${serverOf(place)} is not an XMPP server that takes clients (${what}): ${checkServer(place)}`,
  );
}

/** There was no session in time. */
export function endedByDelay(place: ClientPlace, ms: number): Ending {
  return again(`${serverOf(place)} did not open a session within ${ms / 1000} s`);
}

/** No answer came to what we asked again and again. */
export function endedBySilence(place: ClientPlace, ms: number): Ending {
  return again(`${serverOf(place)} did not answer for ${ms / 1000} s`);
}

/** The session could not be resumed in time. */
export function endedByTimeout(place: ClientPlace, ms: number): Ending {
  return again(`the session could not be resumed at ${serverOf(place)} within ${Math.round(ms / 1000)} s`);
}

/** The last words to a server that broke the protocol. */
export function farewellTo(fault: Error): string {
  if (fault instanceof CountTooHigh) return fault.farewell + STREAM_END;
  const known = fault instanceof XmlError || fault instanceof StreamFault;
  return streamError(known ? fault.condition : 'internal-server-error') + STREAM_END;
}

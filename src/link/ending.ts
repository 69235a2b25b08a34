/**
 * Why a component's connection ended, in words for its operator, and whether connecting again can help.
 *
 * Decides what is told for each stream error, socket error and breach of protocol, and which setting is named. Real
 * servers were asked first: for a wrong secret Prosody and ejabberd say `not-authorized`; for a domain that they do not
 * know Prosody says `host-unknown`, ejabberd `not-authorized` again; for a second connection Prosody says `conflict`,
 * ejabberd takes it; for a domain of its own users ejabberd says `conflict`.
 */
import { type Reconnect, STREAM_CONDITIONS, type StreamCondition } from '../xmpp/conditions.ts';
import type { ReceivedStreamError } from '../xmpp/header.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Cause } from './link.ts';

/** The end of a connection. */
export interface Ending {
  readonly cause: Cause;
  readonly reconnect: Reconnect;
}

/** What the words are about. */
export interface Place {
  readonly domain: Jid;
  readonly server: { readonly host: string; readonly port: number };
}

/** Characters of a text of the other side that are repeated. */
const QUOTED = 200;

/** Where the server is, as one writes it. */
export function serverName({ server: { host, port } }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const checkServer = (place: Place) =>
  `check that hosts.${place.domain}.component.server names the server's port for components`;

const wrongPort = (place: Place) => `${serverName(place)} does not take components: ${checkServer(place)}`;

/** Stream conditions about which one can do something. */
const STREAM_TEXTS: Partial<Record<StreamCondition, (place: Place) => string>> = {
  'not-authorized': ({ domain }) =>
    `the server does not accept the secret: check hosts.${domain}.component.secret, and the component_secret (Prosody) ` +
    `or password (ejabberd) of the server's configuration; ejabberd says the same when it does not declare ${domain}`,
  'host-unknown': place =>
    `the server does not know ${place.domain}: check that the server's configuration declares the component ` +
    `${place.domain} on this port (${place.server.port})`,
  conflict: ({ domain }) =>
    `another connection serves ${domain}: stop the other gateway, or give this one a domain of its own; ` +
    'after a broken connection, the server needs a while to notice that it is gone',
  'invalid-namespace': wrongPort,
  'unsupported-version': wrongPort,
  'system-shutdown': () => 'the server is shutting down',
  'invalid-from': ({ domain }) => `the server does not let ${domain} send from that address`,
};

/** The server sent a stream error (RFC 6120 §4.9). */
export function endedByError(place: Place, { condition, text }: ReceivedStreamError): Ending {
  const meaning = STREAM_TEXTS[condition]?.(place) ?? `the server ended the stream with ${condition}`;
  const cause = { text: text === undefined ? meaning : `${meaning}; it says: ${cut(text)}`, condition };
  return { cause, reconnect: STREAM_CONDITIONS[condition] };
}

/** System errors about which one can do something. */
const SOCKET_TEXTS: Readonly<Record<string, (place: Place) => string>> = {
  ECONNREFUSED: place => `nothing listens there: start the XMPP server, or ${checkServer(place)}`,
  ENOTFOUND: place => `its name has no address: ${checkServer(place)}`,
  EAI_AGAIN: () => 'its name cannot be resolved at the moment: check the DNS of this machine',
};

/** The socket failed, or was closed without a word when there is no error. */
export function endedBySocket(place: Place, error: NodeJS.ErrnoException | undefined): Ending {
  const server = serverName(place);
  if (error === undefined) return again(`the connection to ${server} was closed from the other side`);
  const code = error.code ?? error.message;
  const meaning = SOCKET_TEXTS[code]?.(place);
  return again(`the connection to ${server} failed (${cut(code)})${meaning === undefined ? '' : `: ${meaning}`}`);
}

/** The server closed the stream in order. */
export function endedInOrder(): Ending {
  return again('the server closed the stream');
}

/** What came could not be understood. `online` tells a wrong port from a server that went wrong. */
export function endedByFault(place: Place, fault: Error, online: boolean): Ending {
  const what = cut(fault.message);
  if (online) return again(`what the server sent cannot be read: ${what}`);
  return again(
    `what answers at ${serverName(place)} is not an XMPP server that takes components (${what}): ${checkServer(place)}`,
  );
}

/** The handshake took too long. */
export function endedByDelay(place: Place, ms: number): Ending {
  return again(
    `there was no answer to the handshake from ${serverName(place)} within ${ms / 1000} s: ${checkServer(place)}`,
  );
}

/**
 * No probe came back.
 *
 * @param shared whether another connection for the same domain was noticed, which may get what was meant for us
 */
export function endedBySilence({ domain }: Place, ms: number, shared: boolean): Ending {
  const text = `a ping through the server did not come back within ${ms / 1000} s`;
  if (!shared) return again(text);
  return {
    cause: { text: `${text}: another connection serves ${domain}; stop the other gateway` },
    reconnect: 'yield',
  };
}

/** An end after which one tries again as usual. */
export function again(text: string): Ending {
  return { cause: { text }, reconnect: 'retry' };
}

/** A text of the other side, as much of it as is repeated. */
export function cut(text: string): string {
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}

/**
 * Why a server cannot be reached or believed, in words for the operator.
 *
 * Decides what is told for each error of the system, of the DNS, of TLS and of a certificate, and which setting is named.
 * Each is a row. Takes errors as Node makes them: a system error and a refused certificate have a `code`; what OpenSSL
 * refuses has a reason in its message, whose code depends on whether we were reading or writing at the time.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { Destination } from './srv.ts';

/** What the words are about. */
export interface DialPlace {
  readonly domain: Jid;
  readonly destination: Destination;
  /** Whether the operator named the destination; else DNS did. */
  readonly configured: boolean;
  /** Whether another server named it, which then comes first. */
  readonly sentOn?: boolean;
}

/** Characters of the text of an error that are repeated. */
const QUOTED = 200;

/** Where a destination is, as one writes it. */
export function destinationName({ host, port }: Destination): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const setting = ({ domain }: DialPlace, name: string) => `hosts.${domain}.virtualhost.${name}`;

const checkServer = (place: DialPlace) => {
  if (place.sentOn) return `check where the server of ${place.domain} sends its clients`;
  return place.configured
    ? `check that ${setting(place, 'server')} names the server's port for clients`
    : `check the SRV records of ${place.domain}, or name the server in ${setting(place, 'server')}`;
};

type Row = (place: DialPlace, error: Error) => string;

const noName: Row = place => `its name has no address: ${checkServer(place)}`;
const noDns: Row = () => 'its name cannot be resolved at the moment: check the DNS of this machine';
const noWay: Row = place => `there is no way to it: check the network and the firewall, and ${checkServer(place)}`;
const noFiles: Row = () => 'this process has too many files open: raise its limit (ulimit -n)';
const late: Row = (place, { message }) => `${message}: check the network and the firewall, and ${checkServer(place)}`;

const untrusted: Row = place =>
  'its certificate comes from an authority that is not known here: if the authority is your own, name a file with its ' +
  `certificate in ${setting(place, 'ca_file')}; if it is a public one, let the server send the intermediate certificates`;

const noTls: Row = place =>
  place.destination.directTls
    ? `what answers does not speak TLS: the port takes STARTTLS, or no clients at all; ${checkServer(place)}`
    : 'what came instead of TLS was plain text: something on the way interferes, or the server is broken';

const oldTls: Row = () =>
  'it has no version of TLS in common with us: let the server offer TLS 1.2 or 1.3, and update it if it cannot';
const noCipher: Row = () => 'it has no cipher in common with us: let the server offer modern ciphers, and update it';
const noProtocol: Row = place => `it takes another protocol than xmpp-client on this port: ${checkServer(place)}`;
const noOwnCertificate: Row = () =>
  'it asks for a certificate of ours, and we have none: let the server not require it; accounts that are always online can have ' +
  'one in certificate_file';
const ownRefused: Row = () =>
  'it does not take the certificate of the account: check certificate_file, and that the server knows its authority';
const unknownName: Row = ({ domain }) =>
  `it has no certificate for ${domain}: check that the server serves ${domain}, and its certificate`;

/** Errors with a code: of the system, of the DNS, and of a certificate that was refused. */
const CODES: Readonly<Record<string, Row>> = {
  ECONNREFUSED: place => `nothing listens there: start the XMPP server, or ${checkServer(place)}`,
  ECONNRESET: place =>
    `the connection was closed from the other side: see the log of the server, and ${checkServer(place)}`,
  ENOTFOUND: noName,
  ENODATA: noName,
  EAI_AGAIN: noDns,
  ESERVFAIL: noDns,
  EREFUSED: noDns,
  ETIMEOUT: noDns,
  ETIMEDOUT: late,
  ERR_SOCKET_CONNECTION_TIMEOUT: noWay,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EADDRNOTAVAIL: noWay,
  EMFILE: noFiles,
  ENFILE: noFiles,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ domain }, { message }) =>
    `${message}: give the server a certificate that names ${domain}, the domain of the addresses`,
  CERT_HAS_EXPIRED: () => 'its certificate has expired: renew it on the server, or correct the clock of this machine',
  CERT_NOT_YET_VALID: () => 'its certificate is not valid yet: compare the clocks of the server and of this machine',
  CERT_REVOKED: () => 'its certificate was revoked: get the server a new one',
  DEPTH_ZERO_SELF_SIGNED_CERT: place =>
    'its certificate is signed by itself: if it is the right one, name a file that holds it in ' +
    setting(place, 'ca_file'),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  INVALID_PURPOSE: () => 'its certificate is not one for servers: get the server another one',
  INVALID_CA: () => 'its certificate is signed by one that may not sign others: get the server another one',
  ERR_TEXT_AFTER_PROCEED: () =>
    'plain text came between <proceed/> and TLS: something on the way tries to inject stanzas, or the server is broken',
};

/** What OpenSSL refuses, or the server by an alert: by the reason that OpenSSL gives. */
const REASONS: Readonly<Record<string, Row>> = {
  'wrong version number': noTls,
  'packet length too long': noTls,
  'http request': noTls,
  'unsupported protocol': oldTls,
  'tlsv1 alert protocol version': oldTls,
  'ssl/tls alert handshake failure': noCipher,
  'sslv3 alert handshake failure': noCipher,
  'tlsv1 alert no application protocol': noProtocol,
  'tlsv1 unrecognized name': unknownName,
  'tlsv1 alert unrecognized name': unknownName,
  'tlsv13 alert certificate required': noOwnCertificate,
  // RFC 8446 §6.2: what a server says of the certificate that it was shown.
  'tlsv1 alert unknown ca': ownRefused,
  'ssl/tls alert bad certificate': ownRefused,
  'ssl/tls alert unsupported certificate': ownRefused,
  'ssl/tls alert certificate revoked': ownRefused,
  'ssl/tls alert certificate expired': ownRefused,
  'ssl/tls alert certificate unknown': ownRefused,
};

const ROWS: ReadonlyMap<string, Row> = new Map(Object.entries({ ...CODES, ...REASONS }));

/** The reason in a message of OpenSSL: `number:error:code:library:function:reason:file:line:`. */
const REASON = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/;

/**
 * Says what went wrong at a place and what to do about it.
 *
 * @param error what a socket or a TLS socket ended with, or the DNS; absent when it was closed without a word
 * @returns a sentence
 */
export function explainFailure(place: DialPlace, error: unknown): string {
  const where = destinationName(place.destination);
  if (error === undefined) return `the connection to ${where} was closed from the other side`;
  const one = mostTelling(error);
  const key = keyOf(one);
  const row = ROWS.get(key);
  return `the connection to ${where} failed${row === undefined ? ` (${key.slice(0, QUOTED)})` : `: ${row(place, one)}`}`;
}

/** Of the addresses of a host, the last was tried with the most patience. */
function mostTelling(error: unknown): Error {
  const one = error instanceof AggregateError ? (error.errors.at(-1) ?? error) : error;
  return one instanceof Error ? one : new Error(String(one));
}

function keyOf(error: Error): string {
  const reason = REASON.exec(error.message)?.[1];
  return reason ?? ('code' in error && typeof error.code === 'string' ? error.code : error.message);
}

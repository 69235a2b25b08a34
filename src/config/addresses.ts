/**
 * The forms of values that name places in the network.
 *
 * Decides how addresses to listen on, servers, networks and web origins are written, and which ports are meant when none is.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { isNetwork } from '../auth/network-list.ts';
import type { Form } from './values.ts';

/** A host and a TCP port. */
export interface Address {
  /** An IPv4 address, an IPv6 address without brackets, or a host name. */
  readonly host: string;
  /** 0–65535; 0, for listening only, lets the system choose. */
  readonly port: number;
}

/** An address as `host:port`, with brackets around an IPv6 host. */
export function printAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const ADDRESS = /^(?:\[(?<v6>[^\]]{2,64})\]|(?<name>[^:]{1,253}))(?::(?<port>[0-9]{1,5}))?$/;
const HIGHEST_PORT = 65_535;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

function readAddress(text: string, defaultPort?: number): Address | undefined {
  const { v6, name, port } = ADDRESS.exec(text)?.groups ?? {};
  const number = port === undefined ? defaultPort : Number(port);
  if (number === undefined || number > HIGHEST_PORT) return undefined;
  const known = v6 === undefined ? name !== undefined && isHostName(name) : isIPv6(v6);
  const host = v6 ?? name;
  return known && host !== undefined ? { host, port: number } : undefined;
}

/** Whether a text names a host: digits and dots alone must be a whole IPv4 address. */
function isHostName(text: string): boolean {
  return /^[0-9.]+$/.test(text) ? isIPv4(text) : text.split('.').every(label => LABEL.test(label));
}

/** What is often wrong with an address. */
function addressHint(text: string): string | undefined {
  const [, host = '', port = ''] = /^(?:[a-z]+:\/\/)?(.*?):?([0-9]*)$/.exec(text) ?? [];
  if (host.includes('::') && !host.includes('[')) return 'an IPv6 address stands in brackets, as in "[::1]:5280"';
  return Number(port) > HIGHEST_PORT && text.includes(':') ? `a port is at most ${HIGHEST_PORT}` : undefined;
}

/** Where to listen: `host:port`. */
export const listenAddress: Form<Address> = {
  expected: 'host:port',
  read: text => readAddress(text),
  hint: addressHint,
  print: printAddress,
};

/** The component port of XEP-0114's servers by convention. */
const COMPONENT_PORT = 5347;

/** Where to connect: `xmpp://host` or `xmpp://host:port`. */
export const componentServer: Form<Address> = {
  expected: 'xmpp://host:port',
  read: text => {
    const address = text.startsWith('xmpp://') ? readAddress(text.slice('xmpp://'.length), COMPONENT_PORT) : undefined;
    return address?.port === 0 ? undefined : address;
  },
  hint: addressHint,
  print: address => `xmpp://${printAddress(address)}`,
};

/** Where users log in: a server, and whether TLS comes before the first byte of XMPP (XEP-0368). */
export interface UserServer extends Address {
  readonly directTls: boolean;
}

/** The ports of RFC 6120 §14.7 and, by convention, of direct TLS. */
const SCHEMES = [
  { scheme: 'xmpp://', directTls: false, port: 5222 },
  { scheme: 'xmpps://', directTls: true, port: 5223 },
] as const;

/** Where users log in: `xmpp://host:port`, or `xmpps://host:port` for direct TLS. */
export const userServer: Form<UserServer> = {
  expected: 'xmpp://host:port, or xmpps://host:port for direct TLS',
  read: text => {
    const known = SCHEMES.find(({ scheme }) => text.startsWith(scheme));
    const address = known === undefined ? undefined : readAddress(text.slice(known.scheme.length), known.port);
    if (known === undefined || address === undefined || address.port === 0) return undefined;
    return { ...address, directTls: known.directTls };
  },
  hint: addressHint,
  print: ({ directTls, ...address }) => `${directTls ? 'xmpps' : 'xmpp'}://${printAddress(address)}`,
};

/** An IP address, or a network as an address and the length of its prefix (RFC 4632 §3.1). */
export const network: Form<string> = {
  expected: 'an IP address or a network such as 10.0.0.0/8',
  read: text => (isNetwork(text) ? text.toLowerCase() : undefined),
  print: text => text,
};

/** What stands for every origin. */
export const ANY_ORIGIN = '*';

const ORIGIN = /^(?<scheme>[a-z][a-z0-9+.-]{0,31}):\/\/[^\s/?#@*\\,\p{C}]{1,255}$/iu;

/** A web origin as browsers write it (RFC 6454 §6.2), or `*` for all. */
export const webOrigin: Form<string> = {
  expected: 'an origin such as https://app.example, or *',
  read: text => {
    if (text === ANY_ORIGIN) return text;
    const scheme = ORIGIN.exec(text)?.groups?.['scheme']?.toLowerCase();
    if (scheme === undefined) return undefined;
    if (scheme !== 'http' && scheme !== 'https') return text.toLowerCase();
    return URL.canParse(text) ? new URL(text).origin : undefined;
  },
  print: text => text,
};

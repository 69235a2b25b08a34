/**
 * Where the next connection of a link goes: to the account's server, or to where that one has sent us (RFC 6120 §4.9.3.19,
 * XEP-0198 §3).
 *
 * Decides what the address in a redirect means, how many redirects are followed in a row, and what may be said at the other
 * end. Whoever sends us on says where, but never who has to be there: the certificate is still that of the account's domain.
 * What came over TLS leads to TLS. Where nobody has to prove anything, anyone on the way can send us on; so a password is
 * shown without TLS at the machine that the operator has named, and not at another one.
 */
import { domainOf, type Jid, JidError, parseJid } from '../xmpp/jid.ts';
import { readLocation } from '../xmpp/stream-management.ts';
import { asciiHost } from './certificate-name.ts';
import type { Dialled, TlsPolicy } from './dial.ts';
import type { Ending } from './ending.ts';
import { CLIENT_PORT, type Destination } from './srv.ts';

/** The way to a server. */
export interface Route {
  /** Found by DNS when absent. */
  readonly server?: Destination | undefined;
  /** The name by which it is found there; the account's domain when absent. */
  readonly name?: string | undefined;
  /** What DNS has named and is still to be tried, when the destinations before did not take us. */
  readonly left?: readonly Destination[];
  /** Whether a server has sent us, and not the operator. */
  readonly sentOn: boolean;
  readonly tls: TlsPolicy;
  /** Where a password may be shown without TLS. */
  readonly open: 'anywhere' | 'loopback' | 'nowhere';
}

/** The end of a user's connection, and where the server has sent us in its stead. */
export interface ClientEnding extends Ending {
  readonly onward?: Route;
}

/** A connection that has been made, and the way to it. */
export interface Arrival {
  readonly route: Route;
  readonly dialled: Pick<Dialled, 'secured' | 'loopback' | 'place' | 'left'>;
}

/** How many more destinations are tried where the first that answered was of no use: a request may wait for them. */
const OTHERS = 4;

/** RFC 6120 §4.9.3.19 wants no less than two redirects in a row to be followed, and no more than five. */
const MOST = 3;

/** The way that the operator has named. */
export function configuredRoute(server: Destination | undefined, tls: TlsPolicy): Route {
  return { server, sentOn: false, tls, open: tls === 'off' ? 'anywhere' : 'loopback' };
}

/** Whether a password may be shown on a connection that has no TLS. */
export function allowsPlain({ open }: Route, loopback: boolean): boolean {
  return open === 'anywhere' || (open === 'loopback' && loopback);
}

/**
 * The way to an address that a server has named.
 *
 * @param address as it came: a host, or `host:port`, an IPv6 address in brackets; another host without a
 *   port is looked up as domains are (§3.2)
 * @returns `undefined` when it cannot be understood
 */
export function routeOn({ route, dialled }: Arrival, address: string): Route | undefined {
  const location = readLocation(address.trim());
  const name = location && hostIn(location.host);
  if (location === undefined || name === undefined) return undefined;
  const { secured, loopback, place } = dialled;
  const { host, directTls } = place.destination;
  const tls = secured ? 'required' : route.tls;
  const { port } = location;
  if (name === host) {
    const server = { host, port: port ?? CLIENT_PORT, directTls: directTls && port !== undefined };
    return { server, sentOn: true, tls, open: route.open };
  }
  const open = loopback && route.open !== 'nowhere' ? 'loopback' : 'nowhere';
  if (port === undefined) return { name, sentOn: true, tls, open };
  return { server: { host: name, port, directTls }, sentOn: true, tls, open };
}

/**
 * The way to the next destination that DNS has named. Behind a balancer, a port may answer whose server is away, and another
 * destination be fine; RFC 6120 §3.2.1 goes on only where connecting fails.
 *
 * @returns `undefined` when there is none
 */
export function routeBeside({ route, dialled: { left } }: Arrival): Route | undefined {
  return left.length === 0 ? undefined : { ...route, left: left.slice(0, OTHERS) };
}

/** A host as the DNS names it. */
function hostIn(text: string): string | undefined {
  try {
    return asciiHost(parseJid(text.includes(':') ? `[${text}]` : text));
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** The ways of one link. */
export class ClientRoutes {
  readonly #domain: Jid;
  readonly #configured: Route;
  /** Where the last server has sent us. */
  #sent: Route | undefined;
  /** How often we were sent on since the link was online, or has waited. */
  #times = 0;
  /** The connection on which the link was online, until the place that the session names has been tried. */
  #arrival: Arrival | undefined;

  /** @param account whose server it is */
  constructor(account: Jid, server: Destination | undefined, tls: TlsPolicy) {
    this.#domain = domainOf(account);
    this.#configured = configuredRoute(server, tls);
  }

  /** The link is online on a connection. */
  online(arrival: Arrival | undefined): void {
    this.#times = 0;
    this.#arrival = arrival;
  }

  /**
   * The way of the next connection, which is tried once.
   *
   * @param location where the session to go back to would rather be resumed
   */
  next(location: string | undefined): Route {
    const [sent, arrival] = [this.#sent, this.#arrival];
    this.#sent = this.#arrival = undefined;
    if (sent !== undefined) return sent;
    this.#times = 0;
    return (arrival && location !== undefined && routeOn(arrival, location)) || this.#configured;
  }

  /**
   * A connection has ended.
   *
   * @returns the end with what it means, when servers send us from one to the other
   */
  follow(ending: ClientEnding): ClientEnding {
    this.#sent = undefined;
    if (ending.onward === undefined) return ending;
    const isBeside = ending.onward.left !== undefined;
    if (isBeside || this.#times < MOST) {
      if (!isBeside) this.#times += 1;
      this.#sent = ending.onward;
      return ending;
    }
    const text = `the servers of ${this.#domain} send their clients from one to the other, and none takes them`;
    return { cause: { ...ending.cause, text: `${text}: ${ending.cause.text}` }, reconnect: 'yield' };
  }
}

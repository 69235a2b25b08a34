/**
 * How a client session reaches its server (RFC 6120 §3, RFC 8305, XEP-0368).
 *
 * Decides in which order the destinations of a domain are tried, how long each may take, and that nothing is left behind:
 * when dialling fails or is aborted, every socket of it is closed. Which destinations there are is decided in `srv.ts` and
 * `addresses.ts`, whom to believe in `tls-client.ts`, what is said about a failure in `dial-failure.ts`. Among the
 * addresses of one host, Node chooses: it takes turns between IPv6 and IPv4 and leaves each a moment.
 */
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Jid } from '../xmpp/jid.ts';
import { addressesOf, findServices, type Resolver, SYSTEM_RESOLVER } from './addresses.ts';
import { asciiHost } from './certificate-name.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { type DialPlace, destinationName, explainFailure } from './dial-failure.ts';
import { isLoopback } from './server/listener.ts';
import { type Destination, destinationsOf } from './srv.ts';
import { TimeLimit } from './time-limit.ts';
import { securing, type Trust } from './tls-client.ts';

/** Whether TLS has to be, may be, or must not be used. A server that offers it has to prove who it is in any case. */
export type TlsPolicy = 'required' | 'optional' | 'off';

/** What dialling needs. */
export interface DialOptions {
  /** The domain of the user's address. */
  readonly domain: Jid;
  /** Where its server is; found by DNS when absent. */
  readonly server?: Destination | undefined;
  /** The name by which DNS finds it, in ASCII, when that is not the domain. */
  readonly name?: string | undefined;
  /** What DNS has named and is still to be tried, instead of asking it. */
  readonly left?: readonly Destination[] | undefined;
  /** Whether the server or the name came from another server. */
  readonly sentOn?: boolean;
  readonly tls: TlsPolicy;
  /** Whom to believe about certificates: `trusting(ca)`, made once and shared by all connections. */
  readonly trust: Trust;
  /** Ends the dialling at once; the connection that it has brought is not affected. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly resolver?: Resolver | undefined;
  /** Numbers from 0 up to 1, for the weights of SRV records. */
  readonly random?: () => number;
  readonly waits?: DialWaits;
}

/** How long things may take, in milliseconds. */
export interface DialWaits {
  /** All of it. */
  readonly whole: number;
  /** The question for SRV records. */
  readonly srv: number;
  /** One destination, TLS included. */
  readonly each: number;
  /** One address of a host that has several; the last one has what is left of `each`. */
  readonly address: number;
}

/** A second is more than any address on this planet needs; RFC 8305 §5 would not wait longer than two. */
export const DIAL_WAITS: DialWaits = { whole: 30_000, srv: 5_000, each: 10_000, address: 1_000 };

/** A connection. Its socket has a listener for errors, so that a reset before it is taken over does no harm. */
export interface Dialled {
  readonly socket: Socket | TLSSocket;
  /** Whether it is a TLS socket already, with all checks passed. */
  readonly secured: boolean;
  /** Whether the server is on this machine. */
  readonly loopback: boolean;
  /** `host:port`, and whether a server has sent us there; for the log. */
  readonly where: string;
  /** What `explainFailure` needs when the connection fails later on, as in STARTTLS. */
  readonly place: DialPlace;
  /** Which destinations were not tried, in order; none when the operator named the only one. */
  readonly left: readonly Destination[];
}

/** One destination that was tried. */
export interface Attempt {
  /** `host:port`. */
  readonly where: string;
  /** What went wrong and what to do, as a sentence. */
  readonly text: string;
  readonly cause: unknown;
}

/** There is no connection. The message says why and what to do. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** What was tried, in order. */
  readonly attempts: readonly Attempt[];

  constructor(message: string, attempts: readonly Attempt[] = []) {
    super(message, { cause: attempts.at(-1)?.cause });
    this.attempts = attempts;
  }
}

/**
 * Connects to the server of a domain: to the first destination that answers, with TLS where that begins at once.
 *
 * @throws DialError when there is none; what the signal was aborted with
 */
export async function dial(options: DialOptions): Promise<Dialled> {
  const { domain, server, signal, sentOn, clock = SYSTEM_CLOCK, waits = DIAL_WAITS } = options;
  signal.throwIfAborted();
  using whole = new TimeLimit(signal, waits.whole, clock);
  const attempts: Attempt[] = [];
  const destinations = server === undefined ? await find(options, whole.signal) : named(server, options);
  for (const [index, destination] of destinations.entries()) {
    const place = { domain, destination, configured: server !== undefined, ...(sentOn && { sentOn }) };
    try {
      return { ...(await reach(place, options, whole.signal)), left: destinations.slice(index + 1) };
    } catch (cause) {
      signal.throwIfAborted();
      attempts.push({ where: destinationName(destination), text: explainFailure(place, cause), cause });
    }
    if (whole.signal.aborted) break;
  }
  throw new DialError(summary(domain, attempts), attempts);
}

/** @throws DialError when it cannot be used as the operator wants it */
function named(server: Destination, { domain, tls }: DialOptions): readonly Destination[] {
  if (!server.directTls || tls !== 'off') return [server];
  const settings = `hosts.${domain}.virtualhost`;
  throw new DialError(`${settings}.server asks for direct TLS, but ${settings}.tls is off: change one of them`);
}

/** @throws DialError when the domain says that there is nothing for us */
async function find(options: DialOptions, signal: AbortSignal): Promise<readonly Destination[]> {
  if (options.left !== undefined) return options.left;
  const { domain, tls, clock = SYSTEM_CLOCK, resolver = SYSTEM_RESOLVER, random = Math.random } = options;
  using limit = new TimeLimit(signal, (options.waits ?? DIAL_WAITS).srv, clock);
  const host = options.name ?? asciiHost(domain);
  const answers = await findServices(host, resolver, limit.signal);
  const destinations = destinationsOf(host, answers, tls !== 'off', random);
  if (destinations.length > 0) return destinations;
  const what = answers.direct.length > 0 && tls === 'off' ? 'no connections without TLS' : 'no connections to clients';
  throw new DialError(
    `the SRV records of ${options.name ?? domain} offer ${what}: correct them, or name the server in hosts.${domain}.virtualhost.server`,
  );
}

/** Connects to one destination. */
async function reach(place: DialPlace, options: DialOptions, signal: AbortSignal): Promise<Omit<Dialled, 'left'>> {
  const { clock = SYSTEM_CLOCK, resolver = SYSTEM_RESOLVER, waits = DIAL_WAITS } = options;
  const { destination } = place;
  using limit = new TimeLimit(signal, waits.each, clock);
  using failing = new DisposableStack();
  const addresses = await addressesOf(destination.host, resolver, limit.signal);
  const tcp = failing.adopt(connectTo(destination, addresses, waits.address), socket => socket.destroy());
  await established(tcp, 'connect', limit.signal);
  const loopback = isLoopback(tcp.remoteAddress ?? '');
  const where = `${destinationName(destination)}${place.sentOn ? ' (where the server sends its clients)' : ''}`;
  const taken = { secured: destination.directTls, loopback, where, place };
  if (!destination.directTls) return { socket: kept(failing, tcp), ...taken };
  const secured = failing.adopt(securing(place.domain, options.trust)(tcp), socket => socket.destroy());
  await established(secured, 'secureConnect', limit.signal);
  return { socket: kept(failing, secured), ...taken };
}

/** Keeps what would be destroyed with the stack. */
function kept<S extends Socket>(failing: DisposableStack, socket: S): S {
  failing.move();
  return socket;
}

/** The addresses are known already, because their absence is another failure than that of connecting. */
function connectTo({ host, port }: Destination, addresses: readonly LookupAddress[], ms: number): Socket {
  return connect({
    host,
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ms,
    lookup: (_host, _options, done) => done(null, [...addresses]),
  });
}

/** @throws what the socket failed with, or what the signal was aborted with */
async function established(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  // Errors may come before the socket is taken over; its end is told then.
  socket.on('error', () => {});
  try {
    await once(socket, event, { signal });
    signal.throwIfAborted();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

function summary(domain: Jid, attempts: readonly Attempt[]): string {
  const texts = attempts.map(({ text }) => text).join('; ');
  return attempts.length > 1 ? `no server of ${domain} can be used: ${texts}` : texts;
}

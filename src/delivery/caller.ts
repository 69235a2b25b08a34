/**
 * One HTTP call to a target: a request in, what came of it out, as data.
 *
 * Decides how calls are bounded: a deadline for the whole call, the size of an answer and of its headers, no redirects, no
 * compression, one request at a time on each connection, and only addresses that `guard.ts` lets through, asked anew at each
 * connection. It judges nothing: an answer with status 500 is an answer (`exchange.ts`). It owns the connections.
 */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { type CallResult, Ended, Exchange, faulty } from './exchange.ts';
import { mayReach, type Reach } from './guard.ts';

const HEADER_LIMIT = 16 * 1024;
/** How long connecting may take, in milliseconds; the deadline of the call may be shorter. */
const CONNECT_TIMEOUT = 10_000;

/** A request that is ready to go out. */
export interface CallRequest {
  readonly method: 'POST' | 'OPTIONS';
  /** Path and query. */
  readonly path: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Where calls go. */
export interface Destination {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The host without brackets. */
  readonly hostname: string;
  readonly reach: Reach;
  /** How many connections there may be. */
  readonly concurrency: number;
}

/** How long a call may take. */
export interface CallPatience {
  /** Milliseconds, to the last byte of the answer. */
  readonly timeout: number;
  /** Ends the call with the fault `stopped`. */
  readonly signal: AbortSignal;
}

/** Resolves a name to addresses; Node's `dns.lookup` is one. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The connections to one target. */
export class Caller implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #isForbidden: boolean;

  /** @param lookup resolves names; the system's when absent */
  constructor({ origin, hostname, reach, concurrency }: Destination, lookup: Lookup = systemLookup) {
    // Sockets look up names only; an address in the URL is judged here.
    this.#isForbidden = isIP(hostname) !== 0 && !mayReach(hostname, reach);
    this.#pool = new Pool(origin, {
      connections: concurrency,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_LIMIT,
      autoSelectFamily: true,
      connect: { timeout: CONNECT_TIMEOUT, lookup: guarded(lookup, reach) },
    });
  }

  /** Makes a call. Never rejects. */
  async call({ method, path, headers, body }: CallRequest, { timeout, signal }: CallPatience): Promise<CallResult> {
    if (this.#isForbidden) return faulty('forbidden');
    if (signal.aborted) return faulty('stopped');
    const exchange = new Exchange();
    const timer = setTimeout(() => exchange.end('timeout'), timeout);
    const stop = () => exchange.end('stopped');
    signal.addEventListener('abort', stop);
    try {
      const ours = { ...headers, 'accept-encoding': 'identity' };
      this.#pool.dispatch({ method, path, headers: ours, body: body ?? null }, exchange);
      return await exchange.result;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Closes the connections; calls under way end with a fault. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy(new Ended('stopped'));
  }
}

/** A lookup that leaves out the addresses that may not be reached, and fails when none is left. */
function guarded(lookup: Lookup, reach: Reach): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = (error === null ? found : []).filter(({ address }) => mayReach(address, reach));
      const [first] = addresses;
      if (error !== null) done(error, []);
      else if (first === undefined) done(new Ended(found.length === 0 ? 'unresolved' : 'forbidden'), []);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

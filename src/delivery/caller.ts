/**
 * One HTTP call to a target: a request in, what came of it out, as data.
 *
 * Decides how calls are bounded: a deadline for the whole call, the size of an answer and of its headers, no redirects, no
 * compression, one request at a time on each connection, and only addresses that `guard.ts` lets through, asked anew at each
 * connection. It judges nothing: an answer with status 500 is an answer. It owns the connections.
 */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { FAULTS, type FaultName, faultOfCode } from './call-fault.ts';
import { mayReach, type Reach } from './guard.ts';

/** Bytes of an answer that are read. */
const ANSWER_LIMIT = 256 * 1024;
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

/** An answer of HTTP, whatever it says. */
export interface Answer {
  readonly name: 'answer';
  readonly status: number;
  readonly contentType?: string;
  /** The field `Retry-After` as it came. */
  readonly retryAfter?: string;
  /** The field `Accept`, which answers to a probe have. */
  readonly accept?: string;
  /** Empty where the answer is an error and too long. */
  readonly body: Uint8Array;
}

/** There was no answer. */
export interface CallFault {
  readonly name: 'fault';
  readonly fault: FaultName;
  /** For the log and the operator; never holds the URL. */
  readonly text: string;
}

/** What came of a call. */
export type CallResult = Answer | CallFault;

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

/** A reason to end a call ourselves. */
class Ended extends Error {
  readonly fault: FaultName;

  constructor(fault: FaultName) {
    super(FAULTS[fault].text);
    this.fault = fault;
  }
}

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
  async call(request: CallRequest, { timeout, signal }: CallPatience): Promise<CallResult> {
    if (this.#isForbidden) return faulty('forbidden');
    if (signal.aborted) return faulty('stopped');
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(new Ended('timeout')), timeout);
    const stop = () => ending.abort(new Ended('stopped'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      const { method, path, headers, body } = request;
      const ours = { ...headers, 'accept-encoding': 'identity' };
      const options = { method, path, headers: ours, body: body ?? null, signal: ending.signal };
      return await readAnswer(await this.#pool.request(options));
    } catch (error) {
      return faultOf(error);
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

async function readAnswer({ statusCode: status, headers, body }: Dispatcher.ResponseData): Promise<CallResult> {
  const field = (name: string) => [headers[name] ?? []].flat()[0];
  const bytes = await readBounded(body);
  const encoding = field('content-encoding')?.trim().toLowerCase() ?? 'identity';
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && bytes === undefined) return faulty('too-large');
  if (isSuccess && encoding !== 'identity' && bytes?.length !== 0) return faulty('encoded');
  const [contentType, retryAfter, accept] = ['content-type', 'retry-after', 'accept'].map(field);
  return {
    name: 'answer',
    status,
    ...(contentType !== undefined && { contentType }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(accept !== undefined && { accept }),
    body: (encoding === 'identity' ? bytes : undefined) ?? new Uint8Array(),
  };
}

/** Reads a body; `undefined` when it is too long, and the connection is closed then. */
async function readBounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > ANSWER_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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

function faulty(fault: FaultName, code?: string): CallFault {
  const { text } = FAULTS[fault];
  return { name: 'fault', fault, text: code === undefined ? text : `${text} (${code})` };
}

/** A connection that tried several addresses fails with all their errors; the first one speaks for them. */
function faultOf(error: unknown): CallFault {
  if (error instanceof Ended) return faulty(error.fault);
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return faulty('reset');
  // An error of the HTTP parser says what it is by its name alone.
  const code = 'code' in first && typeof first.code === 'string' ? first.code : first.name;
  return faulty(faultOfCode(code), code);
}

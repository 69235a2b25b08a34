/**
 * Connections on which something comes that is no HTTP (RFC 9112 §2.2, §8, §9.3.2).
 *
 * Decides that a request is handled only once it has come whole, that each request has one answer, and that what is due to
 * earlier requests is written before anything is said about what stands behind them. Then the connection ends: where the
 * next request would begin, nobody can tell. What a fault is called is decided in `errors.ts`.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RestanzaError } from '../errors.ts';
import { faultOf, refusal } from './errors.ts';

const EMPTY = Buffer.alloc(0);
/** What Node calls bytes behind a request that says that it is the last one; nobody waits for an answer to them. */
const BEHIND_THE_LAST = 'HPE_CLOSED_CONNECTION';
const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Milliseconds in which a client that has sent its last byte gets the answers that are due to it; most have just gone. */
const LAST_ANSWERS = 1_000;

/** Requests of one connection that may wait for their answers; each costs some kilobytes as long as it does. */
const MOST_DUE = 100;

/** Milliseconds; a socket that has taken a part of what was written notices it after twice as many. */
const LONGEST_STALL = 30_000;

/** Milliseconds after which an answer that is not taken yet is watched; as good as all are taken at once. */
const LOOK = 5_000;

/** How large a body may be. */
export interface BodyLimit {
  readonly bytes: number;
  /** The key of the configuration that says so; absent where none does. */
  readonly key?: string;
}

/**
 * Whether nobody can tell where a request ends (RFC 9112 §6.1): HTTP/1.0 has no chunks, so somebody on the way may not know
 * them, and what another coding leaves of the body is not ours to read.
 */
function isAmbiguous({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked');
}

/** The connections of a server. It closes those that have a fault; all others are the server's. */
export class Connections {
  readonly #longestStall: number;
  readonly #connections = new WeakMap<Socket, Connection>();
  /** Requests whose clients wait for a word before they send the body, with the way to say it. */
  readonly #expecting = new WeakMap<IncomingMessage, ServerResponse>();
  /** Answers that are on their way, and not watched yet. */
  readonly #answers = new Set<ServerResponse>();
  /** Requests that began after the fault of their connection, or with it. */
  readonly #late = new WeakMap<IncomingMessage, RestanzaError>();

  /** @param longestStall milliseconds without progress after which a client that does not take an answer loses it */
  constructor(longestStall: number = LONGEST_STALL) {
    this.#longestStall = longestStall;
  }

  /** Follows the requests of a server. */
  follow(server: Server): void {
    // Else Node closes for itself as soon as the client has, whatever is due. It says so in a comment alone.
    Object.assign(server, { httpAllowHalfOpen: true });
    // Else Node asks for every body, also for one of a request that is refused as it stands (RFC 9110 §10.1.1).
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#expecting.set(request, response);
      server.emit('request', request, response);
    });
    server.prependListener('request', (request, response) => {
      const connection = this.#of(request.socket);
      connection.begin(request, response, () => this.#answers.delete(response));
      if (connection.fault !== undefined) this.#late.set(request, connection.fault);
    });
    const looking = setInterval(() => this.#look(), Math.min(LOOK, this.#longestStall));
    looking.unref();
    server.once('close', () => clearInterval(looking));
  }

  /** A timer for each answer would cost more than to write it. */
  #look(): void {
    for (const response of this.#answers) {
      const { socket } = response;
      // The answer to an earlier request may still be due.
      if (socket === null) continue;
      this.#answers.delete(response);
      socket.setTimeout(this.#longestStall);
      // Before Node bounds the wait for the next request by the same timer.
      response.prependOnceListener('finish', () => socket.setTimeout(0));
    }
  }

  #of(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const made = new Connection(socket);
    this.#connections.set(socket, made);
    return made;
  }

  /** The fault that a connection had already when this request began, or has by it: an answer that came late for its own. */
  faultBefore(request: IncomingMessage): RestanzaError | undefined {
    return this.#late.get(request);
  }

  /**
   * Reads a request to its end.
   *
   * @param limit largest body in bytes, and which key of the configuration says so
   * @returns the body; empty when there is none
   * @throws RestanzaError `too-large`, or why the rest of the body does not come
   */
  async body(request: IncomingMessage, limit: BodyLimit): Promise<Buffer> {
    const { headers, socket } = request;
    const length = Number(headers['content-length'] ?? 0);
    if (length === 0 && headers['transfer-encoding'] === undefined) return EMPTY;
    if (length > limit.bytes) throw tooLarge(limit);
    this.#expecting.get(request)?.writeContinue();
    return read(request, limit, this.#of(socket));
  }

  /**
   * Is told that an answer is on its way, which is then bounded in time: with it a connection, its requests and its answers
   * would stay for as long as somebody likes who does not read.
   */
  answering({ socket }: IncomingMessage, response: ServerResponse): void {
    // A request that was injected came on no connection, and who has left is heard of no more.
    if (this.#connections.get(socket)?.hasBegun && !response.destroyed) this.#answers.add(response);
  }

  /** What the server is to do when it cannot understand a client or waits for it in vain: its `clientError`. */
  fail(error: NodeJS.ErrnoException, socket: Socket): void {
    this.#of(socket).fail(error);
  }
}

/**
 * One connection. Until it has a fault, nothing is done here but counting. From then on no further request is handled, and
 * when the last answer is written that is due, the fault is told, unless it was an answer itself, and the connection ends.
 */
class Connection {
  readonly #socket: Socket;
  /** The request that began last. */
  #last: IncomingMessage | undefined;
  /** How many answers are not written yet. */
  #due = 0;
  #fault: RestanzaError | undefined;
  /** What to write behind the answers. */
  #farewell = '';
  /** Ends the wait for the rest of a body. */
  #giveUp: (fault: RestanzaError) => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once('end', () => this.#halfClosed());
  }

  get fault(): RestanzaError | undefined {
    return this.#fault;
  }

  /** Whether a request has come on it. */
  get hasBegun(): boolean {
    return this.#last !== undefined;
  }

  /** @param over is told when the answer is written, or nobody is there for it any more */
  begin(request: IncomingMessage, response: ServerResponse, over: () => void): void {
    if (isAmbiguous(request)) this.#fault ??= new RestanzaError('request-malformed', 'chunked is the only coding here');
    this.#last = request;
    this.#due += 1;
    if (this.#due > MOST_DUE) this.#overwhelm();
    // Who is late after all gets the fault for an answer.
    this.#farewell = '';
    let isDue = true;
    const answered = () => {
      if (isDue) this.#due -= 1;
      isDue = false;
      over();
      this.#endWhenDone();
    };
    // Before Node closes the connection behind the last answer, for the fault is not told yet.
    response.prependOnceListener('finish', answered);
    response.once('close', answered);
  }

  /** Who asks on and on takes no answer, so he gets none; what he has sent already and is not read yet is not done. */
  #overwhelm(): void {
    this.#fault ??= new RestanzaError('too-many-requests', 'read the answers before you ask on');
    this.#socket.destroy();
  }

  #halfClosed(): void {
    if (this.#due === 0) return;
    const leaving = setTimeout(() => this.#socket.end(), LAST_ANSWERS);
    this.#socket.once('close', () => clearTimeout(leaving));
  }

  /** Is told of a fault, at once or when the connection has it already. */
  whenBroken(request: IncomingMessage, giveUp: (fault: RestanzaError) => void): void {
    if (this.#fault === undefined) this.#giveUp = giveUp;
    else if (!request.complete) giveUp(this.#fault);
  }

  fail(error: NodeJS.ErrnoException): void {
    // Whoever does not take his answer loses it; all others only lose what they have sent since.
    if (error.code === 'ECONNRESET' || (error.code === TIMEOUT && !this.#socket.writable)) this.#socket.destroy();
    else if (!this.#socket.writable) this.#socket.destroySoon();
    else if (this.#fault === undefined) this.#break(error);
  }

  #break(error: NodeJS.ErrnoException): void {
    const fault = faultOf(error);
    this.#fault = fault;
    // A request that is not whole is the one with the fault, and has its answer: this one, or an earlier refusal.
    if (this.#last?.complete === false) this.#giveUp(fault);
    else if (error.code !== BEHIND_THE_LAST) this.#farewell = refusal(fault);
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#fault === undefined || this.#due > 0) return;
    if (this.#socket.writable) this.#socket.write(this.#farewell);
    this.#socket.destroySoon();
  }
}

function tooLarge({ bytes, key }: BodyLimit): RestanzaError {
  const source = key === undefined ? '' : ` (${key} in the configuration)`;
  return new RestanzaError('too-large', `a body has at most ${bytes} bytes here${source}`);
}

/** Collects a body until it ends, is too large, or cannot come any more. */
function read(request: IncomingMessage, limit: BodyLimit, connection: Connection): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  let size = 0;
  request.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= limit.bytes) parts.push(part);
    else reject(tooLarge(limit));
  });
  let whole = false;
  request.on('end', () => {
    whole = true;
    resolve(Buffer.concat(parts, size));
  });
  const leave = () => {
    // Every request is closed after its answer, and making an error is dear.
    if (!whole) reject(new RestanzaError('request-malformed', 'the connection ended before the body did'));
  };
  // Without a listener for errors, none are made.
  if (request.closed) leave();
  else request.on('close', leave);
  connection.whenBroken(request, reject);
  return promise;
}

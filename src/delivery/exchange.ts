/**
 * One request and its answer (RFC 9110 §3.4), as the HTTP client tells of them.
 *
 * Decides what becomes of what comes back: how much of an answer is read, which of its fields are kept, what an answer is that
 * cannot be read, and how an exchange ends that we end ourselves: its result is there at once, and its connection is closed.
 * It is given to the client as it is, so that no stream and no signal has to be made for each call. Which connection it
 * takes is decided in `caller.ts`.
 */
import type { Dispatcher } from 'undici';
import { FAULTS, type FaultName, faultOfCode } from './call-fault.ts';

/** Bytes of an answer that are read. */
const ANSWER_LIMIT = 256 * 1024;

/** An answer of HTTP, whatever it says. */
export interface Answer {
  readonly name: 'answer';
  readonly status: number;
  readonly contentType?: string;
  /** The field `Retry-After` as it came. */
  readonly retryAfter?: string;
  /** The field `Accept`, which answers to probes have. */
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

/** A reason to end a call ourselves. */
export class Ended extends Error {
  readonly fault: FaultName;

  constructor(fault: FaultName) {
    super(FAULTS[fault].text);
    this.fault = fault;
  }
}

type Fields = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

const EMPTY = new Uint8Array();

/** A request under way. Its result is known once; what the client tells after that is no news. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<CallResult>;
  readonly #resolve: (result: CallResult) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #ended: Ended | undefined;
  #status = 0;
  #fields: Fields = {};
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<CallResult>();
    this.result = promise;
    this.#resolve = resolve;
  }

  /** Ends it: with `timeout` it is `refused` where there was no connection yet. */
  end(fault: 'timeout' | 'stopped'): void {
    const isUnreached = fault === 'timeout' && this.#controller === undefined;
    this.#end(new Ended(isUnreached ? 'refused' : fault));
  }

  #end(reason: Ended): void {
    this.#ended ??= reason;
    this.#resolve(faulty(reason.fault));
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended !== undefined) controller.abort(this.#ended);
  }

  /** Is also called for each informational answer (RFC 9110 §15.2), which the next one follows. */
  onResponseStart(_: Dispatcher.DispatchController, status: number, fields: Fields): void {
    this.#status = status;
    this.#fields = fields;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#length += chunk.length;
    this.#chunks.push(chunk);
    if (this.#length <= ANSWER_LIMIT) return;
    this.#resolve(isSuccess(this.#status) ? faulty('too-large') : answerOf(this.#status, this.#fields, EMPTY));
    controller.abort(new Ended('too-large'));
  }

  onResponseEnd(): void {
    const [first = EMPTY] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#resolve(read(this.#status, this.#fields, body));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#resolve(faultOf(error));
  }
}

/** An answer whose body cannot be read is a fault where the body counts, and an answer without one elsewhere. */
function read(status: number, fields: Fields, body: Uint8Array): CallResult {
  const encoding = fieldOf(fields, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return answerOf(status, fields, body);
  return isSuccess(status) && body.length > 0 ? faulty('encoded') : answerOf(status, fields, EMPTY);
}

function answerOf(status: number, fields: Fields, body: Uint8Array): Answer {
  const [contentType, retryAfter] = [fieldOf(fields, 'content-type'), fieldOf(fields, 'retry-after')];
  const accept = fieldOf(fields, 'accept');
  return {
    name: 'answer',
    status,
    ...(contentType !== undefined && { contentType }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(accept !== undefined && { accept }),
    body,
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The first line of a field. */
function fieldOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'object' ? value[0] : value;
}

/** The result of a call without an answer. @param code what the system or the client calls it */
export function faulty(fault: FaultName, code?: string): CallFault {
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

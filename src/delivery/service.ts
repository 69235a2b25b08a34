/**
 * A target as it is at the moment: its connections, the format that it has asked for, and how it is.
 *
 * Decides when it is probed: at the start, and when it answers again after it was not well, since what has been started anew
 * may want another format. It makes the calls and draws no conclusion but that on its health; what follows for a stanza is
 * decided by who calls (`worker.ts`, `queries.ts`).
 */
import type { Log } from '../log.ts';
import { newId } from '../xmpp/stanza.ts';
import { Caller } from './caller.ts';
import type { CallResult } from './exchange.ts';
import { reachOf } from './guard.ts';
import { HEALTHY, type Health, healthAfter } from './health.ts';
import { readProbe } from './probe.ts';
import { callbackRequest, type Notice, probeRequest } from './request.ts';
import type { Format, Target } from './target.ts';

/** What a service needs. */
export interface ServiceOptions {
  readonly target: Target;
  /** Of this program. */
  readonly version: string;
  readonly log: Log;
  /** Milliseconds since 1970, never going back: what waits for its time would wait longer. The machine's clock when absent. */
  readonly time?: () => number;
}

/** What came of telling a service of a stanza. */
export type Told =
  | { readonly name: 'called'; readonly result: CallResult; readonly format: Format }
  /** No call can be made of the stanza at this target. */
  | { readonly name: 'refused'; readonly reason: string };

/** One target with its connections. */
export class Service implements AsyncDisposable {
  readonly target: Target;
  readonly #options: ServiceOptions;
  readonly #caller: Caller;
  readonly #stopping = new AbortController();
  #format: Format;
  #health: Health = HEALTHY;
  #probing: Promise<void> | undefined;
  /** Error statuses that the log has told of. */
  readonly #told = new Set<number>();

  constructor(options: ServiceOptions) {
    const { target } = options;
    const { origin, hostname } = target.url;
    this.target = target;
    this.#options = options;
    this.#format = target.format;
    this.#caller = new Caller({
      origin,
      hostname,
      reach: reachOf(hostname, target.allowPrivate),
      concurrency: target.concurrency,
    });
  }

  /** How the service is, after all calls so far. */
  get health(): Health {
    return this.#health;
  }

  /** The time by which calls are planned, in milliseconds since 1970. */
  get now(): number {
    return (this.#options.time ?? Date.now)();
  }

  /** Asks the service what it wants to get; one of mod_component_http knows no such request. Never rejects. */
  probe(): Promise<void> {
    if (this.target.format === 'component_http') return Promise.resolve();
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #probe(): Promise<void> {
    const { target, version, log } = this.#options;
    const prepared = probeRequest(target, version);
    if (prepared.name === 'refused') return;
    const result = await this.#caller.call(prepared.request, this.#patience());
    const { format, problem } = readProbe(result, target.format);
    this.#format = format;
    const fields = { target: target.name, url: target.url.shown, format };
    if (problem === undefined) log.info(fields, 'the callback answers');
    else if (!this.#stopping.signal.aborted) log.warn({ ...fields, problem }, 'the callback does not answer the probe');
  }

  #patience() {
    return { timeout: this.target.timeout, signal: this.#stopping.signal };
  }

  /** Tells the service of a stanza. Never rejects. */
  async tell(notice: Notice): Promise<Told> {
    const { target, version } = this.#options;
    const began = this.now;
    const format = this.#format;
    const moment = { now: Date.now(), span: newSpan(), version };
    const prepared = callbackRequest(target, format, notice, moment);
    if (prepared.name === 'refused') return prepared;
    const result = await this.#caller.call(prepared.request, this.#patience());
    this.#note(result, began);
    return { name: 'called', result, format };
  }

  #note(result: CallResult, began: number): void {
    if (this.#stopping.signal.aborted) return;
    const { target, log } = this.#options;
    const before = this.#health;
    this.#health = healthAfter(before, result, { began, now: this.now, random: Math.random() });
    const fields = { target: target.name, url: target.url.shown };
    if (result.name === 'answer' && result.status >= 300 && !this.#told.has(result.status)) {
      this.#told.add(result.status);
      const isRedirect = result.status < 400;
      const advice = isRedirect
        ? 'redirects are not followed: write the address that it leads to as its url'
        : undefined;
      log.warn(
        { ...fields, status: result.status, advice },
        'the callback has answered with this status for the first time',
      );
    }
    if (this.#health.name === before.name) return;
    if (this.#health.name === 'healthy') {
      log.info(fields, 'the callback is back');
      this.probe();
    } else if (this.#health.name === 'paused') {
      log.warn({ ...fields, why: describe(result) }, 'the callback is not well; its stanzas wait');
    } else log.warn(fields, 'the callback wants no more stanzas (410); they wait until the gateway is started again');
  }

  /** Takes the service for well: its operator says so. */
  revive(): void {
    this.#health = HEALTHY;
  }

  /** Ends the calls under way; their results are `stopped`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#probing;
    await this.#caller[Symbol.asyncDispose]();
  }
}

/** 8 random bytes in hexadecimal, out of an id: asking the system for each costs more than the rest of the request. */
function newSpan(): string {
  return Buffer.from(newId(), 'base64url').toString('hex', 0, 8);
}

/** What came of a call, in a few words for the log and the journal. */
export function describe(result: CallResult): string {
  return result.name === 'fault' ? result.text : `status ${result.status}`;
}

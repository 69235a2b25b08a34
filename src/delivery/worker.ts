/**
 * What one target is owed, brought to it.
 *
 * Decides nothing alone: the journal says what is due, `health.ts` how many calls may be made, `policy.ts` what follows from a
 * try, `reply.ts` what goes back to the sender. The order is that of the lanes: the reply is on its way before the next stanza
 * of the same sender is told. A bounce is sent only once its delivery is known to be dead on the disk, so that there is one
 * at most; a reply before its delivery is done, so that it is not lost: then the service is called again with the same id.
 */
import { RestanzaError } from '../errors.ts';
import type { Attempt, Delivery, Entry, Journal, Outcome } from '../journal/journal.ts';
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { CallResult } from './exchange.ts';
import { allowance } from './health.ts';
import { judge } from './policy.ts';
import { type Reply, refusalOf, replyTo } from './reply.ts';
import { describe, type Service, type Told } from './service.ts';

/** What a worker needs. */
export interface WorkerOptions {
  readonly journal: Journal;
  readonly service: Service;
  /** Whether the target may answer an entry: of those that get it, only one may. */
  readonly mayAnswer: (entry: Entry) => boolean;
  /** Sends a stanza from the link that the request came in on. */
  readonly send: (stanza: Stanza) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after which something is tried again that failed on our side. */
const AGAIN = 1_000;
/** The same, where nothing says that it passes. */
const AFTER_FAULT = 60_000;
/** Milliseconds for calls under way to end when the worker stops. */
const FAREWELL = 5_000;
/** Timers do not reach further, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
/** Characters of an answer that are kept for its operator. */
const EXCERPT = 1_024;

/** Errors of sending that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['link-down', 'link-lost', 'link-congested', 'unconfirmed']);

/** Brings stanzas to one target. */
export class Worker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  readonly #underWay = new Set<Promise<void>>();
  #timer: Disposable | undefined;
  /** Calls have ended, and others may be made. */
  #ended = false;
  #stopping = false;

  /** Starts with what is due. */
  constructor(options: WorkerOptions) {
    this.#options = options;
    this.pump();
  }

  /** Makes all calls that are due and may be made now. To be called when something new is owed. */
  pump(): void {
    if (this.#stopping) return;
    const { journal, service } = this.#options;
    const { name, concurrency } = service.target;
    const { now } = service;
    const free = allowance(service.health, now, this.#underWay.size, concurrency);
    try {
      const claimed = free === 0 ? [] : journal.claim(name, now, free);
      for (const delivery of claimed) this.#begin(delivery);
      this.#wait(now);
    } catch (error) {
      this.#options.log.error({ target: name, err: error }, 'what is owed to a callback cannot be read; trying again');
      this.#ring(AGAIN);
    }
  }

  #begin(delivery: Delivery): void {
    const run = this.#bring(delivery).then(() => {
      this.#underWay.delete(run);
      this.#goOn();
    });
    this.#underWay.add(run);
  }

  /** Outcomes come in groups, as they are committed; one look is enough for all of a group. */
  #goOn(): void {
    if (this.#ended) return;
    this.#ended = true;
    queueMicrotask(() => {
      this.#ended = false;
      this.pump();
    });
  }

  async #bring(delivery: Delivery): Promise<void> {
    try {
      await this.#run(delivery);
    } catch (error) {
      await this.#fail(delivery, error);
    }
  }

  /** A fault of ours must not stop the lane for good, nor make the same call at once again. */
  #fail(delivery: Delivery, error: unknown): Promise<void> {
    this.#options.log.error(
      { target: delivery.target, delivery: delivery.id, err: error },
      'a call failed on our side',
    );
    const attempt = { at: Date.now(), latency: 0, excerpt: 'a fault of the gateway; its log has more' };
    return this.#settle(delivery, { name: 'retry', at: this.#options.service.now + AFTER_FAULT, attempt });
  }

  /** A call that ends looks for the next one by itself; the timer is for what falls due later. */
  #wait(now: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const { journal, service } = this.#options;
    const { health, target } = service;
    const due = journal.nextDue(target.name);
    if (due === undefined || health.name === 'disabled') return;
    const from = health.name === 'paused' ? health.until : now;
    const wait = Math.max(due, from) - now;
    if (wait > 0) this.#ring(wait);
  }

  #ring(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(Math.min(ms, LONGEST), () => this.pump());
  }

  async #run(delivery: Delivery): Promise<void> {
    const { service } = this.#options;
    const began = Date.now();
    const told = await service.tell({ id: delivery.id, stanza: delivery.entry.stanza });
    if (told.name === 'called' && told.result.name === 'fault' && told.result.fault === 'stopped') return;
    const attempt = attemptOf(told, began);
    if (told.name === 'refused') {
      await this.#bury(delivery, attempt, refusalOf(delivery.entry.stanza, 'unsendable'));
    } else await this.#conclude(delivery, attempt, told);
  }

  async #conclude(delivery: Delivery, attempt: Attempt, told: Extract<Told, { name: 'called' }>): Promise<void> {
    const { target, health, now } = this.#options.service;
    const { entry, tries } = delivery;
    const trial = { tries, since: entry.at, now, random: Math.random() };
    const verdict = judge(told.result, target.delivery, trial, health);
    if (verdict.name === 'retry') return this.#settle(delivery, { name: 'retry', at: verdict.at, attempt });
    const reply = replyTo(entry.stanza, told.result, told.format);
    if (verdict.name === 'dead') return this.#bury(delivery, attempt, reply);
    const isSent = await this.#send(entry, reply);
    await this.#settle(delivery, isSent ? { name: 'done', attempt } : { name: 'retry', at: now + AGAIN, attempt });
  }

  async #bury(delivery: Delivery, attempt: Attempt, bounce: Reply): Promise<void> {
    const { log } = this.#options;
    const fields = { target: delivery.target, delivery: delivery.id, tries: delivery.tries + 1, why: attempt.excerpt };
    log.warn(fields, 'a stanza could not be delivered and was given up');
    await this.#settle(delivery, { name: 'dead', attempt });
    await this.#send(delivery.entry, bounce);
  }

  /** @returns whether the reply is on its way, or never will be; otherwise it can be sent later */
  async #send(entry: Entry, reply: Reply): Promise<boolean> {
    const { service, mayAnswer, send, log } = this.#options;
    const fields = { target: service.target.name };
    if (!mayAnswer(entry)) return true;
    if (reply.name === 'none') {
      if (reply.note !== undefined) log.warn({ ...fields, note: reply.note }, 'an answer of the callback was not used');
      return true;
    }
    try {
      await send(reply.stanza);
      return true;
    } catch (error) {
      const isPassing = error instanceof RestanzaError && PASSING.has(error.code);
      log.warn({ ...fields, err: error }, isPassing ? 'a reply must wait for the link' : 'a reply could not be sent');
      return !isPassing;
    }
  }

  /** The journal waits for its disk by itself; what it refuses stays under way until the gateway is started again. */
  async #settle(delivery: Delivery, outcome: Outcome): Promise<void> {
    const { journal, log } = this.#options;
    try {
      await journal.settle(delivery, outcome);
    } catch (error) {
      log.error({ target: delivery.target, delivery: delivery.id, err: error }, 'what came of a call cannot be kept');
    }
  }

  /** Takes the target for well, and makes what is due. */
  revive(): void {
    this.#options.service.revive();
    this.pump();
  }

  /** Begins no more calls, and waits for those under way for a few seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#timer?.[Symbol.dispose]();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    using _timer = this.#options.clock.after(FAREWELL, resolve);
    await Promise.race([Promise.all(this.#underWay), late]);
    await this.#options.service[Symbol.asyncDispose]();
    await Promise.all(this.#underWay);
  }
}

function attemptOf(told: Told, began: number): Attempt {
  const latency = Date.now() - began;
  if (told.name === 'refused') return { at: began, latency, excerpt: told.reason };
  const { result } = told;
  if (result.name === 'fault') return { at: began, latency, excerpt: describe(result) };
  return { at: began, latency, status: result.status, excerpt: excerptOf(result) };
}

/** Making one costs more than what it decodes. */
const DECODER = new TextDecoder();

function excerptOf({ body }: Extract<CallResult, { name: 'answer' }>): string {
  return DECODER.decode(body.subarray(0, EXCERPT));
}

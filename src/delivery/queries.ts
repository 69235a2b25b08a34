/**
 * Iqs, which somebody waits for: they are told at once or not at all, and never kept.
 *
 * Decides that every request has exactly one answer in time: that of the service, the error that its failure means, or the
 * refusal of what comes while too many are under way. Those who only watch are told and not heard.
 */
import type { Log } from '../log.ts';
import { newId, type Stanza } from '../xmpp/stanza.ts';
import { type Reply, refusalOf, replyTo } from './reply.ts';
import type { Service } from './service.ts';

/** Iqs of one link that may be under way at once. */
const MOST = 1_000;

/** The iqs of one link. */
export class Queries implements AsyncDisposable {
  readonly #send: (stanza: Stanza) => Promise<void>;
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  /** @param send sends an answer from the link that the request came in on */
  constructor(send: (stanza: Stanza) => Promise<void>, log: Log) {
    this.#send = send;
    this.#log = log;
  }

  /** Tells services of a request, and sends the answer of the first; `undefined` when none may answer. */
  ask(iq: Stanza, answering: Service | undefined, observing: readonly Service[]): void {
    if (this.#underWay.size >= MOST) {
      this.#begin(this.#answer(refusalOf(iq, 'full')));
      return;
    }
    for (const service of observing) this.#begin(service.tell({ id: newId(), stanza: iq }).then(() => {}));
    this.#begin(answering === undefined ? this.#answer(refusalOf(iq, 'disabled')) : this.#query(iq, answering));
  }

  async #query(iq: Stanza, service: Service): Promise<void> {
    if (service.health.name === 'disabled') return this.#answer(refusalOf(iq, 'disabled'));
    const told = await service.tell({ id: newId(), stanza: iq });
    const reply = told.name === 'refused' ? refusalOf(iq, 'unsendable') : replyTo(iq, told.result, told.format);
    await this.#answer(reply);
  }

  async #answer(reply: Reply): Promise<void> {
    if (reply.name === 'none') return;
    try {
      await this.#send(reply.stanza);
    } catch (error) {
      this.#log.debug({ to: reply.stanza.to, err: error }, 'the answer to an iq could not be sent');
    }
  }

  #begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** Waits for what is under way; its services must have been stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

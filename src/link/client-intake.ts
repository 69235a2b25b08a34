/**
 * What comes in for a user, and waits to be pulled.
 *
 * Decides when a stanza counts as handled: when the batch that it stood in was pulled past, in the order in which all came.
 * What is not for the reader, such as what was not let in, stands in the same queue without being shown, so that the counts
 * of both sides stay the same (XEP-0198 §4).
 */
import type { Log } from '../log.ts';
import type { Element } from '../xml/element.ts';
import { admit, refuseOversized } from '../xmpp/client-admission.ts';
import { NS } from '../xmpp/ns.ts';
import type { Admission } from '../xmpp/refusal.ts';
import { isKind, type Stanza } from '../xmpp/stanza.ts';
import type { ClientSession } from './client-session.ts';
import { serialise } from './client-text.ts';
import type { Clock } from './clock.ts';
import { Inbox, type InboxEvents } from './inbox.ts';
import { RefusalLog } from './refusal-log.ts';

interface Arrival {
  /** Counts it once it is handled; absent when nobody does. */
  readonly session?: ClientSession;
  /** Absent when it is not for the reader. */
  readonly stanza: Stanza | undefined;
}

/** Stanzas that may wait to be pulled, and the bytes that were read for them. */
const LIMITS = { stanzas: 256, bytes: 1_048_576 } as const;

/** The way in of one link. */
export class ClientIntake implements AsyncIterable<readonly Stanza[]> {
  readonly #inbox: Inbox<Arrival>;
  readonly #refusals: RefusalLog;
  #full = false;
  #dropped = false;

  /** @param fields what stands in each line of the log */
  constructor(events: InboxEvents, log: Log, fields: object, clock: Clock) {
    const told = (full: boolean) => {
      this.#full = full;
      if (full) events.full();
      else events.space();
    };
    this.#refusals = new RefusalLog(log, fields, clock);
    this.#inbox = new Inbox(LIMITS.stanzas, { full: () => told(true), space: () => told(false) }, LIMITS.bytes);
  }

  /** Whether the source has to be stopped. */
  get full(): boolean {
    return this.#full;
  }

  /** Takes an element that came in a session and should be a stanza; it took so many bytes. */
  take(session: ClientSession, received: Element, bytes: number): void {
    const admission = admit(received, session.address);
    if (isStanza(received)) this.#judge(session, admission, received, bytes);
    else if ('refusal' in admission) this.#refusals.note(admission.refusal, undefined);
  }

  /** Takes an element that came before the session began, and that nobody counts. */
  early(session: ClientSession, received: Element): void {
    const admission = admit(received, session.address);
    if ('stanza' in admission) this.#inbox.push({ stanza: admission.stanza });
    else this.#refusals.note(admission.refusal, received.attrs['from']);
  }

  /** Takes a stanza over a limit, of which there is only the start tag. */
  oversized(session: ClientSession, head: Element, reason: string): void {
    const refusal = refuseOversized(head, session.address, reason);
    if (isStanza(head)) this.#judge(session, { refusal }, head, 0);
    else this.#refusals.note(refusal, undefined);
  }

  #judge(session: ClientSession, admission: Admission, received: Element, bytes: number): void {
    if (!session.receive()) return;
    if ('stanza' in admission) {
      const internal = session.recognise(admission.stanza);
      this.#inbox.push({ session, stanza: internal ? undefined : admission.stanza }, bytes);
      return;
    }
    this.#inbox.push({ session, stanza: undefined }, bytes);
    const { refusal } = admission;
    this.#refusals.note(refusal, received.attrs['from']);
    // When the way out is full, a stranger's mistake is not worth a place in it.
    if (refusal.answer !== undefined) session.offer(serialise(refusal.answer));
  }

  /** What waits is not delivered any more: the server has been told that it is not handled. */
  drop(): void {
    this.#dropped = true;
  }

  /** Ends the iteration once what waits has been pulled. */
  close(): void {
    this.#inbox.close();
  }

  /** Iterates what comes in; once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Stanza[], void> {
    for await (const batch of this.#inbox) {
      const stanzas = batch.flatMap(({ stanza }) => stanza ?? []);
      if (stanzas.length > 0 && !this.#dropped) yield stanzas;
      for (const { session } of batch) session?.handle();
    }
  }
}

/** XEP-0198 §4: nothing else is counted. */
function isStanza({ ns, name }: Element): boolean {
  return ns === NS.client && isKind(name);
}

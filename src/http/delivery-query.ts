/**
 * Which deliveries a request is about, and how they are shown.
 *
 * Decides the parameters, and the JSON of a delivery: times are ISO 8601 in UTC, durations milliseconds. A list names
 * stanzas by their attributes alone; one delivery shows all of its stanza and each try.
 */
import type { Attempt, DeliveryFilter, DeliveryRecord } from '../journal/journal.ts';
import { readStanzaJson } from '../mapping/envelope.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { oneOf, readParameters, someText, TIME_PARAMETER, wholeNumber } from './query-parameters.ts';

const DEFAULT_LIMIT = 50;
const HIGHEST_LIMIT = 500;

const LIST_PARAMETERS = {
  state: oneOf(['queued', 'done', 'dead']),
  target: someText(1_024),
  since: TIME_PARAMETER,
  before: TIME_PARAMETER,
  after: someText(128),
  limit: wholeNumber(1, HIGHEST_LIMIT),
};

const RETRY_PARAMETERS = {
  // Only these wait for a hand; it is said all the same, so that nobody retries more than he means to.
  state: oneOf(['dead']),
  target: someText(1_024),
};

/**
 * Reads which deliveries are to be listed.
 *
 * @param links those that the caller manages
 * @throws RestanzaError as `readParameters`
 */
export function readDeliveryFilter(url: string, links: readonly Jid[]): DeliveryFilter {
  return { limit: DEFAULT_LIMIT, ...readParameters(url, LIST_PARAMETERS), links };
}

/**
 * Reads which deliveries are to be made once more.
 *
 * @returns the target; absent for all
 * @throws RestanzaError as `readParameters`
 */
export function readRetryTarget(url: string): string | undefined {
  return readParameters(url, RETRY_PARAMETERS).target;
}

/** A delivery in a list. */
export function summaryOf(record: DeliveryRecord): object {
  return { ...bareSummary(record), stanza: attributesOf(record.entry.stanza) };
}

/** A delivery with everything that is known of it. */
export function detailsOf(record: DeliveryRecord): object {
  const { entry, attempts } = record;
  return { ...bareSummary(record), stanza: readStanzaJson(entry.stanza), attempts: attempts.map(attemptJson) };
}

function bareSummary({ id, target, state, tries, next, entry }: DeliveryRecord): object {
  const due = next === undefined ? {} : { next: timeOf(next) };
  return { id, target, state, tries, ...due, received: timeOf(entry.at) };
}

function attributesOf({ kind, type, to, from, id }: Stanza): object {
  return { kind, type, to, from, id };
}

function attemptJson({ at, latency, status, excerpt }: Attempt): object {
  return { at: timeOf(at), latency_ms: Math.round(latency), ...(status !== undefined && { status }), excerpt };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

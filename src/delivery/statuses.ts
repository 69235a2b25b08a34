/**
 * HTTP statuses and failed calls as stanza errors.
 *
 * Decides, in two tables, the error that the sender of a stanza gets for a status: that of mod_rest (the registry of
 * Prosody's HTTP errors), and for targets of the format `component_http` that of mod_component_http. The text names the
 * status; what the body of the answer says stays with the operator.
 */
import { STATUS_CODES } from 'node:http';
import type { ErrorType } from '../errors.ts';
import { element } from '../xml/element.ts';
import type { StanzaCondition } from '../xmpp/conditions.ts';
import { NS } from '../xmpp/ns.ts';
import { errorOf, type Stanza } from '../xmpp/stanza.ts';
import { FAULTS, type FaultName } from './call-fault.ts';
import type { Format } from './target.ts';

/** A stanza error without the stanza (RFC 6120 §8.3.2). */
export interface ErrorTerms {
  readonly type: ErrorType;
  /** RFC 3920 §9.3.3 had a condition more, which Prosody still has for status 402. */
  readonly condition: StanzaCondition | 'payment-required';
  readonly text?: string;
}

/** The statuses that have an error. */
type Table = ReadonlyMap<number, ErrorTerms>;

/** A row for each status of a line. */
function tableOf(lines: readonly (readonly [ErrorType, ErrorTerms['condition'], ...number[]])[]): Table {
  return new Map(lines.flatMap(([type, condition, ...statuses]) => statuses.map(one => [one, { type, condition }])));
}

const MOD_REST = tableOf([
  ['modify', 'bad-request', 400, 411, 416, 422],
  ['auth', 'not-authorized', 401, 511],
  ['auth', 'payment-required', 402],
  ['auth', 'forbidden', 403, 451],
  ['cancel', 'item-not-found', 404],
  ['cancel', 'not-allowed', 405],
  ['modify', 'not-acceptable', 406],
  ['auth', 'registration-required', 407],
  ['wait', 'remote-server-timeout', 408, 502, 504],
  ['cancel', 'conflict', 409, 412],
  ['cancel', 'gone', 410],
  ['modify', 'resource-constraint', 413, 414, 431],
  ['cancel', 'feature-not-implemented', 415, 501],
  ['wait', 'resource-constraint', 423, 429, 507],
  ['wait', 'internal-server-error', 500],
  ['cancel', 'service-unavailable', 503],
]);

const COMPONENT_HTTP = tableOf([
  ['modify', 'bad-request', 400],
  ['auth', 'not-authorized', 401],
  ['auth', 'forbidden', 402, 403],
  ['cancel', 'item-not-found', 404],
  ['cancel', 'gone', 410],
  ['cancel', 'internal-server-error', 500],
  ['cancel', 'feature-not-implemented', 501],
  ['cancel', 'remote-server-timeout', 502],
  ['wait', 'remote-server-timeout', 503, 504],
]);

const OTHERWISE: ErrorTerms = { type: 'cancel', condition: 'undefined-condition' };
const OTHERWISE_COMPONENT_HTTP: ErrorTerms = { type: 'cancel', condition: 'service-unavailable' };

/** Phrases of Prosody that are not Node's. */
const PHRASES: Readonly<Record<number, string>> = { 418: "I'm a teapot", 509: 'Unassigned' };

/** The error for a status. */
export function statusTerms(status: number, format: Format): ErrorTerms {
  const text = `${status} ${PHRASES[status] ?? STATUS_CODES[status] ?? 'Unassigned'}`;
  const row =
    format === 'component_http'
      ? (COMPONENT_HTTP.get(status) ?? OTHERWISE_COMPONENT_HTTP)
      : (MOD_REST.get(status) ?? OTHERWISE);
  return { ...row, text };
}

/** The error for a call without an answer; mod_rest says no text either. */
export function faultTerms(fault: FaultName): ErrorTerms {
  const { type, condition } = FAULTS[fault];
  return { type, condition };
}

/** The errors of stanzas that no service has judged. */
export const REFUSALS = {
  /** It cannot be written for the target, or not into its URL. */
  unsendable: { type: 'modify', condition: 'bad-request' },
  /** As much waits for the target as may wait. */
  full: { type: 'wait', condition: 'resource-constraint' },
  /** The target has asked for no more calls. */
  disabled: { type: 'cancel', condition: 'service-unavailable' },
  /** The time for an answer is over. */
  late: { type: 'wait', condition: 'remote-server-timeout' },
} as const satisfies Record<string, ErrorTerms>;

/** Why a stanza was refused. */
export type Refusal = keyof typeof REFUSALS;

/**
 * The stanza error that answers a stanza. Its text has no language, as mod_rest writes it.
 *
 * @returns `undefined` where RFC 6120 §8.3.1 forbids one
 */
export function errorReply(request: Stanza, { type, condition, text }: ErrorTerms): Stanza | undefined {
  const reply = errorOf(request, { condition: 'undefined-condition' });
  if (reply === undefined) return undefined;
  const texts = text === undefined ? [] : [element('text', NS.stanzaErrors, {}, [text])];
  const children = [element(condition, NS.stanzaErrors), ...texts];
  return { ...reply, payload: [element('error', NS.client, { type }, children)] };
}

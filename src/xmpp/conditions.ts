/**
 * Stanza and stream error conditions (RFC 6120 §4.9.3, §8.3.3).
 *
 * Decides the facts about each condition: the error type that goes with a stanza condition unless the sender says
 * otherwise, and, for a stream condition, whether connecting again can help.
 */
import type { ErrorType } from '../errors.ts';

/** Defined stanza conditions and the type that RFC 6120 §8.3.3 associates with each. */
export const STANZA_CONDITIONS = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'modify',
  'unexpected-request': 'wait',
} as const satisfies Record<string, ErrorType>;

/** A defined condition of a stanza error. */
export type StanzaCondition = keyof typeof STANZA_CONDITIONS;

/**
 * What a stream error means for the one who connects: `retry` soon, `yield` to another connection that took our place and
 * come back slowly, or `stop` because the same configuration will fail again.
 */
export type Reconnect = 'retry' | 'yield' | 'stop';

/** Defined stream conditions, each with what to do about the connection. */
export const STREAM_CONDITIONS = {
  'bad-format': 'retry',
  'bad-namespace-prefix': 'retry',
  conflict: 'yield',
  'connection-timeout': 'retry',
  'host-gone': 'retry',
  'host-unknown': 'stop',
  'improper-addressing': 'retry',
  'internal-server-error': 'retry',
  'invalid-from': 'retry',
  'invalid-namespace': 'retry',
  'invalid-xml': 'retry',
  'not-authorized': 'stop',
  'not-well-formed': 'retry',
  'policy-violation': 'yield',
  'remote-connection-failed': 'retry',
  reset: 'retry',
  'resource-constraint': 'yield',
  'restricted-xml': 'retry',
  'see-other-host': 'retry',
  'system-shutdown': 'retry',
  'undefined-condition': 'retry',
  'unsupported-encoding': 'retry',
  'unsupported-feature': 'retry',
  'unsupported-stanza-type': 'retry',
  'unsupported-version': 'stop',
} as const satisfies Record<string, Reconnect>;

/** A defined condition of a stream error. */
export type StreamCondition = keyof typeof STREAM_CONDITIONS;

/** Whether a name is a defined stanza condition. */
export function isStanzaCondition(name: string): name is StanzaCondition {
  return Object.hasOwn(STANZA_CONDITIONS, name);
}

/** Whether a name is a defined stream condition. */
export function isStreamCondition(name: string): name is StreamCondition {
  return Object.hasOwn(STREAM_CONDITIONS, name);
}

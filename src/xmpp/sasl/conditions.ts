/**
 * SASL failure conditions (RFC 6120 §6.5).
 *
 * Decides, per condition, what the one who wanted to log in can do about it. Which fault has which condition is decided
 * where it is found.
 */

/**
 * What helps after a failure: try `again`, `correct` the credentials, send what the mechanism asks for (`repair`), take
 * `another` mechanism, `secure` the stream first, `wait`, or ask the `operator` of the server.
 */
export type SaslRemedy = 'again' | 'correct' | 'repair' | 'another' | 'secure' | 'wait' | 'operator';

/** Defined SASL conditions, each with what helps. */
export const SASL_CONDITIONS = {
  aborted: 'again',
  'account-disabled': 'operator',
  'credentials-expired': 'operator',
  'encryption-required': 'secure',
  'incorrect-encoding': 'repair',
  'invalid-authzid': 'correct',
  'invalid-mechanism': 'another',
  'malformed-request': 'repair',
  'mechanism-too-weak': 'another',
  'not-authorized': 'correct',
  'temporary-auth-failure': 'wait',
} as const satisfies Record<string, SaslRemedy>;

/** A defined condition of a SASL failure. */
export type SaslCondition = keyof typeof SASL_CONDITIONS;

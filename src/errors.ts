/**
 * Every error that a user of Restanza can meet, as one table of stable codes.
 *
 * Decides, per code: the HTTP status, the XMPP error type and condition, and the first sentence of the text. The rows that
 * mod_rest has too carry its status, type, condition and text, because its clients read them. How an error is rendered
 * (JSON, XML) is decided in `bridge/error-body.ts`; `docs/errors.md` lists the same codes, and a test compares both.
 */

/** The `type` of an XMPP stanza error (RFC 6120 §8.3.2): what the sender can do about it. */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

/** One row of the table: what a code means on each side. */
export interface ErrorRow {
  /** HTTP status, 400–599. */
  readonly status: number;
  readonly type: ErrorType;
  /** A stream or stanza error condition (RFC 6120 §4.9.3, §8.3.3). */
  readonly condition: string;
  /** What happened, as a sentence without the particulars. */
  readonly text: string;
}

/** The codes. A code, once released, keeps its meaning; the text may be improved. */
export const ERRORS = {
  'no-credentials': { status: 401, type: 'auth', condition: 'not-authorized', text: 'No credentials provided' },
  'credentials-malformed': { status: 403, type: 'auth', condition: 'not-authorized', text: 'Credentials malformed' },
  'credentials-rejected': { status: 403, type: 'auth', condition: 'not-authorized', text: 'Credentials not accepted' },
  'login-failed': { status: 401, type: 'auth', condition: 'not-authorized', text: 'Credentials not accepted' },
  'scheme-unsupported': {
    status: 401,
    type: 'auth',
    condition: 'not-authorized',
    text: 'Authentication scheme not supported',
  },
  'too-many-requests': { status: 429, type: 'wait', condition: 'resource-constraint', text: 'Too many requests' },
  'too-many-failures': { status: 429, type: 'wait', condition: 'resource-constraint', text: 'Too many failed logins' },
  'too-many-streams': {
    status: 429,
    type: 'wait',
    condition: 'resource-constraint',
    text: 'Too many readers of events at the same time',
  },
  'from-forbidden': {
    status: 403,
    type: 'auth',
    condition: 'not-authorized',
    text: "Not authorized to send stanza with requested 'from'",
  },
  'scope-insufficient': {
    status: 403,
    type: 'auth',
    condition: 'forbidden',
    text: 'The token does not permit this; nothing was sent',
  },
  'address-forbidden': {
    status: 403,
    type: 'auth',
    condition: 'forbidden',
    text: 'The token may not be used from this address',
  },
  'token-forbidden': {
    status: 403,
    type: 'auth',
    condition: 'forbidden',
    text: 'The token was not made',
  },
  'origin-forbidden': {
    status: 403,
    type: 'auth',
    condition: 'forbidden',
    text: 'The request comes from a page of another site',
  },
  'body-malformed': { status: 400, type: 'modify', condition: 'not-well-formed', text: 'Failed to parse payload' },
  'request-malformed': {
    status: 400,
    type: 'modify',
    condition: 'bad-format',
    text: 'The request cannot be understood',
  },
  'value-invalid': { status: 422, type: 'modify', condition: 'bad-format', text: 'A value has the wrong type or form' },
  'namespace-invalid': {
    status: 422,
    type: 'modify',
    condition: 'invalid-namespace',
    text: "'xmlns' attribute must be empty",
  },
  'kind-invalid': {
    status: 422,
    type: 'modify',
    condition: 'unsupported-stanza-type',
    text: "Invalid stanza, must be 'message', 'presence' or 'iq'.",
  },
  'to-invalid': { status: 422, type: 'modify', condition: 'improper-addressing', text: 'Invalid destination JID' },
  'from-invalid': { status: 422, type: 'modify', condition: 'invalid-from', text: 'Invalid source JID' },
  'iq-type-invalid': {
    status: 422,
    type: 'modify',
    condition: 'invalid-xml',
    text: "'iq' stanza must be of type 'get' or 'set'",
  },
  'iq-payload-invalid': {
    status: 422,
    type: 'modify',
    condition: 'bad-format',
    text: "'iq' stanza must have exactly one child tag",
  },
  'stanza-type-invalid': {
    status: 422,
    type: 'modify',
    condition: 'invalid-xml',
    text: 'The stanza has a type that its kind does not know',
  },
  'id-in-use': {
    status: 409,
    type: 'cancel',
    condition: 'conflict',
    text: 'An iq with this id to this address still waits for its answer',
  },
  'idempotency-mismatch': {
    status: 422,
    type: 'modify',
    condition: 'conflict',
    text: 'This Idempotency-Key belongs to another request',
  },
  'idempotency-concurrent': {
    status: 409,
    type: 'wait',
    condition: 'conflict',
    text: 'The first request with this Idempotency-Key is still under way',
  },
  'idempotency-unrecorded': {
    status: 409,
    type: 'cancel',
    condition: 'conflict',
    text: 'The first request with this Idempotency-Key was handled, but its answer was not kept; nothing was sent again',
  },
  'media-type-unsupported': { status: 415, type: 'cancel', condition: 'bad-format', text: 'Unsupported media type' },
  'too-large': { status: 413, type: 'modify', condition: 'resource-constraint', text: 'Payload too large' },
  'headers-too-large': {
    status: 431,
    type: 'modify',
    condition: 'resource-constraint',
    text: 'The request headers are too large',
  },
  'request-timeout': {
    status: 408,
    type: 'wait',
    condition: 'connection-timeout',
    text: 'The request did not arrive in time',
  },
  'not-found': { status: 404, type: 'cancel', condition: 'item-not-found', text: 'There is nothing at this path' },
  'delivery-done': {
    status: 409,
    type: 'cancel',
    condition: 'conflict',
    text: 'The delivery was made already; nothing was queued',
  },
  'reply-timeout': {
    status: 504,
    type: 'wait',
    condition: 'remote-server-timeout',
    text: 'The iq got no answer in time',
  },
  'link-down': {
    status: 503,
    type: 'wait',
    condition: 'remote-connection-failed',
    text: 'The XMPP server cannot be reached at the moment; nothing was sent',
  },
  'link-lost': {
    status: 503,
    type: 'wait',
    condition: 'remote-connection-failed',
    text: 'The connection to the XMPP server ended before the answer came; the stanza may have been handled',
  },
  unconfirmed: {
    status: 503,
    type: 'wait',
    condition: 'remote-server-timeout',
    text: 'The XMPP server has not confirmed the stanza in time; it was sent, and may still arrive',
  },
  'link-congested': {
    status: 503,
    type: 'wait',
    condition: 'resource-constraint',
    text: 'The XMPP server does not keep up; nothing was sent',
  },
  'too-many-waiting': {
    status: 503,
    type: 'wait',
    condition: 'resource-constraint',
    text: 'Too many requests are waiting for an answer; nothing was sent',
  },
  'too-many-sessions': {
    status: 503,
    type: 'wait',
    condition: 'resource-constraint',
    text: 'Too many users have a session and all of them are in use; nothing was sent',
  },
  'storage-unavailable': {
    status: 503,
    type: 'wait',
    condition: 'resource-constraint',
    text: 'The gateway cannot write to its disk; nothing was sent',
  },
  'issuer-unavailable': {
    status: 503,
    type: 'wait',
    condition: 'remote-connection-failed',
    text: 'The keys of whoever issued the token cannot be had at the moment; nothing was sent',
  },
  stopping: {
    status: 503,
    type: 'wait',
    condition: 'system-shutdown',
    text: 'The gateway is stopping; nothing was sent',
  },
  internal: { status: 500, type: 'wait', condition: 'internal-server-error', text: 'Internal error of the gateway' },
} as const satisfies Record<string, ErrorRow>;

/** A stable name of an error, for programs to compare; listed in `docs/errors.md`. */
export type ErrorCode = keyof typeof ERRORS;

/** What may be said beside the code. */
export interface ErrorOptions {
  /** The error behind this one; it is logged, never shown to the HTTP client. */
  readonly cause?: unknown;
  /** Seconds after which a repeat makes sense; becomes the `Retry-After` header. */
  readonly retryAfter?: number;
}

/**
 * An error with a code of the table. It is the only error that may reach an HTTP client as it is; anything else is
 * reported as `internal`, with its cause in the log.
 */
export class RestanzaError extends Error {
  override readonly name = 'RestanzaError';
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;

  /**
   * @param code the row of the table
   * @param detail what exactly is wrong and what to do next, as the rest of a sentence; must not hold secrets
   */
  constructor(code: ErrorCode, detail?: string, options: ErrorOptions = {}) {
    const { text } = ERRORS[code];
    super(detail === undefined ? text : `${text.replace(/\.$/, '')}: ${detail}`, { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
  }

  /** The row of this error's code. */
  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}

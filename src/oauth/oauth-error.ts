/**
 * The errors of OAuth 2, as one table.
 *
 * Decides which codes there are (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8628 §3.5, OpenID Connect
 * Core §3.1.2.6) and the HTTP status with which each leaves when it is answered directly. How it is sent is decided in
 * `http/oauth-answer.ts`.
 */

/** The codes with their status. */
export const OAUTH_ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  access_denied: 400,
  login_required: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  server_error: 500,
  temporarily_unavailable: 503,
} as const satisfies Readonly<Record<string, number>>;

/** A code of the table. */
export type OAuthErrorCode = keyof typeof OAUTH_ERRORS;

/** An error that the client is told of in the words of OAuth. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;

  /**
   * @param code the row of the table
   * @param description what is wrong and what to do, as RFC 6749 §5.2 allows it: ASCII without `"` and `\`, and no secrets
   */
  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.code = code;
  }

  /** The HTTP status. */
  get status(): number {
    return OAUTH_ERRORS[this.code];
  }
}

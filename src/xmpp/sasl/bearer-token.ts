/**
 * What a bearer token is made of (RFC 6750 §2.1, RFC 8959).
 *
 * Decides that a token is what fits into the header of HTTP, or a `secret-token:` URI. Prosody's are such URIs, with base64 in
 * them, whose slash and whose `=` are taken as well. Nothing of it can end a field of HTTP or of OAUTHBEARER (RFC 7628 §3.1).
 */

const TOKEN = /^(?:[A-Za-z0-9._~+/-]+=*|secret-token:[A-Za-z0-9._~!$&'()*+,;=:@%/-]+)$/;

/** Whether a text can be a bearer token. */
export function isBearerToken(text: string): boolean {
  return TOKEN.test(text);
}

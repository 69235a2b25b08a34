/**
 * Why the keys of an issuer cannot be had, in words for the operator.
 *
 * Decides what is told for each error of the system, of the DNS, of TLS and of the HTTP client. Each is a row. A stack never
 * goes into the log here: it would only show the inside of the HTTP client.
 */

const REDIRECTED = 'it redirects; set the address that it leads to';
const NO_JSON = 'what is there is no JSON';
const NO_TIME = 'no answer came in time';
const NO_NAME = 'its name has no address';
const NO_DNS = 'its name cannot be resolved at the moment';
const NO_WAY = 'there is no way to it; check the network and the firewall';
const CLOSED = 'the connection was closed from the other side';
const UNTRUSTED = 'its certificate comes from an authority that is not known here';

/** By the code of an error, by its name where it has none, or by the words of the HTTP client. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', NO_NAME],
  ['ENODATA', NO_NAME],
  ['EAI_AGAIN', NO_DNS],
  ['ECONNREFUSED', 'the connection is refused; nothing listens there'],
  ['ECONNRESET', CLOSED],
  ['UND_ERR_SOCKET', CLOSED],
  ['EHOSTUNREACH', NO_WAY],
  ['ENETUNREACH', NO_WAY],
  ['ETIMEDOUT', NO_TIME],
  ['UND_ERR_CONNECT_TIMEOUT', NO_TIME],
  ['TimeoutError', NO_TIME],
  ['unexpected redirect', REDIRECTED],
  ['bad port', 'no HTTP client goes to that port'],
  ['SyntaxError', NO_JSON],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'what is there is not UTF-8'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'what answers does not speak TLS'],
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'this is a folder'],
  ['EACCES', 'this user may not read it; change its owner or mode'],
]);

/** Characters of the text of an error that are repeated. */
const QUOTED = 200;

/** Says on one line why the keys cannot be had. */
export function explainKeysFault(error: unknown): string {
  const one = innermost(error);
  const names = [codeOf(one), one.name, one.message];
  return names.flatMap(name => REASONS.get(name) ?? []).at(0) ?? one.message.slice(0, QUOTED);
}

/** The HTTP client wraps what happened; of several addresses of a host, each gives the same. */
function innermost(error: unknown): Error {
  const inner = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
  const one = inner instanceof AggregateError ? (inner.errors.at(-1) ?? inner) : inner;
  return one instanceof Error ? one : new Error(String(one));
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/**
 * The server's messages of SCRAM (RFC 5802 §5, §7), as a client reads them.
 *
 * Decides what their text means, and which values nobody needs to answer: a salt of no bytes, and iterations that are too few
 * to be safe or too many to be computed for a stranger. Whether they are true is decided in `scram-client.ts`.
 */
import { readAnswerText } from './client-exchange.ts';
import { SaslFault, type SaslReason } from './client-fault.ts';
import { decodeBase64 } from './encoding.ts';
import { extensionProblem, isNonce, readAttribute } from './scram-grammar.ts';

/** `server-first-message`. */
export interface ServerFirst {
  /** All of it, a part of what is signed. */
  readonly text: string;
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** The attribute `h` of XEP-0474; `undefined` when the server does not send it. */
  readonly offerHash: string | undefined;
}

/**
 * Iterations of PBKDF2. RFC 7677 §4 has the least. The most is above all that is recommended anywhere (1,400,000 for SHA-1) and
 * costs one core up to a second, which is as much as a stranger who plays our server may cost us for a login.
 */
export const ITERATION_BOUNDS = { least: 4096, most: 2_000_000 } as const;

const ITERATIONS = /^[1-9][0-9]{0,15}$/;

/** What `e=` of RFC 5802 §7 means; what is not listed is about the form of our message. */
const SERVER_ERRORS: ReadonlyMap<string, SaslReason> = new Map([
  ['invalid-proof', 'not-authorized'],
  ['unknown-user', 'not-authorized'],
  ['no-resources', 'temporary-auth-failure'],
  ['channel-bindings-dont-match', 'downgraded'],
  ['server-does-support-channel-binding', 'downgraded'],
]);

/**
 * Reads the server's first message.
 *
 * @throws SaslFault `malformed-answer`, `iterations-out-of-bounds`
 */
export function readServerFirst(message: Uint8Array): ServerFirst {
  const text = readAnswerText(message);
  const [nonce, salt, iterations, ...extensions] = text.split(',');
  const first = {
    text,
    nonce: readNonce(nonce),
    salt: readBytes(attribute('s', salt)),
    iterations: readIterations(attribute('i', iterations)),
  };
  requireExtensions(extensions);
  return { ...first, offerHash: extensions.find(extension => extension.startsWith('h='))?.slice(2) };
}

/**
 * Reads the server's final message.
 *
 * @returns the signature
 * @throws SaslFault `malformed-answer`, or what the server's error stands for
 */
export function readServerFinal(message: Uint8Array): Uint8Array {
  const [verifier, ...extensions] = readAnswerText(message).split(',');
  const [name, value = ''] = readAttribute(verifier) ?? [];
  if (name === 'e') {
    throw new SaslFault(SERVER_ERRORS.get(value) ?? 'malformed-request', 'the server ended the exchange with an error');
  }
  const signature = readBytes(attribute('v', verifier));
  requireExtensions(extensions);
  return signature;
}

function attribute(name: string, text: string | undefined): string {
  const [found, value] = readAttribute(text) ?? [];
  if (found === 'm') malformed('asks for an extension that we do not understand');
  if (found !== name || value === undefined) malformed(`does not have the attribute "${name}" where it belongs`);
  return value;
}

function readNonce(text: string | undefined): string {
  const nonce = attribute('r', text);
  return isNonce(nonce) ? nonce : malformed('has a nonce that is not printable ASCII');
}

function readBytes(text: string): Uint8Array {
  return decodeBase64(text) ?? malformed('has an attribute that is not base64');
}

function readIterations(text: string): number {
  const iterations = ITERATIONS.test(text) ? Number(text) : malformed('has iterations that are no number');
  const { least, most } = ITERATION_BOUNDS;
  if (iterations >= least && iterations <= most) return iterations;
  throw new SaslFault(
    'iterations-out-of-bounds',
    `the account has ${iterations} iterations where ${least} to ${most} are accepted; set the password anew on the server`,
  );
}

function requireExtensions(extensions: readonly string[]): void {
  const problem = extensionProblem(extensions);
  if (problem !== undefined) malformed(`is not well-formed: ${problem}`);
}

function malformed(what: string): never {
  throw new SaslFault('malformed-answer', `the server's SCRAM message ${what}`);
}

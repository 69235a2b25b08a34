/**
 * The client's messages of SCRAM (RFC 5802 §5, §7).
 *
 * Decides what their text means: attributes in the one order that the grammar gives, each once, and no extension that must
 * be understood. Whether they are true is decided in `scram.ts`.
 */

import { decodeBase64 } from './encoding.ts';
import { SaslFailure } from './exchange.ts';
import { extensionProblem, isNonce, readAttribute, unescapeName } from './scram-grammar.ts';

/** `client-first-message`. */
export interface ClientFirst {
  /** `n` or `y`, the authorization identity and the commas; the final message repeats it. */
  readonly gs2Header: string;
  /** Unescaped; empty for none. */
  readonly authzid: string;
  /** `client-first-message-bare`, a part of what is signed. */
  readonly bare: string;
  /** Unescaped, not prepared. */
  readonly username: string;
  readonly nonce: string;
}

/** `client-final-message`. */
export interface ClientFinal {
  /** `client-final-message-without-proof`, a part of what is signed. */
  readonly withoutProof: string;
  /** What the client saw of the first header, and of the channel if that were bound. */
  readonly channelBinding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
}

/** `gs2-cbind-flag "," [authzid] ","` and the rest; a flag is read for what it is before it is refused. */
const GS2_HEADER = /^(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,\0]+))?,/;

/**
 * Reads the first message.
 *
 * The flag `y` says that the client would bind the channel and believes that we cannot, which is true as long as no `-PLUS`
 * mechanism is offered; with one, it would be a sign of somebody in between and had to fail.
 *
 * @throws SaslFailure `malformed-request`
 */
export function readClientFirst(text: string): ClientFirst {
  const [gs2Header, flag = '', authzid = ''] = GS2_HEADER.exec(text) ?? malformed('the GS2 header is not well-formed');
  if (flag.startsWith('p')) malformed('channel binding is not on offer');
  const bare = text.slice(gs2Header.length);
  const [username, nonce, ...extensions] = bare.split(',');
  const name = attribute('n', username);
  requireExtensions(extensions);
  return { gs2Header, authzid: unescaped(authzid), bare, username: unescaped(name), nonce: readNonce(nonce) };
}

/**
 * Reads the final message.
 *
 * @throws SaslFailure `malformed-request`
 */
export function readClientFinal(text: string): ClientFinal {
  const proofAt = text.lastIndexOf(',');
  const withoutProof = text.slice(0, Math.max(proofAt, 0));
  const [binding, nonce, ...extensions] = withoutProof.split(',');
  const channelBinding = readBase64(attribute('c', binding));
  requireExtensions(extensions);
  return {
    withoutProof,
    channelBinding,
    nonce: readNonce(nonce),
    proof: readBase64(attribute('p', text.slice(proofAt + 1))),
  };
}

/** The value of an attribute that has to stand at this place. */
function attribute(name: string, text: string | undefined): string {
  const [found, value] = readAttribute(text) ?? [];
  if (found === 'm') malformed('an extension that must be understood is not');
  if (found !== name || value === undefined) malformed(`the attribute "${name}" is not where it belongs`);
  return value;
}

function readNonce(text: string | undefined): string {
  const nonce = attribute('r', text);
  return isNonce(nonce) ? nonce : malformed('a nonce is made of printable ASCII');
}

function readBase64(text: string): Uint8Array {
  return decodeBase64(text) ?? malformed('an attribute is not base64');
}

function requireExtensions(extensions: readonly string[]): void {
  const problem = extensionProblem(extensions);
  if (problem !== undefined) malformed(problem);
}

function unescaped(text: string): string {
  return unescapeName(text) ?? malformed('a name holds "=" without 2C or 3D after it');
}

function malformed(text: string): never {
  throw new SaslFailure('malformed-request', text);
}

/**
 * SASL SCRAM as a server (RFC 5802, RFC 7677), without channel binding.
 *
 * Decides who is logged in: the one whose proof goes with the stored keys, over exactly the messages that were exchanged. A
 * name without an account takes the same way and fails where a wrong password does. States: the first message is due, then
 * the final one.
 */
import { randomBytes } from 'node:crypto';
import { type Claim, claim } from './credentials.ts';
import { encodeBase64 } from './encoding.ts';
import {
  type Answer,
  concluded,
  judged,
  readText,
  requireOwnIdentity,
  SaslFailure,
  type ServerContext,
  type Turn,
} from './exchange.ts';
import { type AccountHash, serverSignature, verifyProof } from './scram-keys.ts';
import { type ClientFirst, readClientFinal, readClientFirst } from './scram-message.ts';

/** What the final message is held against. */
interface Expected {
  readonly hash: AccountHash;
  readonly claim: Claim;
  readonly first: ClientFirst;
  /** The client's nonce and ours. */
  readonly nonce: string;
  readonly serverFirst: string;
}

const NONCE_BYTES = 18;

/** The first state: `client-first-message` is due; an empty challenge asks for it when it did not come with `<auth/>`. */
export function scram(hash: AccountHash, context: ServerContext): Turn {
  return async message => {
    if (message !== undefined) return begin(hash, message, context);
    const next: Turn = late => begin(hash, late ?? new Uint8Array(), context);
    return { step: { kind: 'challenge', data: new Uint8Array() }, next };
  };
}

async function begin(hash: AccountHash, message: Uint8Array, context: ServerContext): Promise<Answer> {
  const first = readClientFirst(readText(message));
  requireOwnIdentity(first.username, first.authzid, context.domain);
  const claimed = await claim(context.credentials, first.username);
  const { salt, iterations } = claimed.keys[hash];
  const nonce = first.nonce + (context.nonce ?? randomNonce)();
  const serverFirst = `r=${nonce},s=${encodeBase64(salt)},i=${iterations}`;
  const expected = { hash, claim: claimed, first, nonce, serverFirst };
  const next: Turn = async last => finish(last ?? new Uint8Array(), expected, context);
  return { step: { kind: 'challenge', data: Buffer.from(serverFirst) }, next };
}

function randomNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64');
}

/** The second state: `client-final-message` is due. */
async function finish(message: Uint8Array, expected: Expected, context: ServerContext): Promise<Answer> {
  const { claim, first, nonce, serverFirst } = expected;
  const final = readClientFinal(readText(message));
  if (final.nonce !== nonce) throw new SaslFailure('not-authorized', 'the nonce is not that of this exchange');
  if (!Buffer.from(first.gs2Header).equals(final.channelBinding)) {
    throw new SaslFailure('not-authorized', 'the channel binding does not repeat the GS2 header');
  }
  const keys = claim.keys[expected.hash];
  const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
  const localpart = await judged(context, first.username, async () =>
    verifyProof(keys, final.proof, authMessage) ? claim.localpart : undefined,
  );
  const signature = Buffer.from(`v=${encodeBase64(serverSignature(keys, authMessage))}`);
  return concluded(localpart, context.domain, signature);
}

/**
 * SASL SCRAM as a client (RFC 5802, RFC 7677), with and without channel binding.
 *
 * Decides whom to believe: a server that extends our nonce, keeps the account's iterations within bounds, offered what we saw
 * (XEP-0474), and proves in the end that it knows the account. States: the server's first message is due, then its final one,
 * with the success or in a challenge before it.
 */
import { randomBytes } from 'node:crypto';
import type { Jid } from '../jid.ts';
import type { BindingChoice } from './channel-binding.ts';
import {
  type ClientContext,
  type ClientExchange,
  type ClientKeys,
  type ClientState,
  clientExchange,
} from './client-exchange.ts';
import { SaslFault } from './client-fault.ts';
import { encodeBase64 } from './encoding.ts';
import { readServerFinal, readServerFirst, type ServerFirst } from './scram-answer.ts';
import { escapeName } from './scram-grammar.ts';
import { clientProof, deriveKeys, type ScramHash, verifySignature } from './scram-keys.ts';

/** What a login is made of. */
export interface ScramLogin {
  readonly mechanism: string;
  readonly hash: ScramHash;
  readonly authcid: string;
  readonly authzid: Jid | undefined;
  /** `undefined` where only the keys were kept. */
  readonly password: string | undefined;
  readonly keys: ClientKeys | undefined;
  readonly binding: BindingChoice;
  /** What the server's `h` has to be, if it sends one. */
  readonly offerHash: string;
  readonly context: ClientContext;
}

/** What our first message held. */
interface Begun {
  readonly gs2Header: string;
  readonly bare: string;
  readonly nonce: string;
}

const NONCE_BYTES = 18;
const NO_BYTES = new Uint8Array();

/** Begins a login. */
export function scramClient(login: ScramLogin): ClientExchange {
  const nonce = (login.context.nonce ?? randomNonce)();
  const gs2Header = `${bindingFlag(login.binding)},${login.authzid === undefined ? '' : `a=${escapeName(login.authzid)}`},`;
  const begun = { gs2Header, bare: `n=${escapeName(login.authcid)},r=${nonce}`, nonce };
  const first: ClientState = { challenge: message => answer(message, login, begun) };
  return clientExchange(login.mechanism, Buffer.from(gs2Header + begun.bare), first);
}

function randomNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64');
}

function bindingFlag(choice: BindingChoice): string {
  return choice.flag === 'p' ? `p=${choice.binding.type}` : choice.flag;
}

/** The first state: `server-first-message` is due. */
async function answer(message: Uint8Array, login: ScramLogin, begun: Begun) {
  const first = readServerFirst(message);
  requireOwnNonce(first, begun);
  requireSameOffer(first, login);
  const keys = await keysFor(first, login);
  const channel = login.binding.flag === 'p' ? login.binding.binding.data : NO_BYTES;
  const bound = encodeBase64(Buffer.concat([Buffer.from(begun.gs2Header), channel]));
  const withoutProof = `c=${bound},r=${first.nonce}`;
  const authMessage = `${begun.bare},${first.text},${withoutProof}`;
  const proof = encodeBase64(clientProof(keys, authMessage));
  return { response: Buffer.from(`${withoutProof},p=${proof}`), next: proofDue(keys, authMessage) };
}

function requireOwnNonce({ nonce }: ServerFirst, begun: Begun): void {
  if (nonce.startsWith(begun.nonce) && nonce.length > begun.nonce.length) return;
  throw new SaslFault('malformed-answer', "the server's nonce does not extend ours");
}

function requireSameOffer({ offerHash }: ServerFirst, { binding, offerHash: expected }: ScramLogin): void {
  if (offerHash === expected) return;
  if (offerHash !== undefined) {
    throw new SaslFault(
      'downgraded',
      'the server offered other mechanisms or channel bindings than those that arrived',
    );
  }
  if (binding.flag === 'n' && binding.confirm) {
    throw new SaslFault('downgraded', 'the server names no type of channel binding that every server has');
  }
}

/** The keys that were kept, as long as the account has not changed, or new ones. */
async function keysFor(
  { salt, iterations }: ServerFirst,
  { hash, keys, password, context }: ScramLogin,
): Promise<ClientKeys> {
  const fit = keys?.hash === hash && keys.iterations === iterations && Buffer.from(keys.salt).equals(salt);
  if (keys !== undefined && fit) return keys;
  if (password !== undefined) return deriveKeys(context.kdf, password, { hash, salt, iterations });
  throw new SaslFault('keys-outdated', 'the account has changed; log in with the password');
}

/** The second state: `server-final-message` is due, with the success, or in a challenge and the success after it. */
function proofDue(keys: ClientKeys, authMessage: string): ClientState {
  return {
    success(data) {
      requireProof(data, keys, authMessage);
      return keys;
    },
    async challenge(data) {
      requireProof(data, keys, authMessage);
      return { response: NO_BYTES, next: { success: () => keys } };
    },
  };
}

function requireProof(data: Uint8Array | undefined, keys: ClientKeys, authMessage: string): void {
  if (data !== undefined && verifySignature(keys, readServerFinal(data), authMessage)) return;
  throw new SaslFault('server-unproven', 'the server did not prove that it knows the account');
}

/**
 * An exchange of SASL messages as a server sees it (RFC 4422 §3, RFC 6120 §6.4).
 *
 * Decides what all mechanisms share: a state is the function that takes the next message, each is used once, and whatever
 * follows the end fails. Also what RFC 6120 §6.3.8 leaves to us: the one address that somebody may act as is his own.
 */
import { RestanzaError } from '../../errors.ts';
import { type Jid, JidError, makeJid, parseJid } from '../jid.ts';
import type { SaslCondition } from './conditions.ts';
import type { Credentials } from './credentials.ts';
import { decodeText, MESSAGE_BYTES } from './encoding.ts';
import type { Judges } from './guessing.ts';

/** What the server says next. */
export type Step =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  /** `account` is the bare address that is logged in. */
  | { readonly kind: 'success'; readonly account: Jid; readonly data?: Uint8Array }
  | { readonly kind: 'failure'; readonly condition: SaslCondition; readonly text?: string };

/** One attempt to log in, from the client's first message to success or failure. */
export interface Exchange {
  /**
   * Takes the client's next message.
   *
   * @param message the decoded bytes; `undefined` for `<auth/>` without an initial response
   * @returns what to answer; `failure` for everything that is wrong with the message, `temporary-auth-failure` when too
   *   much is going on. It rejects only when the accounts cannot be read.
   */
  respond(message: Uint8Array | undefined): Promise<Step>;
}

/** What an exchange is given. */
export interface ServerContext {
  /** The domain of the accounts. */
  readonly domain: Jid;
  readonly credentials: Credentials;
  /** Who bounds the guesses, and the IP address that they come from; there is no bound when absent. */
  readonly bounds?: { readonly judges: Judges; readonly address: string };
  /** The server's part of a nonce: printable ASCII without commas. Random when absent. */
  readonly nonce?: () => string;
}

/** A state: what is done with the next message. */
export type Turn = (message: Uint8Array | undefined) => Promise<Answer>;

/** What is said and, unless that was the last word, the state that follows. */
export interface Answer {
  readonly step: Step;
  readonly next?: Turn;
}

/** The end of an exchange by a fault. The text is for people and quotes nothing that came in. */
export class SaslFailure extends Error {
  override readonly name = 'SaslFailure';
  readonly condition: SaslCondition;

  constructor(condition: SaslCondition, text: string) {
    super(text);
    this.condition = condition;
  }
}

/** The state after the end, and while a message is being judged: nobody may speak twice. */
const over: Turn = () => Promise.reject(new SaslFailure('malformed-request', 'the exchange takes no message now'));

/** Makes an exchange that begins in a state. */
export function exchangeFrom(first: Turn): Exchange {
  let turn = first;
  return {
    async respond(message) {
      const current = turn;
      turn = over;
      const { step, next = over } = await answer(current, message);
      turn = next;
      return step;
    },
  };
}

async function answer(turn: Turn, message: Uint8Array | undefined): Promise<Answer> {
  try {
    if (message !== undefined && message.length > MESSAGE_BYTES) {
      throw new SaslFailure('malformed-request', `a message has at most ${MESSAGE_BYTES} bytes`);
    }
    return await turn(message);
  } catch (error) {
    return { step: failureOf(error) };
  }
}

function failureOf(error: unknown): Step {
  if (error instanceof SaslFailure) return { kind: 'failure', condition: error.condition, text: error.message };
  if (!(error instanceof RestanzaError)) throw error;
  return { kind: 'failure', condition: 'temporary-auth-failure', text: error.message };
}

/**
 * Reads a message as UTF-8.
 *
 * @throws SaslFailure `malformed-request`
 */
export function readText(message: Uint8Array): string {
  const text = decodeText(message);
  if (text === undefined) throw new SaslFailure('malformed-request', 'the message is not UTF-8');
  return text;
}

/**
 * Requires that somebody asks to act as himself: without an authorization identity, or with his own bare address. Says
 * nothing about whether there is such an account.
 *
 * @param authcid the name that is being logged in, as it came
 * @param authzid the address that it asks to act as; empty for none
 * @throws SaslFailure `invalid-authzid`
 */
export function requireOwnIdentity(authcid: string, authzid: string, domain: Jid): void {
  if (authzid === '' || isAddress(authzid, authcid, domain)) return;
  throw new SaslFailure('invalid-authzid', 'one can only act as oneself; leave the authorization identity out');
}

function isAddress(text: string, local: string, domain: Jid): boolean {
  try {
    return parseJid(text) === makeJid({ local, domain });
  } catch (error) {
    if (error instanceof JidError) return false;
    throw error;
  }
}

/**
 * Judges credentials, within the bounds on guesses.
 *
 * @param name whose they are, as it came
 * @param judge finds the localpart whose credentials were right; `undefined` when they were not
 * @returns what `judge` found
 * @throws RestanzaError when too many guesses were wrong, or what `judge` throws
 */
export function judged(
  { bounds, domain }: ServerContext,
  name: string,
  judge: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (bounds === undefined) return judge();
  return bounds.judges.judge({ name, domain, address: bounds.address }, judge);
}

/**
 * The success of an exchange, or its failure in the words that all wrong credentials share.
 *
 * @param localpart whose credentials were right; `undefined` when they were not
 * @throws SaslFailure `not-authorized`
 */
export function concluded(localpart: string | undefined, domain: Jid, data?: Uint8Array): Answer {
  if (localpart === undefined) throw new SaslFailure('not-authorized', 'the name or the password is wrong');
  const account = makeJid({ local: localpart, domain });
  return { step: { kind: 'success', account, ...(data !== undefined && { data }) } };
}

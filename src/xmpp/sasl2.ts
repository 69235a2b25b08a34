/**
 * The extensible SASL profile (XEP-0388), the client's side: a login with all that follows it in one round trip.
 *
 * Decides which elements carry the messages of an exchange and what else they carry. What the messages mean is decided by the
 * mechanism; what the inline features mean, by `bind2.ts`, `fast.ts` and the stream management of XEP-0198.
 */
import { childElements, childNamed, type Element, element, textOf } from '../xml/element.ts';
import { type Bind2Offer, type Bound, readBind2Offer, readBound } from './bind2.ts';
import { type FastToken, readFastOffer, readToken } from './fast.ts';
import { isOf, type Jid, JidError, parseJid } from './jid.ts';
import { NS } from './ns.ts';
import { SaslFault } from './sasl/client-fault.ts';
import { readFailure, readMechanisms } from './sasl/client-frames.ts';
import { decodeBase64, encodeBase64 } from './sasl/encoding.ts';

/** What the server offers. */
export interface Sasl2Offer {
  /** Exactly as they came. */
  readonly mechanisms: readonly string[];
  /** A session of XEP-0198 can be resumed within the login. */
  readonly resumption: boolean;
  /** `undefined` when a resource cannot be bound within the login. */
  readonly bind: Bind2Offer | undefined;
  /** The mechanisms that take a token; `undefined` when there are no tokens. */
  readonly fast: readonly string[] | undefined;
}

/** What a client says about itself. */
export interface UserAgent {
  /** A UUID of version 4 that stays the same for this installation and account: tokens go with it. */
  readonly id: string;
  readonly software: string;
}

/** A login. */
export interface Authentication {
  readonly mechanism: string;
  readonly initial: Uint8Array | undefined;
  readonly userAgent: UserAgent;
  /** `<bind/>`, `<resume/>`, `<request-token/>` and `<fast/>`, as far as they are on offer. */
  readonly inline: readonly Element[];
}

/** A login that went well, as far as the server is concerned. */
export interface Sasl2Success {
  readonly name: 'success';
  /** For the mechanism. */
  readonly data: Uint8Array | undefined;
  /** Who is logged in: bare, or full when a resource is bound. */
  readonly address: Jid;
  /** What came of `<bind/>`. */
  readonly bound: Bound | undefined;
  /** `<resumed/>` or `<failed/>` of XEP-0198, what came of `<resume/>`. */
  readonly resumption: Element | undefined;
  /** A new token, asked for or not. */
  readonly token: FastToken | undefined;
}

/** What a server says in an exchange. */
export type Sasl2Answer =
  | { readonly name: 'challenge'; readonly data: Uint8Array }
  | Sasl2Success
  /** The fault is ready to be thrown. */
  | { readonly name: 'failure'; readonly fault: SaslFault };

const READERS = new Map<string, (received: Element) => Sasl2Answer>([
  ['challenge', received => ({ name: 'challenge', data: readData(received) })],
  ['success', readSuccess],
  ['failure', received => ({ name: 'failure', fault: readFailure(received) })],
  ['continue', () => ({ name: 'failure', fault: interactionRequired() })],
]);

/**
 * Reads the feature.
 *
 * @param features `<stream:features/>`
 * @returns `undefined` when it is not there
 */
export function readSasl2Offer(features: Element): Sasl2Offer | undefined {
  const feature = childNamed(features, 'authentication', NS.sasl2);
  if (feature === undefined) return undefined;
  const inline = childNamed(feature, 'inline');
  const found = (name: string, ns: string) => (inline === undefined ? undefined : childNamed(inline, name, ns));
  const [bind, fast] = [found('bind', NS.bind2), found('fast', NS.fast)];
  return {
    mechanisms: readMechanisms(feature),
    resumption: found('sm', NS.management) !== undefined,
    bind: bind && readBind2Offer(bind),
    fast: fast && readFastOffer(fast),
  };
}

/** Begins a login. */
export function authenticate({ mechanism, initial, userAgent, inline }: Authentication): Element {
  const { id, software } = userAgent;
  const response = initial === undefined ? [] : [element('initial-response', NS.sasl2, {}, [encodeBase64(initial)])];
  const agent = element('user-agent', NS.sasl2, { id }, [element('software', NS.sasl2, {}, [software])]);
  return element('authenticate', NS.sasl2, { mechanism }, [...response, agent, ...inline]);
}

/** Answers a challenge. */
export function respond(data: Uint8Array): Element {
  return element('response', NS.sasl2, {}, [encodeBase64(data)]);
}

/** Ends the exchange before its end. */
export function abortSasl2(): Element {
  return element('abort', NS.sasl2);
}

/**
 * Reads the server's answer to `authenticate` or `respond`. Stream errors are the caller's to look for first.
 *
 * A second step (`<continue/>`) is a failure for us, who have nobody to ask.
 *
 * @throws SaslFault `malformed-answer` when it is not as it should be, `unexpected-answer` when it is no element that has a
 *   place here
 */
export function readSasl2Answer(received: Element): Sasl2Answer {
  const read = received.ns === NS.sasl2 ? READERS.get(received.name) : undefined;
  if (read === undefined) throw new SaslFault('unexpected-answer', 'the server did not answer the login');
  return read(received);
}

/**
 * Requires that the one who is logged in is the one who was meant.
 *
 * @param address of the success
 * @param account the bare address that was meant, or the domain where the credentials name nobody
 * @throws SaslFault `wrong-identity`
 */
export function requireIdentity(address: Jid, account: Jid): void {
  if (!isOf(account, address)) throw new SaslFault('wrong-identity', 'the server logged another account in');
}

function readSuccess(received: Element): Sasl2Success {
  const data = onlyChild(received, 'additional-data', NS.sasl2);
  const bound = onlyChild(received, 'bound', NS.bind2);
  const token = onlyChild(received, 'token', NS.fast);
  return {
    name: 'success',
    data: data && readData(data),
    address: readAddress(onlyChild(received, 'authorization-identifier', NS.sasl2)),
    bound: bound && readBound(bound),
    resumption: onlyChild(received, 'resumed', NS.management) ?? onlyChild(received, 'failed', NS.management),
    token: token && readToken(token),
  };
}

/** A child that may stand there once, because nobody could tell which of two counts. */
function onlyChild(parent: Element, name: string, ns: string): Element | undefined {
  const [first, second] = childElements(parent).filter(child => child.name === name && child.ns === ns);
  if (second !== undefined) malformed(`has two elements "${name}"`);
  return first;
}

function readData(holder: Element): Uint8Array {
  const data = childElements(holder).length === 0 ? decodeBase64(textOf(holder)) : undefined;
  return data ?? malformed('holds a message that is not base64');
}

function readAddress(identifier: Element | undefined): Jid {
  if (identifier === undefined) malformed('does not say who is logged in');
  try {
    return parseJid(textOf(identifier));
  } catch (error) {
    if (error instanceof JidError) malformed(`says by no address who is logged in: ${error.message}`);
    throw error;
  }
}

function malformed(what: string): never {
  throw new SaslFault('malformed-answer', `the server's answer to the login ${what}`);
}

function interactionRequired(): SaslFault {
  return new SaslFault(
    'interaction-required',
    'the server asks for a second step, which a program cannot take; let this account log in without it',
  );
}

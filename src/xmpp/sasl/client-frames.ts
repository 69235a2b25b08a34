/**
 * SASL as the elements of a client's stream (RFC 6120 §6.4), and what a server says about it in its features.
 *
 * Decides which elements carry the messages of an exchange and how strictly they are read. What the messages mean is decided
 * by the mechanism.
 */
import { childElements, type Element, element, textOf } from '../../xml/element.ts';
import { NS } from '../ns.ts';
import { isSaslCondition, SaslFault, type SaslReason } from './client-fault.ts';
import { decodeMessage, encodeMessage } from './encoding.ts';

/** What a server says in an exchange. */
export type SaslAnswer =
  | { readonly name: 'challenge'; readonly data: Uint8Array }
  | { readonly name: 'success'; readonly data: Uint8Array | undefined }
  /** The fault is ready to be thrown. */
  | { readonly name: 'failure'; readonly fault: SaslFault };

const READERS = new Map<string, (received: Element) => SaslAnswer>([
  ['challenge', received => ({ name: 'challenge', data: readMessage(received) ?? new Uint8Array() })],
  ['success', received => ({ name: 'success', data: readMessage(received) })],
  ['failure', received => ({ name: 'failure', fault: readFailure(received) })],
]);

/**
 * The mechanisms on offer, exactly as they came.
 *
 * @param feature `<mechanisms/>` of RFC 6120 §6.3.3, or what holds `<mechanism/>` elements of its own namespace elsewhere
 */
export function readMechanisms(feature: Element): readonly string[] {
  return childElements(feature)
    .filter(({ name, ns }) => name === 'mechanism' && ns === feature.ns)
    .map(textOf);
}

/**
 * The types of channel binding that the server takes (XEP-0440 §2).
 *
 * @param features `<stream:features/>`
 * @returns them as they came; `undefined` when the feature is not there
 */
export function readBindings(features: Element): readonly string[] | undefined {
  const feature = childElements(features).find(
    ({ name, ns }) => name === 'sasl-channel-binding' && ns === NS.saslBindings,
  );
  if (feature === undefined) return undefined;
  const types = childElements(feature).filter(({ name, ns }) => name === 'channel-binding' && ns === feature.ns);
  return types.map(({ attrs }) => attrs['type'] ?? '');
}

/** Picks a mechanism. An initial response of no bytes is not the same as none. */
export function auth(mechanism: string, initial: Uint8Array | undefined): Element {
  return element('auth', NS.sasl, { mechanism }, [encodeMessage(initial)]);
}

/** Answers a challenge; a response of no bytes is the empty element. */
export function response(data: Uint8Array): Element {
  return element('response', NS.sasl, {}, [encodeMessage(data.length === 0 ? undefined : data)]);
}

/** Ends the exchange before its end. */
export function abort(): Element {
  return element('abort', NS.sasl);
}

/**
 * Reads the server's answer to `auth` or `response`. Stream errors are the caller's to look for first.
 *
 * @throws SaslFault `malformed-answer` when its text is not base64, `unexpected-answer` when it is no element that has a
 *   place here
 */
export function readSaslAnswer(received: Element): SaslAnswer {
  const read = received.ns === NS.sasl ? READERS.get(received.name) : undefined;
  if (read === undefined) throw new SaslFault('unexpected-answer', 'the server did not answer the login');
  return read(received);
}

function readMessage(received: Element): Uint8Array | undefined {
  const message = childElements(received).length === 0 ? decodeMessage(textOf(received)) : 'incorrect';
  if (message === 'incorrect') throw new SaslFault('malformed-answer', 'a SASL message of the server is not base64');
  return message === 'absent' ? undefined : message;
}

/**
 * Reads `<failure/>` of either profile (RFC 6120 §6.5, XEP-0388 §2.6.2). A condition that is not there or not known stands for
 * the wrong password that it may mean.
 */
export function readFailure(received: Element): SaslFault {
  const children = childElements(received).filter(({ ns }) => ns === NS.sasl || ns === received.ns);
  const text = children.find(({ name }) => name === 'text');
  const reason = reasonOf(children.find(({ name }) => name !== 'text')?.name ?? '');
  return new SaslFault(reason, `the server refused the login: ${reason}`, text && textOf(text));
}

function reasonOf(condition: string): SaslReason {
  return isSaslCondition(condition) ? condition : 'undefined-condition';
}

/**
 * SASL as the elements of a stream (RFC 6120 §6.4).
 *
 * Decides which elements carry the messages of an exchange. How a message is spelt in text, and what it means, is decided in
 * `xmpp/sasl/`.
 */
import { type Element, element, textOf } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { SaslCondition } from '../../xmpp/sasl/conditions.ts';
import { decodeMessage, encodeBase64, encodeMessage } from '../../xmpp/sasl/encoding.ts';

/** What a client says in an exchange. */
export type SaslRequest =
  | { readonly name: 'auth'; readonly mechanism: string; readonly message: Uint8Array | undefined }
  | { readonly name: 'response'; readonly message: Uint8Array }
  | { readonly name: 'abort' }
  /** The message is not base64. */
  | { readonly name: 'unreadable' };

const READERS: ReadonlyMap<string, (received: Element) => SaslRequest> = new Map([
  ['auth', readAuth],
  ['response', readResponse],
  ['abort', () => ({ name: 'abort' })],
]);

/** Reads an element of a SASL exchange; `undefined` when it is none that a client sends. */
export function readSasl(received: Element): SaslRequest | undefined {
  return received.ns === NS.sasl ? READERS.get(received.name)?.(received) : undefined;
}

function readAuth(received: Element): SaslRequest {
  const message = decodeMessage(textOf(received));
  if (message === 'incorrect') return { name: 'unreadable' };
  return {
    name: 'auth',
    mechanism: received.attrs['mechanism'] ?? '',
    message: message === 'absent' ? undefined : message,
  };
}

/** A response without text is one of no bytes (§6.4.3): there is nothing else that it could leave out. */
function readResponse(received: Element): SaslRequest {
  const message = decodeMessage(textOf(received));
  if (message === 'incorrect') return { name: 'unreadable' };
  return { name: 'response', message: message === 'absent' ? new Uint8Array() : message };
}

/** The server's turn in the exchange. */
export function challenge(data: Uint8Array): Element {
  return element('challenge', NS.sasl, {}, [encodeBase64(data)]);
}

/** The end of an exchange that went well, with the mechanism's last word. */
export function success(data: Uint8Array | undefined): Element {
  return element('success', NS.sasl, {}, [encodeMessage(data)]);
}

/** The end of an exchange that did not. */
export function failure(condition: SaslCondition, text?: string): Element {
  const children = [element(condition, NS.sasl)];
  if (text !== undefined) children.push(element('text', NS.sasl, { 'xml:lang': 'en' }, [text]));
  return element('failure', NS.sasl, {}, children);
}

/**
 * The handshake of the Jabber Component Protocol (XEP-0114 §3), the component's side.
 *
 * Decides what a component says until its stream stands, and which answers of the server let it go on. It reads no bytes
 * and opens no socket. Stream errors, which may come at any point, are the caller's to look for first. What holds in each
 * state:
 * - `opening`: our header is out; the server's has not come
 * - `nameless`: the server's header has no id, so there is nothing to prove ourselves with; Prosody sends such a header
 *   in front of an error, and nothing but an error may follow it
 * - `proving`: our digest is out
 * - `established`: the server has accepted it; stanzas may flow
 */
import { createHash } from 'node:crypto';
import type { Element } from '../xml/element.ts';
import type { Renames } from '../xml/namespaces.ts';
import { escapeText } from '../xml/write.ts';
import { openStream, StreamFault, type StreamHeader } from './header.ts';
import type { Jid } from './jid.ts';
import { NS } from './ns.ts';

/** Where a handshake stands. */
export type HandshakeState = 'opening' | 'nameless' | 'proving' | 'established';

/** What one answer of the server leads to. */
export interface HandshakeStep {
  readonly state: HandshakeState;
  /** What to say now; empty for nothing. */
  readonly send: string;
}

/** Makes a component's stream one of `jabber:client` to its reader: above, a stanza has one namespace. */
export const COMPONENT_RENAMES: Renames = new Map([[NS.component, NS.client]]);

/** A component's stream header; the state is then `opening`. */
export function openComponent(domain: Jid): string {
  return openStream({ contentNs: NS.component, to: domain });
}

/**
 * Takes the server's stream header.
 *
 * @param header as read; only its id matters here
 * @param secret what the component and the server share
 */
export function takeHeader({ id }: StreamHeader, secret: string): HandshakeStep {
  if (id === undefined || id === '') return { state: 'nameless', send: '' };
  return { state: 'proving', send: `<handshake>${escapeText(digest(id, secret))}</handshake>` };
}

/** XEP-0114 §3: lower-case hexadecimal SHA-1 of the stream id and the secret, both as text without XML escapes. */
function digest(id: string, secret: string): string {
  return createHash('sha1')
    .update(id + secret)
    .digest('hex');
}

/**
 * Takes an element that came before the stream stood.
 *
 * @param received not a stream error
 * @throws StreamFault when it is not the server's consent
 */
export function takeElement(state: HandshakeState, received: Element): HandshakeState {
  if (received.ns === NS.stream && received.name === 'features') {
    throw new StreamFault('unsupported-stanza-type', 'it offers features, as servers do to clients and other servers');
  }
  if (state === 'nameless') throw new StreamFault('bad-format', 'its stream header has no id');
  if (received.ns !== NS.client || received.name !== 'handshake') {
    throw new StreamFault('bad-format', 'it did not answer the handshake');
  }
  return 'established';
}

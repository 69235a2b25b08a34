/**
 * Stream management as the server of a client says and reads it (XEP-0198).
 *
 * Decides the elements that differ from the client's side (`stream-management.ts`): what a client may ask for, and how it
 * is answered. The counts are the same on both sides.
 */
import { type Element, element } from '../xml/element.ts';
import type { StanzaCondition } from './conditions.ts';
import { NS } from './ns.ts';
import { readCount, wire } from './stream-management.ts';

/** What a client asks for or says. */
export type ClientManagement =
  /** §3: turn stream management on; `resumable` is the wish to come back after the connection is lost. */
  | { readonly name: 'enable'; readonly resumable: boolean }
  /** §5: go on with an earlier session, of whose stanzas so many are handled. */
  | { readonly name: 'resume'; readonly previd: string; readonly h: number }
  | { readonly name: 'r' }
  | { readonly name: 'a'; readonly h: number };

const READERS: ReadonlyMap<string, (received: Element) => ClientManagement> = new Map([
  ['enable', readEnable],
  [
    'resume',
    (received: Element): ClientManagement => {
      const { previd = '' } = received.attrs;
      return { name: 'resume', previd, h: readCount(received) };
    },
  ],
  ['r', (): ClientManagement => ({ name: 'r' })],
  ['a', (received: Element): ClientManagement => ({ name: 'a', h: readCount(received) })],
]);

function readEnable({ attrs }: Element): ClientManagement {
  const { resume } = attrs;
  return { name: 'enable', resumable: resume === 'true' || resume === '1' };
}

/**
 * Reads an element of a client that is not a stanza.
 *
 * @returns `undefined` when it is none that a client sends
 * @throws StreamFault `bad-format` when its count cannot be understood
 */
export function readClientManagement(received: Element): ClientManagement | undefined {
  return received.ns === NS.management ? READERS.get(received.name)?.(received) : undefined;
}

/** How a session can be resumed: its name, and for how many seconds after the connection is lost. */
export interface Offer {
  readonly id: string;
  readonly max: number;
}

/** Stream management is on (§3). */
export function enabledElement(offer: Offer | undefined): Element {
  const attrs = offer === undefined ? {} : { id: offer.id, max: String(offer.max), resume: 'true' };
  return element('enabled', NS.management, attrs);
}

/**
 * The session goes on (§5).
 *
 * @param handled how many of the client's stanzas are handled, from the start of the session
 */
export function resumedElement(previd: string, handled: number): Element {
  return element('resumed', NS.management, { previd, h: wire(handled) });
}

/**
 * What was asked for cannot be had (§6).
 *
 * @param handled how many stanzas of the session that was asked for were handled, when that is still known (§5)
 */
export function failedElement(condition: StanzaCondition, handled?: number): Element {
  const attrs = handled === undefined ? {} : { h: wire(handled) };
  return element('failed', NS.management, attrs, [element(condition, NS.stanzaErrors)]);
}

/**
 * What becomes of an incoming element that is not let in.
 *
 * Decides what the sender of an iq hears, so that nobody waits for an answer that cannot come (RFC 6120 §8.3.1): an error
 * as far as the addresses can be understood, and nothing where it would go astray. Why an element is not let in is decided
 * where it comes in; logging and counting are the caller's part.
 */
import type { Element } from '../xml/element.ts';
import type { StanzaCondition } from './conditions.ts';
import { type Jid, JidError, parseJid } from './jid.ts';
import { NS } from './ns.ts';
import { type ErrorOf, errorOf, isKind, type Kind, type Stanza, type StanzaFault } from './stanza.ts';

/** An element that is not let in. */
export interface Refusal {
  /** Why, as a sentence without any content of the stanza. */
  readonly reason: string;
  readonly kind: Kind | 'other';
  /** What its sender is told, when it has to be told anything. */
  readonly answer: Stanza | undefined;
}

/** What became of an element. */
export type Admission = { readonly stanza: Stanza } | { readonly refusal: Refusal };

/** Why an element is not let in. */
export interface Fault {
  readonly reason: string;
  /** What an iq is answered with; absent where an answer would go astray. */
  readonly condition?: StanzaCondition | undefined;
}

/** Who was asked. */
export interface Asked {
  /** Speaks when an iq does not name an address. */
  readonly self: Jid;
  /** Whether an address is ours to speak from. */
  owns(address: Jid): boolean;
}

/** What an iq hears for each fault; where the sender is not known, nobody hears anything. */
const CONDITIONS: Readonly<Record<StanzaFault, StanzaCondition | undefined>> = {
  namespace: undefined,
  kind: undefined,
  type: 'bad-request',
  to: 'jid-malformed',
  from: undefined,
};

/** Characters of an id that we are ready to send back; a longer one is not there to be matched. */
const ID_LENGTH = 1024;

/** The fault of an element that is not a stanza. */
export function notAStanza(fault: StanzaFault): Fault {
  return { reason: `it is not a stanza: the fault is in its ${fault}`, condition: CONDITIONS[fault] };
}

/**
 * Refuses an element.
 *
 * @param head the element, of which the start tag is enough
 */
export function refusalOf(head: Element, asked: Asked, { reason, condition }: Fault): Refusal {
  const kind = head.ns === NS.client && isKind(head.name) ? head.name : 'other';
  const answer =
    condition === undefined || kind !== 'iq' ? undefined : answerTo(head, asked, { condition, text: reason });
  return { reason, kind, answer };
}

/** The error for an iq that asks for something, as far as its addresses can be understood. */
function answerTo(head: Element, { self, owns }: Asked, error: ErrorOf): Stanza | undefined {
  const { type, id, from, to } = head.attrs;
  if (type === 'result' || type === 'error' || (id !== undefined && id.length > ID_LENGTH)) return undefined;
  const asker = readJid(from);
  const address = readJid(to);
  if (asker === undefined || (address !== undefined && !owns(address))) return undefined;
  // Servers end a stream that sends from an address that they cannot read: we speak from our own instead.
  const addresses = { from: asker, to: address ?? self, ...(id !== undefined && { id }) };
  return errorOf({ kind: 'iq', type: 'get', ...addresses, payload: [] }, error);
}

function readJid(text: string | undefined): Jid | undefined {
  try {
    return text === undefined ? undefined : parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

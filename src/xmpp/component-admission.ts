/**
 * Which incoming elements become stanzas of a domain that is served through a connection that others share.
 *
 * Decides what is let in (RFC 6120 §8.1, XEP-0114 §4: every stanza has both addresses) and what the sender of an iq hears
 * when it is not, so that nobody waits for an answer that cannot come. Whatever a stranger sends is at worst dropped; that
 * the stream goes on is the caller's part. Logging and counting are, too.
 */
import type { Element } from '../xml/element.ts';
import type { StanzaCondition } from './conditions.ts';
import { domainOf, type Jid, JidError, parseJid } from './jid.ts';
import { NS } from './ns.ts';
import {
  type ErrorOf,
  errorOf,
  isKind,
  type Kind,
  readStanza,
  type Stanza,
  StanzaError,
  type StanzaFault,
} from './stanza.ts';

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

/** What an iq hears for each fault; where the sender is not known, nobody hears anything. */
const CONDITIONS: Readonly<Record<StanzaFault, StanzaCondition | undefined>> = {
  namespace: undefined,
  kind: undefined,
  type: 'bad-request',
  to: 'jid-malformed',
  from: undefined,
};

/** ejabberd 23.01 sends every domain of a listener to whoever connects there, unless it is told not to. */
const STRAY = 'it is not for this domain; if the server is ejabberd, set global_routes: false on this port';

/** Characters of an id that we are ready to send back; a longer one is not there to be matched. */
const ID_LENGTH = 1024;

/**
 * Lets an element in, or not.
 *
 * @param received a child of the stream's root, in the `jabber:client` namespace where it is a stanza
 * @param domain what is served: stanzas to any other domain are not ours
 */
export function admit(received: Element, domain: Jid): Admission {
  try {
    const stanza = readStanza(received);
    const fault = faultOf(stanza, domain);
    return fault === undefined ? { stanza } : { refusal: refusalOf(received, domain, fault) };
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    const condition = CONDITIONS[error.fault];
    const fault = { reason: `it is not a stanza: the fault is in its ${error.fault}`, condition };
    return { refusal: refusalOf(received, domain, fault) };
  }
}

/**
 * Refuses an element of which only the start tag is known, because it is over a limit.
 *
 * @param head the start tag
 * @param reason which limit
 */
export function refuseOversized(head: Element, domain: Jid, reason: string): Refusal {
  return refusalOf(head, domain, { reason, condition: 'policy-violation' });
}

interface Fault {
  readonly reason: string;
  /** What an iq is answered with; absent where an answer would go astray. */
  readonly condition?: StanzaCondition | undefined;
}

function faultOf({ kind, to, from, id }: Stanza, domain: Jid): Fault | undefined {
  if (from === undefined) return { reason: "it has no 'from'" };
  if (to === undefined) return { reason: "it has no 'to'" };
  if (domainOf(to) !== domain) return { reason: STRAY };
  if (kind === 'iq' && id === undefined) return { reason: 'it is an iq without an id', condition: 'bad-request' };
  return undefined;
}

function refusalOf(head: Element, domain: Jid, { reason, condition }: Fault): Refusal {
  const kind = head.ns === NS.client && isKind(head.name) ? head.name : 'other';
  const answer =
    condition === undefined || kind !== 'iq' ? undefined : answerTo(head, domain, { condition, text: reason });
  return { reason, kind, answer };
}

/** The error for an iq that asks for something, as far as its addresses can be understood (RFC 6120 §8.3.1). */
function answerTo(head: Element, domain: Jid, error: ErrorOf): Stanza | undefined {
  const { type, id, from, to } = head.attrs;
  if (type === 'result' || type === 'error' || (id !== undefined && id.length > ID_LENGTH)) return undefined;
  const asker = readJid(from);
  const asked = readJid(to);
  if (asker === undefined || (asked !== undefined && domainOf(asked) !== domain)) return undefined;
  // Servers end the stream of a component that sends from an address that they cannot read: the domain speaks instead.
  const addresses = { from: asker, to: asked ?? domain, ...(id !== undefined && { id }) };
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

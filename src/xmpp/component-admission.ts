/**
 * Which incoming elements become stanzas of a domain that is served through a connection that others share.
 *
 * Decides what is let in (RFC 6120 §8.1, XEP-0114 §4: every stanza has both addresses). Whatever a stranger sends is at
 * worst dropped; that the stream goes on is the caller's part. What the sender hears is decided in `refusal.ts`.
 */
import type { Element } from '../xml/element.ts';
import { domainOf, type Jid } from './jid.ts';
import { type Admission, type Asked, type Fault, notAStanza, type Refusal, refusalOf } from './refusal.ts';
import { receiveStanza, type Stanza, StanzaError } from './stanza.ts';

/** ejabberd 23.01 sends every domain of a listener to whoever connects there, unless it is told not to. */
const STRAY = 'it is not for this domain; if the server is ejabberd, set global_routes: false on this port';

/**
 * Lets an element in, or not.
 *
 * @param received a child of the stream's root, in the `jabber:client` namespace where it is a stanza
 * @param domain what is served: stanzas to any other domain are not ours
 */
export function admit(received: Element, domain: Jid): Admission {
  try {
    const stanza = receiveStanza(received);
    const fault = faultOf(stanza, domain);
    return fault === undefined ? { stanza } : { refusal: refusalOf(received, askedAt(domain), fault) };
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return { refusal: refusalOf(received, askedAt(domain), notAStanza(error.fault)) };
  }
}

/**
 * Refuses an element of which only the start tag is known, because it is over a limit.
 *
 * @param head the start tag
 * @param reason which limit
 */
export function refuseOversized(head: Element, domain: Jid, reason: string): Refusal {
  return refusalOf(head, askedAt(domain), { reason, condition: 'policy-violation' });
}

function askedAt(domain: Jid): Asked {
  return { self: domain, owns: address => domainOf(address) === domain };
}

function faultOf({ kind, to, from, id }: Stanza, domain: Jid): Fault | undefined {
  if (from === undefined) return { reason: "it has no 'from'" };
  if (to === undefined) return { reason: "it has no 'to'" };
  if (domainOf(to) !== domain) return { reason: STRAY };
  if (kind === 'iq' && id === undefined) return { reason: 'it is an iq without an id', condition: 'bad-request' };
  return undefined;
}

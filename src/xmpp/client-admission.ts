/**
 * Which incoming elements become stanzas of a user's session.
 *
 * Decides what is let in: stanzas for the account, completed as RFC 6120 §8.1.1.1 and §8.1.2.1 say (without `to` it is for
 * this session, without `from` it is from the account). What only the account's own server may send is ignored when
 * somebody else does: roster pushes (RFC 6121 §2.1.6), block list pushes (XEP-0191 §3), and copies of messages
 * (XEP-0280 §11). Results of archive queries are judged where the query is known (`archive-results.ts`).
 */
import type { Element } from '../xml/element.ts';
import { bareOf, type Jid } from './jid.ts';
import { NS } from './ns.ts';
import { type Admission, type Asked, type Fault, notAStanza, type Refusal, refusalOf } from './refusal.ts';
import { type Kind, receiveStanza, type Stanza, StanzaError } from './stanza.ts';

/** Something that only the own account may send. */
interface Privileged {
  readonly kind: Kind;
  readonly type?: string;
  readonly ns: string;
  readonly names: readonly string[];
  readonly what: string;
}

const PRIVILEGED: readonly Privileged[] = [
  { kind: 'iq', type: 'set', ns: NS.roster, names: ['query'], what: 'roster push' },
  { kind: 'iq', type: 'set', ns: NS.blocking, names: ['block', 'unblock'], what: 'block list push' },
  { kind: 'message', ns: NS.carbons, names: ['sent', 'received'], what: 'copy of a message' },
];

/**
 * Lets an element in, or not.
 *
 * @param received a child of the stream's root
 * @param bound the full address of the session
 */
export function admit(received: Element, bound: Jid): Admission {
  try {
    const stanza = completed(receiveStanza(received), bound);
    const fault = faultOf(stanza, bound);
    return fault === undefined ? { stanza } : { refusal: refusalOf(received, askedAt(bound), fault) };
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return { refusal: refusalOf(received, askedAt(bound), notAStanza(error.fault)) };
  }
}

/**
 * Refuses an element of which only the start tag is known, because it is over a limit.
 *
 * @param head the start tag
 * @param reason which limit
 */
export function refuseOversized(head: Element, bound: Jid, reason: string): Refusal {
  return refusalOf(head, askedAt(bound), { reason, condition: 'policy-violation' });
}

function askedAt(bound: Jid): Asked {
  return { self: bound, owns: address => bareOf(address) === bareOf(bound) };
}

function completed(stanza: Stanza, bound: Jid): Stanza {
  if (stanza.to !== undefined && stanza.from !== undefined) return stanza;
  return { ...stanza, to: stanza.to ?? bound, from: stanza.from ?? bareOf(bound) };
}

function faultOf(stanza: Stanza, bound: Jid): Fault | undefined {
  const { kind, to, from, id } = stanza;
  if (to === undefined || bareOf(to) !== bareOf(bound)) return { reason: 'it is not for this account' };
  if (kind === 'iq' && id === undefined) return { reason: 'it is an iq without an id', condition: 'bad-request' };
  if (from === bareOf(bound)) return undefined;
  const forged = PRIVILEGED.find(row => isForged(stanza, row));
  return forged === undefined ? undefined : { reason: `it is a ${forged.what} that is not from the own account` };
}

function isForged({ kind, type, payload }: Stanza, row: Privileged): boolean {
  if (kind !== row.kind || (row.type !== undefined && type !== row.type)) return false;
  return payload.some(({ name, ns }) => ns === row.ns && row.names.includes(name));
}

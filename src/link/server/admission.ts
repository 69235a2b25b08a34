/**
 * What a bound session may send (RFC 6120 §8).
 *
 * Decides which of its elements are stanzas that the router may see. What is wrong with one stanza is answered to its sender
 * with an error stanza; a false `from`, or something that is no stanza at all, ends the stream. A component's stream, which
 * many share, has milder rules of its own (`xmpp/admission.ts`).
 */
import type { Element } from '../../xml/element.ts';
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { StreamFault } from '../../xmpp/header.ts';
import { bareOf, type Jid, JidError, parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import {
  errorOf,
  isKind,
  isRequest,
  type Kind,
  makeStanza,
  receiveStanza,
  resultOf,
  type Stanza,
  StanzaError,
  type StanzaFault,
} from '../../xmpp/stanza.ts';
import type { Command } from './stream-states.ts';
import { MAX_WRITTEN, writtenLength } from './weight.ts';

/** The conditions that answer the faults which do not end the stream. */
const CONDITIONS: Readonly<Partial<Record<StanzaFault, StanzaCondition>>> = {
  type: 'bad-request',
  to: 'jid-malformed',
};

/**
 * Judges an element of a bound session.
 *
 * @param address the session's full address
 * @returns to route the stanza, or to answer it here: one command for each stanza
 * @throws StreamFault `invalid-from` or `unsupported-stanza-type`
 */
export function admit(received: Element, address: Jid, domain: Jid): Command {
  kindOf(received);
  requireOwn(received.attrs['from'], address);
  const read = readOrFault(received);
  if (read instanceof StanzaError)
    return refuse(received, address, CONDITIONS[read.fault] ?? 'bad-request', read.message);
  if (isLegacySession(read, address, domain)) return { do: 'answer', stanza: resultOf(read) };
  const fault = faultOf(read);
  if (fault !== undefined) return refuse(received, address, 'bad-request', fault);
  if (writtenLength(received) > MAX_WRITTEN) {
    return refuse(received, address, 'policy-violation', 'too much would have to be written to pass it on');
  }
  return { do: 'route', stanza: read };
}

function kindOf({ ns, name }: Element): Kind {
  if (ns === NS.client && isKind(name)) return name;
  throw new StreamFault('unsupported-stanza-type', 'only message, presence and iq are understood here');
}

/**
 * §8.1.2.1: a client may speak only for itself.
 *
 * @param from the attribute as it was sent
 * @param own the client's address, with its resource once that is bound
 * @throws StreamFault `invalid-from`
 */
export function requireOwn(from: string | undefined, own: Jid): void {
  if (from === undefined) return;
  try {
    const address = parseJid(from);
    if (address === own || address === bareOf(own)) return;
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
  }
  throw new StreamFault('invalid-from', "'from' is not the address of this session");
}

function readOrFault(received: Element): Stanza | StanzaError {
  try {
    return receiveStanza(received);
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
}

/** RFC 3921 §3, which old clients ask of the server or of nobody: the session is there since the resource was bound. */
function isLegacySession(stanza: Stanza, address: Jid, domain: Jid): stanza is Stanza & { readonly kind: 'iq' } {
  const to = stanza.to ?? domain;
  if (stanza.kind !== 'iq' || stanza.type !== 'set' || (to !== domain && to !== bareOf(address))) return false;
  return stanza.payload.some(({ name, ns }) => name === 'session' && ns === NS.session);
}

/** §8.1.3 and §8.2.3: what an iq has to have. */
function faultOf(stanza: Stanza): string | undefined {
  if (stanza.kind !== 'iq') return undefined;
  if (stanza.id === undefined) return 'an iq has to have an id';
  if (isRequest(stanza) && stanza.payload.length !== 1) return 'a request has exactly one child element';
  return undefined;
}

/**
 * Answers a stanza that is not let in.
 *
 * @param head its start tag at least
 * @returns to answer with the error stanza, or with silence where §8.3.1 forbids one
 */
export function refuse(head: Element, address: Jid, condition: StanzaCondition, text: string): Command {
  const kind = kindOf(head);
  const { type, id, to } = head.attrs;
  if (type === 'error' || type === 'result') return { do: 'answer', stanza: undefined };
  const about = makeStanza({
    kind,
    type: kind === 'iq' ? 'get' : undefined,
    to: addressable(to),
    from: address,
    id,
    payload: [],
  });
  return { do: 'answer', stanza: errorOf(about, { condition, text }) };
}

/** The address as far as an answer can come from it. */
function addressable(to: string | undefined): string | undefined {
  try {
    return to === undefined ? undefined : parseJid(to);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

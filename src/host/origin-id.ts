/**
 * The ids by which a stanza is known when it is sent a second time (XEP-0359 §3.2).
 *
 * Decides where they go: into the stanza's `id` and, as `<origin-id/>`, beside its payload, unless the client has filled
 * these places itself. Some rooms and gateways write a new `id`; they leave the element as it is.
 */
import { type Element, element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** What a repeated request has in common with the first. */
export interface Origin {
  /** For the stanza's `id`, which nobody may be able to guess: answers are matched by it. */
  readonly id: string;
  /** For the element: the client's own name for the request, so that it finds its message again. */
  readonly originId: string;
}

/**
 * Gives a stanza the ids of its origin. An iq has no place for the element beside its one payload (RFC 6120 §8.2.3).
 *
 * @returns another stanza; what was there stays
 * @throws XmlError when XML does not allow a character of them
 */
export function withOriginId(stanza: Stanza, { id, originId }: Origin): Stanza {
  const known = { ...stanza, id: stanza.id ?? id };
  if (stanza.kind === 'iq' || stanza.payload.some(isOriginId)) return known;
  return { ...known, payload: [...stanza.payload, element('origin-id', NS.sid, { id: originId })] };
}

function isOriginId({ name, ns }: Element): boolean {
  return name === 'origin-id' && ns === NS.sid;
}

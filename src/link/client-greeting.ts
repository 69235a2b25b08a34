/**
 * What a user's session says first.
 *
 * Decides the stanzas with which a new session makes itself known (RFC 6121 §4.2, XEP-0280 §4). A resumed one has not been
 * away.
 */
import { element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { newId, type Stanza } from '../xmpp/stanza.ts';

/** What a session wants to get. */
export interface Greeting {
  /** Whether it is online for others, and so gets what is sent to the account. */
  readonly presence?: boolean;
  /** Whether it gets copies of what other sessions of the account send and receive. */
  readonly carbons?: boolean;
}

/** The stanzas, in order. */
export function greet({ presence = false, carbons = false }: Greeting): readonly Stanza[] {
  const stanzas: Stanza[] = [];
  if (carbons) stanzas.push({ kind: 'iq', type: 'set', id: newId(), payload: [element('enable', NS.carbons)] });
  if (presence) stanzas.push({ kind: 'presence', payload: [] });
  return stanzas;
}

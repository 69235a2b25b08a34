/**
 * `application/xmpp+xml`: a stanza as the XML that it is.
 *
 * Decides that a body holds exactly one element, in no namespace or in `jabber:client`, and that answers carry no
 * declaration of that namespace, as mod_rest writes them.
 */
import { element } from '../xml/element.ts';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { readStanza, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import type { Codec } from './codec.ts';
import { explained } from './faults.ts';

const INSIDE = { defaultNs: NS.client };

/** The codec for XML. */
export const XML_CODEC: Codec = {
  mediaType: 'application/xmpp+xml',
  decode: (body, { limit }) => explained(() => readStanza(parseDocument(body, documentLimits(limit), NS.client))),
  encode: stanzas => write(wrapped(stanzas), INSIDE),
};

function wrapped(stanzas: readonly Stanza[]) {
  const elements = stanzas.map(stanzaElement);
  const [only] = elements;
  return only !== undefined && elements.length === 1 ? only : element('xmpp', NS.client, {}, elements);
}

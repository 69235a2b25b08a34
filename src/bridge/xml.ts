/**
 * `application/xmpp+xml`: a stanza as the XML that it is.
 *
 * Decides that a body holds exactly one element, in no namespace or in `jabber:client`, and that answers carry no
 * declaration of that namespace, as mod_rest writes them. The path is not looked at, as in mod_rest.
 */
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { readStanza, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import type { TextCodec } from './codec.ts';
import { explained } from './faults.ts';

const INSIDE = { defaultNs: NS.client };

/** The codec for XML. */
export const XML_CODEC: TextCodec = {
  mediaType: 'application/xmpp+xml',
  heedsPath: false,
  decode: (body, { limit }) => explained(() => readStanza(parseDocument(body, documentLimits(limit), NS.client))),
  encode(stanzas) {
    // Each is written alone: what bounds one stanza does not bound all results of an archive together.
    const written = stanzas.map(writeOne).join('');
    return stanzas.length === 1 ? written : `<xmpp>${written}</xmpp>`;
  },
};

/** What came as JSON may be too much for XML; a link says the same of it. */
function writeOne(stanza: Stanza): string {
  return explained(() => write(stanzaElement(stanza), INSIDE), 'value-invalid');
}

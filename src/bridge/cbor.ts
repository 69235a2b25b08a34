/**
 * `application/cbor`: a stanza as the JSON object of the mapping, in CBOR (RFC 8949).
 *
 * Decides nothing about the object beyond JSON; `cbor-value.ts` decides which CBOR stands for one. The path is not looked
 * at, as in mod_rest.
 */
import { encode } from 'cborg';
import { readStanzaJson } from '../mapping/envelope.ts';
import { readCbor } from './cbor-value.ts';
import type { Codec } from './codec.ts';
import { stanzaOf } from './stanza-value.ts';

/** Keys keep the order that they have in JSON; what is absent stays absent. */
const OPTIONS = { ignoreUndefinedProperties: true, mapSorter: () => 0 };

/** The codec for CBOR. */
export const CBOR_CODEC: Codec = {
  mediaType: 'application/cbor',
  heedsPath: false,
  decode: (body, { onIgnored }) => stanzaOf(readCbor(body), { ...(onIgnored !== undefined && { onIgnored }) }),
  encode(stanzas) {
    const values = stanzas.map(readStanzaJson);
    return encode(values.length === 1 ? values[0] : { xmpp: values }, OPTIONS);
  },
};

/**
 * Stanzas as they are written on a client's stream.
 *
 * Decides that who sent a stanza is left out: the server knows (RFC 6120 §8.1.2.1), and says it with the full address. A
 * client that is wrong about its own address would lose the stream.
 */
import { RestanzaError } from '../errors.ts';
import { write } from '../xml/write.ts';
import { XmlError } from '../xml/xml-error.ts';
import { insideStream } from '../xmpp/header.ts';
import { NS } from '../xmpp/ns.ts';
import { type Stanza, stanzaElement } from '../xmpp/stanza.ts';

const INSIDE = insideStream(NS.client);

/**
 * A stanza as text.
 *
 * @throws XmlError when it cannot be written
 */
export function serialise(stanza: Stanza): string {
  const { name, ns, attrs, children } = stanzaElement(stanza);
  const { from: _, ...others } = attrs;
  return write({ name, ns, attrs: others, children }, INSIDE);
}

/**
 * A stanza from outside as text.
 *
 * @param most the bytes that the server takes
 * @returns the text and its bytes as UTF-8
 * @throws RestanzaError `value-invalid` for what cannot be written, since it must not end the stream; `too-large`
 */
export function acceptable(stanza: Stanza, most: number): { readonly text: string; readonly bytes: number } {
  const text = writable(stanza);
  const bytes = Buffer.byteLength(text);
  if (bytes <= most) return { text, bytes };
  throw new RestanzaError('too-large', `it is ${bytes} bytes as XML, and the XMPP server takes ${most}`);
}

function writable(stanza: Stanza): string {
  try {
    return serialise(stanza);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new RestanzaError('value-invalid', error.message, { cause: error });
  }
}

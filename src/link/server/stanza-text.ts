/**
 * Stanzas as the text that is written to clients.
 *
 * Decides that a stanza which cannot be written is lost alone: one that was read can be over a limit once its namespaces are
 * written out. The text stands for itself, so that it can be kept and read again.
 */
import type { Log } from '../../log.ts';
import { documentLimits } from '../../xml/limits.ts';
import { parseDocument } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { XmlError } from '../../xml/xml-error.ts';
import { NS } from '../../xmpp/ns.ts';
import { readStanza, type Stanza, stanzaElement } from '../../xmpp/stanza.ts';
import type { Addressed } from './route.ts';

/** A stanza that comes through the link is measured before it is routed, and then written to every session that gets it. */
const WRITTEN = new WeakMap<Stanza, string>();

/**
 * The text of a stanza on a client's stream.
 *
 * @throws XmlError when it cannot be written
 */
export function writeStanza(stanza: Stanza): string {
  const known = WRITTEN.get(stanza);
  if (known !== undefined) return known;
  const text = write(stanzaElement(stanza), { defaultNs: NS.client });
  WRITTEN.set(stanza, text);
  return text;
}

/** The text of a stanza on a client's stream; `undefined` when it cannot be written. */
export function textOfStanza(stanza: Stanza, log: Log): string | undefined {
  try {
    return writeStanza(stanza);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    log.warn({ kind: stanza.kind, reason: error.message }, 'a stanza that cannot be written is dropped');
    return undefined;
  }
}

/** Reads a text of `textOfStanza` again; `undefined` when it was not addressed, or is over a limit of what is read. */
export function stanzaOfText(text: string): Addressed | undefined {
  try {
    const stanza = readStanza(parseDocument(text, documentLimits(Buffer.byteLength(text)), NS.client));
    const { from, to } = stanza;
    return from === undefined || to === undefined ? undefined : { ...stanza, from, to };
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

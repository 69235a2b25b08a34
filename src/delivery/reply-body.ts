/**
 * The stanza in the body of an answer.
 *
 * Decides what counts as one: a body in a format that requests may have too, of the kind of the stanza that it answers, that
 * says something. It is more lenient than a request in one point, as mod_rest is: the type of an iq need not be there or
 * right, because it follows. An error status with a text is no stanza: web servers write such texts, and they are not for
 * users of XMPP. Addresses, id and type of the reply are decided in `reply.ts`.
 */
import type { Decoder } from '../bridge/codec.ts';
import { codecFor } from '../bridge/codecs.ts';
import { RestanzaError } from '../errors.ts';
import { childNamed, type Element } from '../xml/element.ts';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { XmlError } from '../xml/xml-error.ts';
import { NS } from '../xmpp/ns.ts';
import { type Kind, readStanza, type Stanza, StanzaError } from '../xmpp/stanza.ts';
import type { Answer } from './exchange.ts';

/** What a body says. */
export type Said =
  /** Without addresses, but for those that the answer may choose. */
  | { readonly name: 'stanza'; readonly stanza: Stanza }
  /** With a sentence for the operator where the service may have meant to say something. */
  | { readonly name: 'nothing'; readonly note?: string };

/** Bytes of a body that are looked at; the caller reads no more. */
const LIMIT = 256 * 1024;
const LIMITS = documentLimits(LIMIT);

/** Reads the body of an answer to a stanza of a kind. */
export function readBody(kind: Kind, { status, contentType, body }: Answer): Said {
  if (status === 202 || status === 204 || body.length === 0) return { name: 'nothing' };
  try {
    const decoder = codecFor(contentType);
    const isError = status >= 300;
    if (isError && decoder.mediaType === 'text/plain') return { name: 'nothing' };
    const stanza = decodeReply(kind, decoder, body);
    if (stanza.kind !== kind) return nothing(`the answer is of the kind ${stanza.kind}, not ${kind}`);
    const isSilent = stanza.payload.length === 0 && (isError || kind === 'message');
    if (isSilent) return nothing('the answer has nothing in it that XMPP knows');
    const { to: _to, from: _from, ...said } = stanza;
    return { name: 'stanza', stanza: said };
  } catch (error) {
    if (error instanceof RestanzaError) return nothing(`the answer cannot be read: ${error.message}`);
    throw error;
  }
}

function nothing(note: string): Said {
  return { name: 'nothing', note };
}

function decodeReply(kind: Kind, decoder: Decoder, body: Uint8Array): Stanza {
  try {
    return decoder.decode(body, { limit: LIMIT });
  } catch (error) {
    const typed = kind === 'iq' ? UNTYPED.get(decoder.mediaType)?.(body, decoder) : undefined;
    if (typed === undefined) throw error;
    return typed;
  }
}

/** How a body is read once more as an iq whose type is missing or unknown; mod_rest documents `response`, for one. */
const UNTYPED: ReadonlyMap<string, (body: Uint8Array, decoder: Decoder) => Stanza | undefined> = new Map([
  ['application/xmpp+xml', readIqXml],
  ['text/xml', readIqXml],
  ['application/json', readIqJson],
]);

function readIqJson(body: Uint8Array, decoder: Decoder): Stanza | undefined {
  try {
    const { type: _type, ...untyped } = JSON.parse(Buffer.from(body).toString());
    return decoder.decode(Buffer.from(JSON.stringify(untyped)), { limit: LIMIT });
  } catch {
    return undefined;
  }
}

function readIqXml(body: Uint8Array): Stanza | undefined {
  try {
    return readIq(parseDocument(body, LIMITS, NS.client));
  } catch (error) {
    if (error instanceof XmlError || error instanceof StanzaError) return undefined;
    throw error;
  }
}

/**
 * Reads an iq that answers a request, whatever its type says.
 *
 * @throws StanzaError when it is none
 */
export function readIq(root: Element): Stanza {
  const type = childNamed(root, 'error', NS.client) === undefined ? 'result' : 'error';
  return readStanza(root.name === 'iq' ? { ...root, attrs: { ...root.attrs, type } } : root);
}

/**
 * The JSON of Prosody's mod_component_http, for services that were written for it.
 *
 * Decides both ways: the object of a call (`to`, `from`, `kind`, `body`, `stanza`), and which answer is a reply: only one of
 * status 200 in JSON, either a whole stanza as XML, whose addresses do not count, or a message made of `type` and `body`, whose
 * addresses may be chosen. A sender outside the called domain is refused, which mod_component_http did not.
 */
import { mediaTypeOf } from '../bridge/codecs.ts';
import { JSON_CODEC } from '../bridge/json.ts';
import { XML_CODEC } from '../bridge/xml.ts';
import { isObject, type Json, type JsonObject } from '../mapping/json.ts';
import { element, textOf } from '../xml/element.ts';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { XmlError } from '../xml/xml-error.ts';
import { domainOf } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { isKind, makeStanza, readStanza, type Stanza, StanzaError } from '../xmpp/stanza.ts';
import type { Answer } from './exchange.ts';
import { readIq, type Said } from './reply-body.ts';

const LIMITS = documentLimits(256 * 1024);

/**
 * The body of a call.
 *
 * @throws RestanzaError `value-invalid` for a stanza that cannot be written as XML
 */
export function writeComponentHttp(stanza: Stanza): string {
  const { to, from, kind, payload } = stanza;
  const body = payload.find(({ name, ns }) => name === 'body' && ns === NS.client);
  return JSON.stringify({
    to,
    from,
    kind,
    ...(kind === 'message' && body !== undefined && { body: textOf(body) }),
    stanza: XML_CODEC.encode([stanza]),
  });
}

/** Reads the body of an answer. The stanza has addresses only where the answer may choose them. */
export function readComponentHttp(request: Stanza, { status, contentType, body }: Answer): Said {
  if (status !== 200 || body.length === 0) return { name: 'nothing' };
  if (mediaTypeOf(contentType ?? '') !== JSON_CODEC.mediaType)
    return nothing('its Content-Type is not application/json');
  try {
    const json: Json = JSON.parse(Buffer.from(body).toString());
    if (!isObject(json)) return nothing('it is not an object');
    const stanza = typeof json['stanza'] === 'string' ? readXml(json['stanza']) : readMessage(json);
    return isAllowed(request, stanza) ? { name: 'stanza', stanza } : nothing('its from is outside the called domain');
  } catch (error) {
    if (error instanceof SyntaxError) return nothing('it is not JSON');
    if (error instanceof XmlError || error instanceof StanzaError) return nothing(error.message);
    throw error;
  }
}

function nothing(reason: string): Said {
  return { name: 'nothing', note: `the answer is no reply: ${reason}` };
}

function readXml(xml: string): Stanza {
  const root = parseDocument(xml, LIMITS, NS.client);
  const { to: _to, from: _from, ...said } = root.name === 'iq' ? readIq(root) : readStanza(root);
  return said;
}

function readMessage(json: JsonObject): Stanza {
  const kind = textAt(json, 'kind') ?? 'message';
  if (!isKind(kind)) throw new StanzaError('kind', 'its kind is not message, presence or iq');
  const body = kind === 'message' ? bodyOf(json['body']) : undefined;
  return makeStanza({
    kind,
    type: textAt(json, 'type') ?? DEFAULT_TYPES[kind],
    to: textAt(json, 'to'),
    from: textAt(json, 'from'),
    payload: body === undefined ? [] : [element('body', NS.client, {}, [body])],
  });
}

const DEFAULT_TYPES = { message: 'chat', presence: undefined, iq: 'result' } as const;

function textAt(json: JsonObject, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' ? value : undefined;
}

/** Scripts write numbers where they mean their digits. */
function bodyOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function isAllowed({ kind, to }: Stanza, said: Stanza): boolean {
  if (kind === 'iq' && said.kind !== 'iq') return false;
  return said.from === undefined || (to !== undefined && domainOf(said.from) === domainOf(to));
}

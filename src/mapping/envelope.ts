/**
 * The whole stanza as JSON: its attributes beside its payload, in one flat object.
 *
 * Decides which kind and type a JSON object without them has (mod_rest's rules), which table maps its payload, and that a
 * presence without type says `available`. Addresses are only checked for being strings here; `makeStanza` prepares them.
 */
import type { Element } from '../xml/element.ts';
import { type Draft, isKind, type Kind, type Stanza } from '../xmpp/stanza.ts';
import { IQ } from './iq.ts';
import { isPresent, type Json, type JsonObject, MappingError, own } from './json.ts';
import { MESSAGE } from './message.ts';
import { PRESENCE } from './presence.ts';
import { STRING } from './scalar.ts';
import { type JsonOf, readPayload, type Table, writePayload } from './table.ts';

const TABLES: Readonly<Record<Kind, Table>> = { message: MESSAGE, presence: PRESENCE, iq: IQ };

/** The keys that every stanza has beside those of its payload. */
interface EnvelopeJson {
  readonly kind: Kind;
  readonly type?: string;
  readonly to?: string;
  readonly from?: string;
  readonly id?: string;
  readonly lang?: string;
}

/** A stanza as JSON. */
export type StanzaJson = EnvelopeJson & (JsonOf<typeof MESSAGE> | JsonOf<typeof PRESENCE> | JsonOf<typeof IQ>);

/** A type that only one kind has implies that kind. */
const KIND_OF_TYPE: ReadonlyMap<string, Kind> = new Map([
  ...['get', 'set', 'result'].map((type): [string, Kind] => [type, 'iq']),
  ...['normal', 'chat', 'headline', 'groupchat'].map((type): [string, Kind] => [type, 'message']),
  ...['available', 'unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'].map(
    (type): [string, Kind] => [type, 'presence'],
  ),
]);

/** A key implies a kind; the first that is there decides. */
const KIND_OF_KEY: readonly (readonly [string, Kind])[] = [
  ...['disco', 'items', 'ping', 'version', 'command', 'archive'].map((key): [string, Kind] => [key, 'iq']),
  ...['body', 'html', 'replace', 'state', 'subject', 'thread'].map((key): [string, Kind] => [key, 'message']),
  ...['join', 'priority', 'show', 'status'].map((key): [string, Kind] => [key, 'presence']),
];

/** Keys that make an iq a `set` when it names no type. */
const SET_KEYS = ['command', 'archive'];

/** Reads a stanza into JSON. */
export function readStanzaJson(stanza: Stanza): StanzaJson {
  const { kind, type, to, from, id, lang } = stanza;
  const shownType = type ?? (kind === 'presence' ? 'available' : undefined);
  return {
    kind,
    ...(shownType !== undefined && { type: shownType }),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(id !== undefined && { id }),
    ...(lang !== undefined && { lang }),
    ...readPayload(stanza.payload, TABLES[kind]),
  };
}

/**
 * Writes JSON as the draft of a stanza. Keys that no row knows are ignored, as in mod_rest.
 *
 * @throws MappingError when a known key has a value of the wrong type
 */
export function writeStanzaJson(json: JsonObject): Draft {
  const type = attribute(json, 'type') ?? impliedType(json);
  const kind = kindOf(json, type);
  return {
    kind,
    type: type ?? (kind === 'iq' ? 'get' : undefined),
    to: attribute(json, 'to'),
    from: attribute(json, 'from'),
    id: attribute(json, 'id'),
    lang: attribute(json, 'lang'),
    payload: payloadOf(json, kind),
  };
}

function payloadOf(json: JsonObject, kind: Kind): readonly Element[] {
  return writePayload(json, TABLES[kind]);
}

function attribute(json: JsonObject, key: string): string | undefined {
  const value = own(json, key);
  return isPresent(value) ? STRING.print(value, key) : undefined;
}

function says(json: JsonObject, key: string): boolean {
  const value: Json | undefined = own(json, key);
  return isPresent(value) && value !== false;
}

function impliedType(json: JsonObject): string | undefined {
  return SET_KEYS.some(key => says(json, key)) ? 'set' : undefined;
}

function kindOf(json: JsonObject, type: string | undefined): Kind {
  const named = attribute(json, 'kind');
  if (named !== undefined) {
    if (isKind(named)) return named;
    throw new MappingError('kind', "must be 'message', 'presence' or 'iq'");
  }
  const byType = type === undefined ? undefined : KIND_OF_TYPE.get(type);
  return byType ?? KIND_OF_KEY.find(([key]) => says(json, key))?.[1] ?? 'message';
}
